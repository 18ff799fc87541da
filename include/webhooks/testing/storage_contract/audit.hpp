#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// A storage without an audit log returns `unsupported`, and still fulfils the contract.
class AuditFixture : public Fixture {
public:
    using Fixture::Fixture;

    const Principal caller = admin.identified_by({.kind = Credential::Kind::key, .id = "17"})
                                 .coming_from({.request_id = "req-1", .address = "192.0.2.7"});
    const std::string hash = std::string(32, 'h');

    bool is_unsupported() {
        const auto page = storage->list_audit(admin, {});
        return !page && page.error() == Errc::unsupported;
    }
    std::vector<AuditRecord> records(const Principal& principal = admin, ListQuery query = {}) {
        return storage->list_audit(principal, query).value().items;
    }
    std::vector<std::string> actions(const Principal& principal = admin, ListQuery query = {}) {
        std::vector<std::string> names;
        for (const AuditRecord& record : records(principal, std::move(query)))
            names.push_back(record.action);
        return names;
    }
    /// The only record since the last call.
    AuditRecord take_one() {
        const std::vector<AuditRecord> all = records();
        std::vector<AuditRecord> fresh;
        std::ranges::copy_if(all, std::back_inserter(fresh),
                             [this](const AuditRecord& record) { return record.id > seen_; });
        REQUIRE(fresh.size() == 1);
        seen_ = fresh.front().id;
        return fresh.front();
    }
    void forget() {
        for (const AuditRecord& record : records())
            seen_ = std::max(seen_, record.id);
    }
    Subscription draft(const std::string& owner = "alice") const {
        return {.name = "mine",
                .event_type = "order.created",
                .url = "https://hooks.example.com/a?token=canary",
                .secret = Secret("s3cret-canary"),
                .headers = {{"X-One", "canary"}},
                .user_id = owner};
    }

private:
    AuditId seen_{};
};

#define AUDIT_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, AuditFixture, name)

AUDIT_TEST("a change of a subscription has one audit record, without secrets") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = seam.insert_subscription(this->caller, this->draft()).value().id;
    const AuditRecord created = this->take_one();
    CHECK(created.action == "subscription.created");
    CHECK(created.at == this->clock->now());
    CHECK(created.actor_user_id == "admin");
    CHECK(created.actor_kind == "key");
    CHECK(created.actor_id == "17");
    CHECK(created.object_type == "subscription");
    CHECK(created.object_id == std::to_string(id.value));
    CHECK(created.user_id == "alice");
    CHECK(created.subscription == id);
    CHECK(created.request_id == "req-1");
    CHECK(created.address == "192.0.2.7");
    CHECK(created.changes ==
          R"({"name":[null,"mine"],"eventType":[null,"order.created"],)"
          R"("url":[null,"https://hooks.example.com/a"],"secret":"changed","headers":"changed"})");

    seam.update_subscription(this->caller, id,
                             {.name = "\"new\"",
                              .url = "https://hooks.example.com/a?token=canary2",
                              .headers = Headers{{"X-One", "canary2"}},
                              .is_active = false,
                              .timeout = 5s,
                              .retry_on = RetryOn::only({FailureClass::network})})
        .value();
    const AuditRecord updated = this->take_one();
    CHECK(updated.action == "subscription.updated");
    CHECK(updated.changes ==
          R"({"name":["mine","\"new\""],"url":"changed","headers":"changed",)"
          R"("isActive":[true,false],"timeoutSeconds":[0,5],"retryOn":[null,["network"]]})");

    seam.rotate_secret(this->caller, id, Secret("s3cret-canary2"), 1h).value();
    const AuditRecord rotated = this->take_one();
    CHECK(rotated.action == "secret.rotated");
    CHECK(rotated.changes == R"({"secret":"changed"})");

    seam.delete_subscription(this->caller, id).value();
    const AuditRecord deleted = this->take_one();
    CHECK(deleted.action == "subscription.deleted");
    CHECK(deleted.subscription == id);
    CHECK(deleted.changes == R"({"name":["\"new\"",null],"eventType":["order.created",null],)"
                             R"("url":["https://hooks.example.com/a",null]})");
}

AUDIT_TEST("a change that changes nothing has no audit record") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = seam.insert_subscription(this->caller, this->draft()).value().id;
    this->forget();
    const Subscription same = this->draft();
    seam.update_subscription(this->caller, id,
                             {.name = same.name,
                              .url = same.url,
                              .secret = same.secret,
                              .headers = same.headers,
                              .is_active = true})
        .value();
    seam.update_subscription(this->caller, id, {.name = "other"}).value();
    CHECK(this->take_one().changes == R"({"name":["mine","other"]})");
}

AUDIT_TEST("a change of events has one audit record") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = this->subscribe().id;
    const EventId first = this->record_one(id);
    const EventId second = this->record_one(id);
    REQUIRE(this->claim().size() == 2);
    for (const EventId event : {first, second}) {
        this->record(id, event,
                     {.number = 1, .sent_at = this->clock->now(), .outcome = Outcome::exhausted},
                     {}, true);
    }
    this->forget();
    seam.reopen_event(this->caller, id, first).value();
    const AuditRecord resent = this->take_one();
    CHECK(resent.action == "event.resent");
    CHECK(resent.object_type == "event");
    CHECK(resent.object_id == std::to_string(first.value));
    CHECK(resent.subscription == id);
    CHECK(resent.user_id == "alice");
    CHECK(resent.actor_id == "17");
    CHECK(seam.reopen_undelivered(this->caller, id, {}, {}, 100).value().count > 0);
    const AuditRecord recovered = this->take_one();
    CHECK(recovered.action == "recover");
    CHECK(recovered.object_id == std::to_string(id.value));
    CHECK(recovered.changes.find(R"("since":[null,"1970-01-01T00:00:00.000Z"])") !=
          std::string::npos);
    seam.delete_event(this->caller, id, second).value();
    const AuditRecord deleted = this->take_one();
    CHECK(deleted.action == "event.deleted");
    CHECK(deleted.object_id == std::to_string(second.value));
}

AUDIT_TEST("a change of an event type, an API key or a session has one audit record") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const auto expect = [this](const char* action, const std::string& object,
                               const std::string& user, const std::string& changes) {
        const AuditRecord record = this->take_one();
        CHECK(record.action == action);
        CHECK(record.object_id == object);
        CHECK(record.user_id == user);
        CHECK(record.changes == changes);
    };
    seam.upsert_event_type({"order.created", "new"}).value();
    expect("event_type.created", "order.created", "", R"({"description":[null,"new"]})");
    seam.upsert_event_type({"order.created", "newer"}).value();
    expect("event_type.updated", "order.created", "", R"({"description":["new","newer"]})");
    seam.upsert_event_type({"order.created", "newer"}).value();

    const auto key = seam.insert_api_key(this->caller, {.hash = this->hash,
                                                        .user_id = "alice",
                                                        .name = "shop",
                                                        .permissions = Permissions::publisher()});
    if (key) {
        expect("api_key.created", std::to_string(key->id.value), "alice",
               R"({"name":[null,"shop"],"permissions":[null,["events:publish"]]})");
        seam.delete_api_key(this->caller, key->id).value();
        expect("api_key.deleted", std::to_string(key->id.value), "alice",
               R"({"name":["shop",null],"permissions":[["events:publish"],null]})");
    }
    const Time now = this->clock->now();
    const auto session =
        seam.insert_portal_session(this->caller, {.code_hash = this->hash,
                                                  .user_id = "bob",
                                                  .permissions = Permissions::viewer(),
                                                  .code_expires_at = now + 5min,
                                                  .expires_at = now + 1h});
    if (!session) return;
    const std::string id = std::to_string(session->id.value);
    CHECK(this->take_one().action == "portal_session.created");
    const Origin from{.request_id = "req-2", .address = "192.0.2.8"};
    REQUIRE(seam.redeem_portal_code(this->hash, "token", now, from).value());
    const AuditRecord started = this->take_one();
    CHECK(started.action == "portal_session.started");
    CHECK(started.actor_user_id == "bob");
    CHECK(started.actor_kind == "portal");
    CHECK(started.actor_id == id);
    CHECK(started.address == "192.0.2.8");
    seam.delete_portal_session(this->caller, session->id).value();
    expect("portal_session.ended", id, "bob", "{}");
}

AUDIT_TEST("each session that ends with the others of its user has an audit record") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const Time later = this->clock->now() + 1h;
    for (const char name : {'a', 'b'}) {
        const auto made = seam.insert_portal_session(admin, {.code_hash = std::string(32, name),
                                                             .user_id = "alice",
                                                             .code_expires_at = later,
                                                             .expires_at = later});
        if (!made) return;
    }
    CHECK(seam.delete_portal_sessions(admin, "alice").value() == 2);
    CHECK(this->actions(alice) ==
          std::vector<std::string>{"portal_session.ended", "portal_session.ended",
                                   "portal_session.created", "portal_session.created"});
}

AUDIT_TEST("what fails or changes nothing has no audit record") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = this->subscribe().id;
    const EventId held = this->append_one(id);
    seam.upsert_event_type({"order.created", "a"}).value();
    const auto key = seam.insert_api_key(admin, {.hash = this->hash, .user_id = "alice"});
    const std::size_t count = this->records().size();

    CHECK_FALSE(seam.update_subscription(bob, id, {.name = "x"}));
    CHECK_FALSE(seam.rotate_secret(bob, id, Secret("x"), 0s));
    CHECK_FALSE(seam.delete_subscription(bob, id));
    CHECK_FALSE(seam.delete_event(bob, id, held));
    CHECK_FALSE(seam.delete_event(alice, id, {held.value + 1}));
    CHECK_FALSE(seam.reopen_event(alice, id, held));
    CHECK_FALSE(seam.reopen_event(alice, id, {held.value + 1}));
    CHECK(seam.reopen_undelivered(alice, id, {}, {}, 10).value().count == 0);
    seam.upsert_event_type({"order.created", "a"}).value();
    if (key) {
        CHECK_FALSE(seam.insert_api_key(admin, {.hash = this->hash, .user_id = "bob"}));
        CHECK_FALSE(seam.delete_api_key(admin, {key->id.value + 1}));
    }
    const auto sessions = seam.delete_portal_sessions(admin, "alice");
    if (sessions) CHECK(*sessions == 0);
    CHECK_FALSE(seam.delete_portal_session(admin, {1}));
    CHECK(this->records().size() == count);
}

AUDIT_TEST("a deactivation by the service itself has an audit record") {
    if (this->is_unsupported()) return;
    const Subscription subscription = this->subscribe();
    this->forget();
    const Batch batch{
        .deactivations = {{.subscription = subscription.id, .revision = subscription.revision}}};
    REQUIRE(this->write(batch).deactivated.size() == 1);
    const AuditRecord record = this->take_one();
    CHECK(record.action == "subscription.deactivated");
    CHECK(record.actor_user_id.empty());
    CHECK(record.actor_kind == "service");
    CHECK(record.user_id == "alice");
    CHECK(record.changes == R"({"isActive":[true,false],"deactivationReason":[null,"gone"]})");
}

AUDIT_TEST("users see the audit records of their own objects") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId first = this->subscribe("alice").id;
    const SubscriptionId second = this->subscribe("alice").id;
    seam.update_subscription(admin, second, {.name = "x"}).value();
    this->subscribe("bob");
    seam.upsert_event_type({"order.created", "a"}).value();
    CHECK(this->records().size() == 5);
    CHECK(this->records(alice).size() == 3);
    CHECK(this->records(bob).size() == 1);
    const Principal narrowed = alice.narrowed_to(second);
    CHECK(this->actions(narrowed) ==
          std::vector<std::string>{"subscription.updated", "subscription.created"});
    CHECK(this->records(bob.narrowed_to(first)).empty());
    const ListQuery all = ListQuery::parse({.filter = "id gt 0 or true"}, ListKind::audit).value();
    CHECK(seam.list_audit(bob, all).value().total == 1);
    seam.delete_subscription(alice, second).value();
    CHECK(this->records(alice).size() == 4);
    CHECK(this->records(narrowed).empty());

    Subscription of_operator = this->draft("alice");
    of_operator.event_type = "webhook.*";
    of_operator.operator_scope = true;
    seam.insert_subscription(admin, of_operator).value();
    CHECK(this->records(alice).size() == 4);
}

AUDIT_TEST("audit records are listed newest first, by query") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = this->subscribe().id;
    for (const char* name : {"b", "c", "d"}) {
        this->clock->advance(1h);
        seam.update_subscription(this->caller, id, {.name = name}).value();
    }
    const std::vector<AuditRecord> all = this->records();
    REQUIRE(all.size() == 4);
    CHECK(std::ranges::is_sorted(all, std::greater<>(), &AuditRecord::id));
    const auto found = [&](const ListQueryText& text) {
        std::vector<AuditId> ids;
        for (const AuditRecord& record :
             this->records(alice, ListQuery::parse(text, ListKind::audit).value()))
            ids.push_back(record.id);
        return ids;
    };
    const std::vector<AuditId> updates{all[0].id, all[1].id, all[2].id};
    CHECK(found({.filter = "action eq 'subscription.updated'"}) == updates);
    CHECK(found({.filter = "actorKind eq 'key' and actorId eq '17' and actorUserId eq 'admin'"}) ==
          updates);
    CHECK(found({.filter = "address == \"192.0.2.7\" && RequestId != null"}) == updates);
    CHECK(found({.filter = "requestId eq null and address eq null"}) == std::vector{all[3].id});
    CHECK(found({.filter = "not contains(requestId,'?')"}) == updates);
    CHECK(found({.filter = "objectType eq 'subscription' and objectId eq '" +
                           std::to_string(id.value) + "' and userId eq 'alice'"})
              .size() == 4);
    CHECK(found({.filter = "subscriptionId eq " + std::to_string(id.value)}).size() == 4);
    CHECK(found({.filter = "subscriptionId eq null"}).empty());
    CHECK(found({.sort = "at asc", .take = "2"}) == std::vector{all[3].id, all[2].id});
    CHECK(found({.skip = "3"}) == std::vector{all[3].id});
    CHECK(found({.after = std::to_string(all[1].id.value)}) == std::vector{all[2].id, all[3].id});
    CHECK(found({.sort = "id", .after = std::to_string(all[1].id.value)}) ==
          std::vector{all[0].id});
    CHECK(seam.list_audit(alice, {.take = 0}).value().total == 4);
    CHECK_FALSE(seam.list_audit(alice, {.take = 1, .has_total = false}).value().total);
    CHECK_FALSE(ListQuery::parse({.filter = "changes eq ''"}, ListKind::audit));
}

AUDIT_TEST("maintenance deletes audit records that are old enough") {
    if (this->is_unsupported()) return;
    Storage& seam = *this->storage;
    const SubscriptionId id = this->subscribe().id;
    this->clock->advance(1h);
    seam.update_subscription(alice, id, {.name = "x"}).value();
    seam.maintain({.limit = 10}).value();
    CHECK(this->records().size() == 2);
    seam.maintain({.limit = 10, .keep_audit_for = 1h}).value();
    CHECK(this->records().size() == 2);
    this->clock->advance(1us);
    seam.maintain({.limit = 10, .keep_audit_for = 1h}).value();
    CHECK(this->actions() == std::vector<std::string>{"subscription.updated"});
}

#undef AUDIT_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
