#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// A storage without API keys returns `unsupported`, and still fulfils the contract.
class ApiKeyFixture : public Fixture {
public:
    using Fixture::Fixture;

    const std::string hash{"\0hash of thirty-two bytes \xFF\x80 abc", 32};

    bool is_unsupported() {
        const auto keys = storage->list_api_keys();
        if (keys || !(keys.error() == Errc::unsupported)) return false;
        CHECK(storage->insert_api_key(admin, {.hash = hash, .user_id = "alice"}).error() ==
              Errc::unsupported);
        return true;
    }
};

#define API_KEY_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, ApiKeyFixture, name)

API_KEY_TEST("API keys are found by hash until they are deleted") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const ApiKeyRecord key =
        seam.insert_api_key(admin, {.hash = this->hash, .user_id = "alice"}).value();
    CHECK(seam.insert_api_key(admin, {.hash = this->hash, .user_id = "bob"}).error() ==
          Errc::conflict);
    const ApiKeyRecord found = seam.find_api_key(this->hash).value().value();
    CHECK(found.id == key.id);
    CHECK(found.hash == this->hash);
    CHECK(found.user_id == "alice");
    CHECK(found.permissions == Permissions::user());
    CHECK(found.created_at == this->clock->now());
    CHECK_FALSE((found.subscription || found.expires_at || found.rate || found.last_used_at));
    CHECK(seam.list_api_keys().value().size() == 1);
    CHECK_FALSE(seam.find_api_key("other").value());
    seam.delete_api_key(admin, key.id).value();
    CHECK_FALSE(seam.find_api_key(this->hash).value());
    CHECK(seam.delete_api_key(admin, key.id).error() == Errc::not_found);
}

API_KEY_TEST("an API key keeps what it may do, and when it was used") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const Time later = this->clock->now() + 1h;
    const ApiKeyRecord key =
        seam.insert_api_key(admin, {.hash = this->hash,
                                    .user_id = "alice",
                                    .name = "reader's \u00fc key",
                                    .permissions = {Permission::events_read, Permission::feed_read},
                                    .subscription = SubscriptionId{7},
                                    .expires_at = later,
                                    .rate = RequestRate{.per_second = 5, .burst = 9},
                                    .hint = "wxyz"})
            .value();
    const auto check = [&](const ApiKeyRecord& found) {
        CHECK(found.name == "reader's \u00fc key");
        CHECK(found.permissions == Permissions{Permission::events_read, Permission::feed_read});
        CHECK(found.subscription == SubscriptionId{7});
        CHECK(found.expires_at == later);
        CHECK(found.rate == RequestRate{.per_second = 5, .burst = 9});
        CHECK(found.hint == "wxyz");
    };
    check(seam.find_api_key(this->hash).value().value());
    check(seam.list_api_keys().value().at(0));
    seam.note_api_key_use(key.id, later).value();
    seam.note_api_key_use({key.id.value + 1}, later).value();
    CHECK(seam.find_api_key(this->hash).value()->last_used_at == later);
    CHECK(seam.list_api_keys().value().at(0).last_used_at == later);
}

API_KEY_TEST("an API key may have any set of permissions") {
    if (this->is_unsupported()) return;
    int number = 0;
    for (const Permissions permissions :
         {Permissions(), Permissions(Permission::secrets_read), Permissions::viewer(),
          Permissions::publisher(), Permissions::user(), Permissions::administrator()}) {
        const std::string other(32, static_cast<char>('a' + number++));
        this->storage
            ->insert_api_key(admin, {.hash = other, .user_id = "alice", .permissions = permissions})
            .value();
        CHECK(this->storage->find_api_key(other).value()->permissions == permissions);
    }
}

#undef API_KEY_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
