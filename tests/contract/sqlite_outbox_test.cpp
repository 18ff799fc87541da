#include <contract/sqlite_outbox_fixture.hpp>
#include <set>

// Publishing inside a host's own transaction on SQLite. Times are those of the system clock.

namespace webhooks::testing {
namespace {

using Numbers = std::vector<std::int64_t>;

}  // namespace

#define SQLITE_OUTBOX_TEST(name) TEST_CASE_METHOD(SqliteOutboxFixture, name)

SQLITE_OUTBOX_TEST("on SQLite a host's event is delivered once, when its transaction commits") {
    const SubscriptionId id = subscribe();
    host.sql << "BEGIN IMMEDIATE";
    host.sql << "INSERT INTO shop_order VALUES (7)";
    const PublishReceipt receipt = host.publish(order()).value();
    CHECK(receipt.event_ids == std::vector{EventId{1}});
    CHECK_FALSE(receipt.is_replay);
    CHECK(running.events(alice, id, {}).value().total == 0);
    host.sql << "COMMIT";
    deliver();
    deliver();
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == R"({"id":7})");
    CHECK(transport->requests()[0].content_type == "application/json");
    CHECK(running.event(alice, id, {1}).value().event.is_success);
}

SQLITE_OUTBOX_TEST("on SQLite a rollback leaves nothing of what was published") {
    subscribe();
    SECTION("of a transaction") {
        host.sql << "BEGIN IMMEDIATE";
        host.publish(order("k")).value();
        host.sql << "ROLLBACK";
        CHECK(rows() == "0 0 0 0");
    }
    SECTION("of a savepoint, which keeps the rest of the transaction") {
        host.sql << "BEGIN IMMEDIATE";
        host.sql << "SAVEPOINT one";
        host.publish(order("k")).value();
        host.sql << "ROLLBACK TO one";
        host.publish(order()).value();
        host.sql << "COMMIT";
        CHECK(rows() == "1 1 1 0");
    }
    deliver();
    CHECK(transport->requests().size() == (rows() == "0 0 0 0" ? 0 : 1));
}

SQLITE_OUTBOX_TEST("on SQLite filters judge what a host publishes, in its transaction") {
    subscribe();
    const SubscriptionId large = subscribe("order.*");
    running.update_subscription(alice, large, {.filter = "payload/total ge 100"}).value();
    Publication sent = order();
    sent.payload = R"({"total":100})";
    CHECK(published(sent) == Numbers{1, 2});
    sent.content_type = "text/plain";
    CHECK(published(sent) == Numbers{3});
    CHECK(published(order()) == Numbers{4});
    deliver();
    CHECK(transport->requests().size() == 4);
    CHECK(running.events(alice, large, {}).value().total == 1);
    CHECK(host.value("SELECT group_concat(subscription_id || ':' || filtered) FROM "
                     "(SELECT * FROM webhooks_rollup WHERE filtered > 0 ORDER BY 1)") == "0:2,2:2");
}

SQLITE_OUTBOX_TEST("on SQLite ids of a host's events and the service's are consecutive") {
    const SubscriptionId id = subscribe();
    CHECK(published(order()) == Numbers{1});
    CHECK(running.publish(alice, order()).value().event_ids == std::vector{EventId{2}});
    CHECK(published(order()) == Numbers{3});
    deliver();
    CHECK(transport->requests().size() == 3);
    std::set<std::string> webhook_ids;
    for (const OutgoingRequest& request : transport->requests()) {
        webhook_ids.insert(request.webhook_id);
    }
    CHECK(webhook_ids.size() == 3);
    CHECK(running.events(alice, id, {.after = 0}).value().total == 3);
}

SQLITE_OUTBOX_TEST("on SQLite active subscriptions match by owner and pattern, in order of id") {
    subscribe("order.item.added");
    subscribe("order.*", bob);
    subscribe("*");
    subscribe("order.item.*");
    const SubscriptionId inactive = subscribe("*");
    running.update_subscription(alice, inactive, {.is_active = false}).value();
    running.delete_subscription(alice, subscribe("*")).value();
    subscribe("invoice.*");
    subscribe("order.created");
    const auto publish = [&](const std::string& user) {
        return published({.event_type = "order.item.added", .payload = "", .user_id = user});
    };
    CHECK(publish("") == Numbers{1, 2, 3, 4});
    CHECK(publish("alice") == Numbers{5, 6, 7});
    CHECK(publish("bob") == Numbers{8});
    CHECK(publish("carol") == Numbers{});
    CHECK(host.value("SELECT group_concat(subscription_id) FROM "
                     "(SELECT * FROM webhooks_event WHERE id < 5 ORDER BY id)") == "1,2,3,4");
}

SQLITE_OUTBOX_TEST("on SQLite an event can be published for later, and can expire") {
    subscribe();
    Publication later = order();
    later.deliver_at = system_clock()->now() + 1h;
    later.expires_at = system_clock()->now() + 24h;
    published(later);
    deliver();
    CHECK(transport->requests().empty());
    CHECK(host.value("SELECT ((u.due_at - e.created_at + 5000000) / 10000000) || ' ' || "
                     "((m.expires_at - e.created_at + 5000000) / 10000000) "
                     "FROM webhooks_undelivered u JOIN webhooks_event e ON e.id = u.event_id "
                     "JOIN webhooks_message m ON m.id = e.message_id") == "360 8640");
}

SQLITE_OUTBOX_TEST("on SQLite a key is the same key for the host and the service") {
    subscribe();
    CHECK(running.publish(alice, order("k")).value().event_ids == std::vector{EventId{1}});
    CHECK(published(order("k", "alice")) == Numbers{1});
    const Numbers other = published(order("other", "alice"));
    CHECK(published(order("other", "alice")) == other);
    CHECK(running.publish(alice, order("other")).value().is_replay);
    Publication changed = order("k", "alice");
    changed.payload = "canary";
    CHECK(rejected(changed) == Errc::conflict);
    CHECK(published(order("k")) != Numbers{1});
    CHECK(host.value("SELECT count(*) FROM webhooks_idempotency_key") == "3");
    host.sql << "UPDATE webhooks_idempotency_key SET created_at = created_at - 86400000000";
    CHECK(published(order("k", "alice")) == Numbers{4});
}

SQLITE_OUTBOX_TEST("on SQLite a host is told all errors of a publication") {
    subscribe();
    const Error error = rejected({.event_type = "canary",
                                  .payload = std::string("canary\0", 7),
                                  .content_type = "a\nb",
                                  .user_id = "\xFF",
                                  .idempotency_key = "canary\n",
                                  .deliver_at = system_clock()->now() + 367 * 24h});
    CHECK(error == Errc::invalid_argument);
    std::vector<std::string> fields;
    for (const FieldError& each : error.fields()) {
        fields.push_back(each.field);
    }
    CHECK(fields == std::vector<std::string>{"eventType", "payload", "contentType", "userId",
                                             "idempotencyKey", "deliverAt"});
    CHECK(error.fields().front().message == "is not a registered event type");
}

SQLITE_OUTBOX_TEST("on SQLite a host cannot publish a retired type, and is told its successor") {
    EventType type{.name = "order.created", .description = ""};
    type.deprecation.emplace().successor = "order.item.added";
    running.register_event_type(admin, type).value();
    running.retire_event_type(admin, "order.created").value();
    CHECK(rejected(order()).fields() ==
          std::vector<FieldError>{{"eventType", "was retired; use 'order.item.added' instead"}});
    running.register_event_type(admin, type).value();
    CHECK(published(order()).empty());
}

SQLITE_OUTBOX_TEST("on SQLite a failed publication leaves the transaction as it was") {
    subscribe();
    host.sql << "BEGIN IMMEDIATE";
    host.publish(order("k")).value();
    Publication other = order("k");
    other.payload = "other";
    CHECK(host.publish(other).error() == Errc::conflict);
    CHECK(host.publish({.event_type = "unknown", .payload = ""}).error() == Errc::invalid_argument);
    host.sql << "INSERT INTO shop_order VALUES (1)";
    host.publish(order()).value();
    host.sql << "COMMIT";
    CHECK(rows() == "2 2 2 1");
    CHECK(host.value("SELECT count(*) FROM shop_order") == "1");
}

SQLITE_OUTBOX_TEST("on SQLite a host attaches the file under any name") {
    subscribe();
    SqliteHost other(folder.file("host.db"));
    other.sql << "ATTACH '" + path + "' AS \"the \"\"shop\"";
    other.sql << "CREATE TABLE theirs (id INTEGER)";
    for (const char* end : {"ROLLBACK", "COMMIT"}) {
        other.sql << "BEGIN IMMEDIATE";
        other.sql << "INSERT INTO theirs VALUES (1)";
        CHECK(publish_in_transaction(other.connection(), order(), "the \"shop"));
        other.sql << end;
    }
    deliver();
    CHECK(transport->requests().size() == 1);
    CHECK(other.value("SELECT count(*) FROM theirs") == "1");
    other.sql << "BEGIN";
    CHECK(publish_in_transaction(other.connection(), order(), "absent").error().detail() ==
          "no database 'absent' is attached to the connection");
    const Error error = publish_in_transaction(other.connection(), order()).error();
    CHECK(error == Errc::internal);
    CHECK_THAT(error.detail(), Catch::Matchers::ContainsSubstring("host.db'"));
    other.sql << "ROLLBACK";
}

SQLITE_OUTBOX_TEST("on SQLite a connection that cannot publish says why") {
    CHECK(publish_in_transaction(static_cast<::sqlite3*>(nullptr), order()).error() ==
          Errc::invalid_argument);
    const Error closed = host.publish(order()).error();
    CHECK(closed == Errc::invalid_argument);
    CHECK_THAT(closed.detail(), Catch::Matchers::ContainsSubstring("BEGIN IMMEDIATE"));
    SqliteHost in_memory(":memory:");
    in_memory.sql << "BEGIN";
    CHECK(in_memory.publish(order()).error() == Errc::invalid_argument);
    host.sql << "INSERT INTO webhooks_schema VALUES (99, 0, 0)";
    const Error newer = rejected(order());
    CHECK(newer == Errc::conflict);
    CHECK_THAT(newer.detail(), Catch::Matchers::ContainsSubstring("version 99"));
}

// ---- Waiting for locks.

SQLITE_OUTBOX_TEST("a host's open write transaction delays the service for its busy timeout") {
    subscribe();
    host.sql << "BEGIN IMMEDIATE";
    host.publish(order()).value();
    const Error error = running.publish(alice, order()).error();
    CHECK(error == Errc::unavailable);
    for (const std::string& part : {path,
                                    std::string("another connection holds a write "
                                                "transaction"),
                                    std::string("SqliteOptions::busy_timeout")}) {
        CHECK_THAT(error.detail(), Catch::Matchers::ContainsSubstring(part));
    }
    // Reading does not wait.
    CHECK(running.subscriptions(alice, {}).value().total == 1);
    host.sql << "COMMIT";
    // It retries soon.
    clock->advance(3s);
    running.run_once().value();
    CHECK(running.publish(alice, order()));
    deliver();
    CHECK(transport->requests().size() == 2);
}

SQLITE_OUTBOX_TEST("a host whose transaction comes second gets an error that names the file") {
    subscribe();
    SqliteHost first(path);
    first.sql << "BEGIN IMMEDIATE";
    host.sql << "BEGIN";
    const Error locked = host.publish(order()).error();
    CHECK(locked == Errc::unavailable);
    for (const std::string& part : {path,
                                    std::string("another connection holds a write "
                                                "transaction"),
                                    std::string("sqlite3_busy_timeout")}) {
        CHECK_THAT(locked.detail(), Catch::Matchers::ContainsSubstring(part));
    }
    first.sql << "COMMIT";
    host.publish(order()).value();
    host.sql << "COMMIT";

    host.sql << "BEGIN";
    host.value("SELECT count(*) FROM shop_order");
    first.sql << "INSERT INTO shop_order VALUES (2)";
    CHECK_THAT(host.publish(order()).error().detail(),
               Catch::Matchers::ContainsSubstring("BEGIN IMMEDIATE"));
    host.sql << "ROLLBACK";
}

TEST_CASE_METHOD(SqliteOutboxFixture, "publishing on SQLite keeps the host's last inserted row") {
    subscribe();
    host.sql << "BEGIN IMMEDIATE";
    host.sql << "INSERT INTO shop_order VALUES (41)";
    const auto last = sqlite_api::sqlite3_last_insert_rowid(host.handle());
    REQUIRE(host.publish(order("key")));
    CHECK(sqlite_api::sqlite3_last_insert_rowid(host.handle()) == last);
    host.sql << "COMMIT";
}

TEST_CASE_METHOD(SqliteOutboxFixture,
                 "a publication on SQLite that is aborted anywhere leaves nothing behind") {
    subscribe();
    subscribe("*");
    // A host's time limit: from this step of SQLite on, every statement is aborted.
    int steps_left = 0;
    const auto is_over = [](void* steps) { return --*static_cast<int*>(steps) < 0 ? 1 : 0; };
    bool is_published = false;
    for (int step = 1; !is_published; ++step) {
        CAPTURE(step);
        host.sql << "BEGIN IMMEDIATE";
        steps_left = step;
        sqlite_api::sqlite3_progress_handler(host.handle(), 1, is_over, &steps_left);
        const Result<PublishReceipt> receipt = host.publish(order("key"));
        sqlite_api::sqlite3_progress_handler(host.handle(), 0, nullptr, nullptr);
        const bool is_open = sqlite_api::sqlite3_get_autocommit(host.handle()) == 0;
        is_published = receipt.has_value();
        if (!is_published) {
            const std::string& detail = receipt.error().detail();
            CHECK((detail.find("was rolled back") == std::string::npos) == is_open);
        }
        if (is_open) host.sql << "COMMIT";
        REQUIRE(rows() == (is_published ? "1 2 2 1" : "0 0 0 0"));
    }
}

}  // namespace webhooks::testing
