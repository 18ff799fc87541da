#pragma once

#include <contract/storages.hpp>
#include <functional>

namespace webhooks::testing {

/// Checks that no change happens whose audit record cannot be written.
/// @param break_audit from now on, no record can be written
inline void check_nothing_without_audit(Storage& storage,
                                        const std::function<void()>& break_audit) {
    const Time later = system_clock()->now() + std::chrono::hours(1);
    const PortalSessionRecord session{.code_hash = std::string(32, 'c'),
                                      .user_id = "alice",
                                      .code_expires_at = later,
                                      .expires_at = later};
    const SubscriptionId id =
        storage.insert_subscription(alice, {.name = "mine", .user_id = "alice"}).value().id;
    const ApiKeyId key =
        storage.insert_api_key(admin, {.hash = std::string(32, 'k'), .user_id = "alice"})
            .value()
            .id;
    const PortalSessionId started = storage.insert_portal_session(admin, session).value().id;
    const Revision revision = storage.configuration(0).value().revision;
    break_audit();

    CHECK_FALSE(storage.insert_subscription(alice, {.name = "new", .user_id = "alice"}));
    CHECK_FALSE(storage.update_subscription(alice, id, {.name = "changed"}));
    CHECK_FALSE(storage.rotate_secret(alice, id, Secret("new"), std::chrono::seconds(0)));
    CHECK_FALSE(storage.delete_subscription(alice, id));
    CHECK_FALSE(storage.upsert_event_type({"order.created", ""}));
    CHECK_FALSE(storage.insert_api_key(admin, {.hash = std::string(32, 'n'), .user_id = "alice"}));
    CHECK_FALSE(storage.delete_api_key(admin, key));
    CHECK_FALSE(
        storage.redeem_portal_code(session.code_hash, "token", later - std::chrono::hours(1), {}));
    CHECK_FALSE(storage.delete_portal_session(admin, started));
    CHECK_FALSE(storage.delete_portal_sessions(admin, "alice"));

    const Page<Subscription> there = storage.list_subscriptions(admin, {}).value();
    REQUIRE(there.items.size() == 1);
    CHECK(there.items.front().name == "mine");
    CHECK(there.items.front().secret == Secret(""));
    CHECK(storage.configuration(0).value().revision == revision);
    CHECK(storage.configuration(0).value().event_types.empty());
    CHECK(storage.list_api_keys().value().size() == 1);
    CHECK_FALSE(storage.find_portal_session("token").value());
    CHECK(storage.list_audit(admin, {}).value().total == 3);
}

}  // namespace webhooks::testing
