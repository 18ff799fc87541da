#include <algorithm>
#include <signing/digest.hpp>
#include <string>
#include <support/catch.hpp>
#include <webhooks/api_keys.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

namespace {

const Principal alice = Principal::user("alice");
const Principal root = Principal::administrator("root");
const Secret given("a-key-of-enough-length");

std::string error_of(const Result<>& result) {
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    return result.error().detail();
}

/// Returns a fixed record for every hash.
class ConfusedStore final : public ApiKeyStore {
public:
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view) override {
        return std::optional(ApiKeyRecord{.hash = std::string(32, 'x'), .user_id = "mallory"});
    }
};

/// Another process adds the key between the lookup and the insertion.
class RacingStore final : public ApiKeyStore {
public:
    explicit RacingStore(std::string winner) : winner_(std::move(winner)) {}

    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override {
        if (!is_taken_) return std::optional<ApiKeyRecord>();
        return std::optional(ApiKeyRecord{.hash = std::string(hash), .user_id = winner_});
    }
    Result<ApiKeyRecord> insert_api_key(const Principal&, const ApiKeyRecord&) override {
        is_taken_ = true;
        return Error(Errc::conflict, "the hash is there");
    }

private:
    std::string winner_;
    bool is_taken_ = false;
};

class BrokenStore final : public ApiKeyStore {
public:
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view) override {
        return Error(Errc::unavailable, "away");
    }
    Result<ApiKeyRecord> insert_api_key(const Principal&, const ApiKeyRecord&) override {
        return Error(Errc::unavailable, "away");
    }
};

}  // namespace

TEST_CASE("a new key is 256 bits in URL-safe characters and valid at once") {
    ApiKeys keys(make_memory_storage());
    const auto key = keys.create(alice);
    REQUIRE(key);
    CHECK(key->reveal().size() == 47);
    CHECK(key->reveal().starts_with("whk_"));
    CHECK(std::ranges::all_of(key->reveal(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    }));
    CHECK(keys.authenticate(key->reveal()).value() == alice);
    const auto other = keys.create(root);
    REQUIRE(other);
    CHECK(*other != *key);
    CHECK(keys.authenticate(other->reveal()).value() == root);
}

TEST_CASE("storage gets the hash of a key, never the key") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    const auto records = keys.list();
    REQUIRE(records);
    REQUIRE(records->size() == 1);
    CHECK(records->front().hash == signing::sha256(given.reveal()));
    CHECK(records->front().user_id == "alice");
    CHECK(records->front().permissions == Permissions::user());
    CHECK(records->front().hint.empty());
}

TEST_CASE("adding a key again for the same principal changes nothing") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.add(alice, given));
    CHECK(keys.list()->size() == 1);
    CHECK(keys.authenticate(given.reveal()).value() == alice);
}

TEST_CASE("a key of another principal is a conflict, also of the same name") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.add(root, given).error() == Errc::conflict);
    CHECK(keys.add(Principal::administrator("alice"), given).error() == Errc::conflict);
    CHECK(keys.authenticate(given.reveal()).value() == alice);
    CHECK(keys.add(root, given).error().to_string().find("alice") == std::string::npos);
}

TEST_CASE("concurrent additions of the same key agree on its owner") {
    CHECK(ApiKeys(std::make_shared<RacingStore>("alice")).add(alice, given));
    CHECK(ApiKeys(std::make_shared<RacingStore>("bob")).add(alice, given).error() ==
          Errc::conflict);
}

TEST_CASE("a key is 16-256 printable characters without surrounding spaces") {
    ApiKeys keys(make_memory_storage());
    for (const std::string& key : {std::string(16, 'x'), std::string(256, 'x'),
                                   std::string("with a blank inside"), std::string(16, '~')}) {
        CAPTURE(key);
        CHECK(error_of(keys.add(alice, Secret(key))).empty());
        CHECK(keys.authenticate(key));
    }
    for (const std::string& key :
         {std::string(), std::string(15, 'x'), std::string(257, 'x'), " " + std::string(16, 'x'),
          std::string(16, 'x') + " ", std::string("tab\tin the middle"),
          std::string("line\nin the middle"), std::string("\xc3\xbc-is-not-of-ascii"),
          std::string(16, '\0')}) {
        CAPTURE(key);
        CHECK(error_of(keys.add(alice, Secret(key))) ==
              "key: must be 16 to 256 printable ASCII characters without surrounding spaces");
    }
    CHECK(keys.list()->size() == 4);
}

TEST_CASE("a key belongs to a user who could publish") {
    ApiKeys keys(make_memory_storage());
    for (const std::string& user :
         {std::string(), std::string(257, 'x'), std::string("\xFF"), std::string("a\0b", 3)}) {
        CHECK(error_of(keys.add(Principal::user(user), given)) ==
              "userId: must be 1 to 256 bytes of UTF-8 without U+0000");
        CHECK(keys.create(Principal::user(user)).error() == Errc::invalid_argument);
    }
    CHECK(keys.list()->empty());
}

TEST_CASE("an unknown key is not found, and an impossible one is not even looked up") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.authenticate("another-key-of-enough-length").error() == Errc::not_found);
    CHECK(keys.authenticate(given.reveal().substr(1)).error() == Errc::not_found);
    const ApiKeys without_storage(nullptr);
    CHECK(without_storage.authenticate("").error() == Errc::not_found);
    CHECK(without_storage.authenticate(std::string(257, 'x')).error() == Errc::not_found);
}

TEST_CASE("a revoked key is not found") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.revoke(keys.list()->front().id));
    CHECK(keys.authenticate(given.reveal()).error() == Errc::not_found);
    CHECK(keys.list()->empty());
    CHECK(keys.revoke(ApiKeyId{12345}).error() == Errc::not_found);
    CHECK(keys.add(root, given));
    CHECK(keys.authenticate(given.reveal()).value() == root);
}

TEST_CASE("a record with another hash grants no access") {
    const ApiKeys keys(std::make_shared<ConfusedStore>());
    CHECK(keys.authenticate(given.reveal()).error() == Errc::not_found);
}

TEST_CASE("the errors of storage are passed on") {
    ApiKeys keys(std::make_shared<BrokenStore>());
    CHECK(keys.authenticate(given.reveal()).error() == Errc::unavailable);
    CHECK(keys.add(alice, given).error() == Errc::unavailable);
    CHECK(keys.create(alice).error() == Errc::unavailable);
    ApiKeys none(std::make_shared<ApiKeyStore>());
    CHECK(none.create(alice).error() == Errc::unsupported);
    CHECK(none.list().error() == Errc::unsupported);
    CHECK(none.revoke(ApiKeyId{1}).error() == Errc::unsupported);
}

TEST_CASE("a key of a principal may do what the principal may") {
    ApiKeys keys(make_memory_storage());
    for (const Principal& principal :
         {Principal::user("alice", Permissions::viewer()), alice.narrowed_to({7}),
          Principal::user("alice", Permissions())}) {
        const Secret key = keys.create(principal).value();
        CHECK(keys.authenticate(key.reveal()).value() == principal);
    }
}

namespace {

struct KeyMaking {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    ApiKeys keys{make_memory_storage(clock), clock};

    std::string error(const Principal& maker, const ApiKeyDraft& draft) {
        const auto created = keys.create(maker, draft);
        return created ? "" : created.error().detail();
    }
    /// The caller that a new key identifies.
    Principal made(const Principal& maker, const ApiKeyDraft& draft) {
        return keys.authenticate(keys.create(maker, draft).value().key.reveal()).value();
    }
};

}  // namespace

TEST_CASE_METHOD(KeyMaking, "a key never grants more than its maker has") {
    for (const Permission permission : all_permissions) {
        for (const Permission held : all_permissions) {
            const Principal maker = Principal::user("alice", held);
            const std::string problem = error(maker, {.name = "k", .permissions = permission});
            const bool is_granted = maker.may(permission);
            INFO(name_of(permission) << " by " << name_of(held));
            CHECK(problem.empty() == is_granted);
            if (!is_granted) {
                CHECK(problem == "this needs the permission " + to_string(Permissions(permission)));
            }
        }
    }
    const Permissions some{Permission::subscriptions_write, Permission::events_read};
    CHECK(made(Principal::user("alice", some), {.name = "k"}) == Principal::user("alice", some));
    CHECK(made(root, {.name = "k"}) == Principal::user("root"));
    CHECK(made(root, {.name = "k", .permissions = Permission::administrator}) == root);
}

TEST_CASE_METHOD(KeyMaking, "only an administrator makes keys for others") {
    CHECK(error(alice, {.name = "k", .user_id = "bob"}) ==
          "only an administrator may make a key for another user");
    CHECK(made(alice, {.name = "k", .user_id = "alice"}) == alice);
    CHECK(made(root, {.name = "k", .user_id = "bob"}) == Principal::user("bob"));
}

TEST_CASE_METHOD(KeyMaking, "a key of a key inherits its limits") {
    const Time end = clock->now() + 1h;
    const Secret first = keys.create(alice, {.name = "first",
                                             .subscription = SubscriptionId{7},
                                             .expires_at = end,
                                             .rate = RequestRate{.per_second = 5}})
                             .value()
                             .key;
    const Principal maker = keys.authenticate(first.reveal()).value();
    CHECK(maker == alice.narrowed_to({7}));
    const Principal second = made(maker, {.name = "second"});
    CHECK(second == maker);
    CHECK(second.credential().expires_at == end);
    CHECK(second.credential().rate == RequestRate{.per_second = 5});
    CHECK(error(maker, {.name = "k", .subscription = SubscriptionId{8}}) ==
          "subscriptionId: must be the one that the key that makes it is limited to");
    CHECK(error(maker, {.name = "k", .expires_at = end + 1s}) ==
          "expiresAt: must not be later than that of the key that makes it");
    CHECK(made(maker, {.name = "k", .expires_at = end - 1s}).credential().expires_at == end - 1s);
    for (const RequestRate more : {RequestRate{.per_second = 6}, RequestRate{5, 6}}) {
        CHECK(error(maker, {.name = "k", .rate = more}) ==
              "rateLimit: must not be more than that of the key that makes it");
    }
    CHECK(made(maker, {.name = "k", .rate = RequestRate{4, 5}}).credential().rate ==
          RequestRate{4, 5});
    // What limits a token does not limit what its user makes.
    const Principal token =
        alice.identified_by({.kind = Credential::Kind::jwt, .id = "", .expires_at = end});
    CHECK_FALSE(made(token, {.name = "k"}).credential().expires_at);
}

TEST_CASE_METHOD(KeyMaking, "a session of the portal, which can be ended at once, makes no key") {
    const Principal session = root.identified_by({.kind = Credential::Kind::portal, .id = "1"});
    CHECK(error(session, {.name = "k"}) ==
          "a session of the portal makes no API keys; use an API key");
}

TEST_CASE_METHOD(KeyMaking, "every invalid member of a new key is named") {
    CHECK(error(root, {.name = "",
                       .user_id = "",
                       .permissions = Permissions(),
                       .expires_at = clock->now(),
                       .rate = RequestRate{.per_second = 0}}) ==
          "name: must be 1 to 64 characters of UTF-8 without U+0000; "
          "userId: must be 1 to 256 bytes of UTF-8 without U+0000; "
          "permissions: must name at least one permission; expiresAt: must be in the future; "
          "rateLimit: must have 1 to 100000 requests per second, and a burst of up to 1000000");
    CHECK(error(root, {.name = std::string(65, 'x')}).starts_with("name: "));
    CHECK(error(root, {.name = "k",
                       .permissions = Permission::administrator,
                       .subscription = SubscriptionId{1}}) ==
          "permissions: must not have 'administrator' for one subscription");
    CHECK(error(root, {.name = "k",
                       .permissions = Permissions::publisher(),
                       .subscription = SubscriptionId{1}}) ==
          "permissions: must have more than 'events:publish' for one subscription, because "
          "publishing concerns all of a user's: leave subscriptionId out");
    CHECK(keys.list()->empty());
}

TEST_CASE_METHOD(KeyMaking, "a key that has expired is not found, whatever the clock did before") {
    const Secret key =
        keys.create(alice, {.name = "k", .expires_at = clock->now() + 1h}).value().key;
    clock->advance(1h - 1us);
    CHECK(keys.authenticate(key.reveal()));
    clock->advance(1us);
    CHECK(keys.authenticate(key.reveal()).error() == Errc::not_found);
    clock->jump(-1h);
    CHECK(keys.authenticate(key.reveal()));
}

TEST_CASE_METHOD(KeyMaking, "a use is recorded at most every five minutes") {
    const auto created = keys.create(alice, {.name = "k"}).value();
    CHECK(created.record.hint == created.key.reveal().substr(43));
    const auto used = [&] {
        CHECK(keys.authenticate(created.key.reveal()));
        return keys.list()->front().last_used_at;
    };
    CHECK_FALSE(keys.list()->front().last_used_at);
    const Time first = clock->now();
    CHECK(used() == first);
    clock->advance(5min - 1us);
    CHECK(used() == first);
    clock->advance(1us);
    CHECK(used() == first + 5min);
}

TEST_CASE_METHOD(KeyMaking, "keys are listed and revoked by those who may see them") {
    const ApiKeyId mine = keys.create(alice, {.name = "a"}).value().record.id;
    const ApiKeyId limited =
        keys.create(alice, {.name = "l", .subscription = SubscriptionId{7}}).value().record.id;
    const ApiKeyId other = keys.create(Principal::user("bob"), {.name = "b"}).value().record.id;
    const auto seen = [&](const Principal& caller) {
        std::string names;
        for (const ApiKeyRecord& record : keys.list(caller).value())
            names += record.name;
        return names;
    };
    CHECK(seen(alice) == "al");
    CHECK(seen(root) == "alb");
    CHECK(seen(alice.narrowed_to({7})) == "l");
    CHECK(seen(alice.narrowed_to({8})).empty());
    CHECK(keys.revoke(alice, other).error() == Errc::not_found);
    CHECK(keys.revoke(alice.narrowed_to({7}), mine).error() == Errc::not_found);
    CHECK(keys.revoke(Principal::user("alice", Permission::subscriptions_write), mine).error() ==
          Errc::forbidden);
    CHECK(seen(alice) == "al");
    CHECK(keys.revoke(alice.narrowed_to({7}), limited));
    CHECK(keys.revoke(root, other));
    CHECK(seen(root) == "a");
}
