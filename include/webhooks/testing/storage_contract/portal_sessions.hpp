#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// A storage without sessions of the portal returns `unsupported`, and still fulfils the contract.
class PortalSessionFixture : public Fixture {
public:
    using Fixture::Fixture;

    const std::string code{"\0hash of a code, of 32 bytes\xFF\x80\x01 x", 32};
    const std::string token{"\0hash of a token, of 32 bytes\xFF\x80\x01x", 32};
    const Time now = clock->now();

    bool is_unsupported() {
        const auto found = storage->find_portal_session(token);
        if (found || !(found.error() == Errc::unsupported)) return false;
        CHECK(storage->insert_portal_session(admin, draft()).error() == Errc::unsupported);
        return true;
    }

    PortalSessionRecord draft(const std::string& user_id = "alice") const {
        return {.code_hash = code,
                .user_id = user_id,
                .permissions = {Permission::events_read, Permission::secrets_read},
                .code_expires_at = now + 5min,
                .expires_at = now + 1h};
    }
    bool redeem(const std::string& code_hash, const std::string& token_hash, Time at) {
        return storage->redeem_portal_code(code_hash, token_hash, at, {}).value().has_value();
    }
};

#define PORTAL_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, PortalSessionFixture, name)

PORTAL_TEST("a session of the portal is found by its token once its code was used") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const PortalSessionId id = seam.insert_portal_session(admin, this->draft()).value().id;
    CHECK(seam.insert_portal_session(admin, this->draft("bob")).error() == Errc::conflict);
    CHECK_FALSE(seam.find_portal_session(this->token).value());
    CHECK_FALSE(seam.find_portal_session("").value());
    const Time used_at = this->now + 1min;
    const auto redeemed = seam.redeem_portal_code(this->code, this->token, used_at, {}).value();
    REQUIRE(redeemed);
    const auto found = seam.find_portal_session(this->token).value();
    REQUIRE(found);
    for (const PortalSessionRecord& session : {*redeemed, *found}) {
        CHECK(session.id == id);
        CHECK(session.code_hash == this->code);
        CHECK(session.token_hash == this->token);
        CHECK(session.user_id == "alice");
        CHECK(session.permissions ==
              Permissions{Permission::events_read, Permission::secrets_read});
        CHECK(session.code_expires_at == this->now + 5min);
        CHECK(session.expires_at == this->now + 1h);
        CHECK(session.code_used_at == used_at);
    }
}

PORTAL_TEST("a code of a session works once, and not when it has expired") {
    if (this->is_unsupported()) return;
    this->storage->insert_portal_session(admin, this->draft()).value();
    const std::string other(32, 'o');
    CHECK_FALSE(this->redeem(other, this->token, this->now));
    CHECK_FALSE(this->redeem(this->code, this->token, this->now + 5min));
    CHECK(this->redeem(this->code, this->token, this->now + 5min - 1us));
    CHECK_FALSE(this->redeem(this->code, other, this->now));
    CHECK_FALSE(this->storage->find_portal_session(other).value());
    CHECK(this->storage->find_portal_session(this->token).value());

    PortalSessionRecord ended = this->draft();
    ended.code_hash = other;
    ended.expires_at = this->now + 1min;
    this->storage->insert_portal_session(admin, ended).value();
    CHECK_FALSE(this->redeem(other, other, this->now + 1min));
}

PORTAL_TEST("sessions of the portal are deleted one by one, or all of a user's") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    std::vector<PortalSessionId> ids;
    for (const char* user : {"alice", "alice", "bob", "alice"}) {
        PortalSessionRecord session = this->draft(user);
        session.code_hash = std::string(32, static_cast<char>('a' + ids.size()));
        ids.push_back(seam.insert_portal_session(admin, session).value().id);
        const std::string token_hash = session.code_hash + "t";
        REQUIRE(this->redeem(session.code_hash, token_hash, this->now));
    }
    const auto exists = [&](char name) {
        return seam.find_portal_session(std::string(32, name) + "t").value().has_value();
    };
    seam.delete_portal_session(admin, ids[0]).value();
    CHECK_FALSE(exists('a'));
    CHECK(seam.delete_portal_session(admin, ids[0]).error() == Errc::not_found);
    CHECK(seam.delete_portal_sessions(admin, "alice").value() == 2);
    CHECK_FALSE((exists('b') || exists('d')));
    CHECK(exists('c'));
    CHECK(seam.delete_portal_sessions(admin, "alice").value() == 0);
}

PORTAL_TEST("maintenance deletes sessions of the portal that have ended") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const PortalSessionId id = seam.insert_portal_session(admin, this->draft()).value().id;
    this->clock->advance(1h - 1us);
    seam.maintain({.limit = 10}).value();
    CHECK(this->redeem(this->code, this->token, this->now));
    this->clock->advance(1us);
    seam.maintain({.limit = 10}).value();
    CHECK_FALSE(seam.find_portal_session(this->token).value());
    CHECK(seam.delete_portal_session(admin, id).error() == Errc::not_found);
}

#undef PORTAL_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
