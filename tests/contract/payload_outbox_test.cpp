// Hosts that publish in their own transactions, where services encrypt payloads.

#include <contract/payload_fixture.hpp>
#include <webhooks/outbox.hpp>

namespace webhooks::testing {

#ifdef WEBHOOKS_TEST_SQLITE
namespace {

/// As hosts, the storage has the time of the system.
struct SqliteOutboxPlace : SqlitePlace {
    std::shared_ptr<Storage> open(const EncryptionOptions& encryption,
                                  const std::shared_ptr<Clock>&) const {
        return SqlitePlace::open(encryption, nullptr);
    }
};

struct SqlitePayloadOutbox : PayloadFixture<SqliteOutboxPlace> {
    SqlitePayloadOutbox() {
        place.connect(host);
        host << "CREATE TABLE shop_order (id INTEGER)";
    }

    ::sqlite3* connection() {
        auto* const backend = static_cast<soci::sqlite3_session_backend*>(host.get_backend());
        return reinterpret_cast<::sqlite3*>(backend->conn_);
    }

    static Publication order(const std::string& key = "", const std::string& payload = "") {
        return {.event_type = "order.created",
                .payload = payload.empty() ? payload_canary : payload,
                .user_id = "alice",
                .idempotency_key = key};
    }

    Result<PublishReceipt> try_publish(const Publication& publication) {
        return publish_in_transaction(connection(), publication, *keys);
    }

    PublishReceipt commit(const Publication& publication) {
        host << "BEGIN IMMEDIATE";
        const PublishReceipt receipt = try_publish(publication).value();
        host << "COMMIT";
        return receipt;
    }

    std::string rows() {
        return text(
            "(SELECT count(*) FROM webhooks_message) || ' ' || "
            "(SELECT count(*) FROM webhooks_idempotency_key) || ' ' || "
            "(SELECT count(*) FROM webhooks_data_key WHERE user_id IS NOT NULL)");
    }

    soci::session host;
};

}  // namespace

#define PAYLOAD_OUTBOX_TEST(name) TEST_CASE_METHOD(SqlitePayloadOutbox, name)

PAYLOAD_OUTBOX_TEST("on SQLite a host's payload is encrypted as the service does, and delivered") {
    const EventId from_host = commit(order()).event_ids.at(0);
    CHECK_FALSE(place.contains(payload_canary));
    CHECK(event(from_host).payload == payload_canary);
    deliver();
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == payload_canary);
    // Service and host use the same key of the user.
    const EventId from_service = publish();
    commit(order());
    CHECK(rows() == "3 0 1");
    start();
    deliver();
    CHECK(event(from_service).is_success);
    CHECK(transport->requests().size() == 3);
    CHECK_FALSE(place.contains(payload_canary));

    // What is for all users is under a key of the operator, in an attached file as well.
    soci::session other(soci::sqlite3, place.folder.file("host.db"));
    other << "ATTACH '" + place.path + "' AS hooks";
    other << "BEGIN IMMEDIATE";
    auto* const backend = static_cast<soci::sqlite3_session_backend*>(other.get_backend());
    const Result<PublishReceipt> shared =
        publish_in_transaction(reinterpret_cast<::sqlite3*>(backend->conn_),
                               {.event_type = "order.created", .payload = "all"}, *keys, "hooks");
    other << "COMMIT";
    CHECK(event(shared.value().event_ids.at(0)).payload == "all");
    CHECK(text("SELECT group_concat(user_id) FROM "
               "(SELECT user_id FROM webhooks_data_key WHERE user_id IS NOT NULL ORDER BY id)") ==
          "alice,");
}

PAYLOAD_OUTBOX_TEST("on SQLite a repetition of what is encrypted is recognized on either way") {
    const EventId first = commit(order("one")).event_ids.at(0);
    CHECK(commit(order("one")).is_replay);
    CHECK(publish(payload_canary, alice, "one") == first);
    const EventId second = publish(payload_canary, alice, "two");
    CHECK(commit(order("two")).event_ids.at(0) == second);
    CHECK(rows() == "2 2 1");
    host << "BEGIN IMMEDIATE";
    CHECK(try_publish(order("two", "other")).error() == Errc::conflict);
    host << "COMMIT";
    // The digest is no plain one. One from before encryption is recognized.
    encryption.payloads = false;
    start();
    CHECK(publish(payload_canary, alice, "plain").value == second.value + 1);
    const std::string digests = "SELECT count(DISTINCT digest) FROM webhooks_idempotency_key";
    CHECK(text(digests) == "2");
    encryption.payloads = true;
    start();
    CHECK(commit(order("plain")).is_replay);
}

PAYLOAD_OUTBOX_TEST("on SQLite a data key goes with the transaction that has made it") {
    host << "BEGIN IMMEDIATE";
    const PublishReceipt undone = try_publish(order("one")).value();
    CHECK(undone.event_ids.size() == 1);
    host << "ROLLBACK";
    CHECK(rows() == "0 0 0");
    const EventId by_service = publish("service");
    host << "BEGIN IMMEDIATE";
    host << "SAVEPOINT mine";
    try_publish({.event_type = "order.created", .payload = "undone"}).value();
    host << "ROLLBACK TO mine";
    const EventId by_host =
        try_publish({.event_type = "order.created", .payload = "kept"}).value().event_ids.at(0);
    host << "COMMIT";
    CHECK(rows() == "2 0 2");
    CHECK(event(by_service).payload == "service");
    CHECK(event(by_host).payload == "kept");
}

PAYLOAD_OUTBOX_TEST("on SQLite a host without a key provider publishes nothing, and is told") {
    host << "BEGIN IMMEDIATE";
    host << "INSERT INTO shop_order VALUES (7)";
    const Error error = publish_in_transaction(connection(), order()).error();
    CHECK(error == Errc::unsupported);
    CHECK_THAT(error.detail(), Catch::Matchers::ContainsSubstring("EncryptionOptions::keys"));
    host << "COMMIT";
    CHECK(rows() == "0 0 0");
    CHECK(text("SELECT count(*) FROM shop_order") == "1");
    CHECK_FALSE(place.contains(payload_canary));

    // Keys are not used where payloads are in plain text.
    encryption.payloads = false;
    start();
    keys->calls = 0;
    commit(order("one"));
    CHECK(keys->calls == 0);
    CHECK(place.contains(payload_canary));
}

PAYLOAD_OUTBOX_TEST("on SQLite a key provider that fails at any call undoes the publication") {
    publish("so that there is a key of alice");
    Publication to_all = order("one");
    to_all.user_id.clear();
    for (const Publication& publication : {order("one"), to_all}) {
        const std::string before = rows();
        bool is_published = false;
        for (int call = 1; !is_published; ++call) {
            CAPTURE(call);
            keys->calls = 0;
            keys->failing_call = call;
            host << "BEGIN IMMEDIATE";
            host << "INSERT INTO shop_order VALUES (7)";
            const Result<PublishReceipt> receipt = try_publish(publication);
            host << "COMMIT";
            is_published = receipt.has_value();
            CHECK(is_published == (call == 3));
            if (is_published) break;
            CHECK(receipt.error() == Errc::unavailable);
            CHECK_THAT(receipt.error().detail(),
                       Catch::Matchers::ContainsSubstring("the key service is down"));
            CHECK(rows() == before);
        }
        keys->failing_call = 0;
    }
    CHECK(text("SELECT count(*) FROM shop_order") == "6");
    CHECK(rows() == "3 2 2");
}

PAYLOAD_OUTBOX_TEST("on SQLite what a host published goes with the keys of its user") {
    const EventId before = commit(order()).event_ids.at(0);
    running->shred_user(admin, "alice").value();
    CHECK(event(before).is_payload_gone);
    const EventId after = commit(order()).event_ids.at(0);
    CHECK(event(after).payload == payload_canary);
    deliver();
    deliver();
    CHECK(event(before).error_message == "cancelled: its payload was destroyed");
    CHECK(event(after).is_success);
    CHECK(transport->requests().size() == 1);
}

PAYLOAD_OUTBOX_TEST("on SQLite a host replaces a data key that is old or cannot be obtained") {
    commit(order());
    host << "UPDATE webhooks_data_key SET created_at = created_at - 2592000000000";
    const EventId second = commit(order()).event_ids.at(0);
    CHECK(rows() == "2 0 2");
    // A key of the host that is destroyed on purpose keeps no one from publishing.
    host << "UPDATE webhooks_data_key SET kek_id = 'destroyed' WHERE id = "
            "(SELECT max(id) FROM webhooks_data_key)";
    const EventId third = commit(order()).event_ids.at(0);
    CHECK(rows() == "3 0 3");
    CHECK(event(second).is_unreadable);
    CHECK(event(third).payload == payload_canary);
}

PAYLOAD_OUTBOX_TEST("on SQLite filters judge what a host encrypts, and nothing is kept otherwise") {
    running->update_subscription(alice, subscription, {.filter = "payload/total ge 100"}).value();
    CHECK(commit(order("", R"({"total":99})")).event_ids.empty());
    keys->calls = 0;
    Publication to_bob = order();
    to_bob.user_id = "bob";
    CHECK(commit(to_bob).event_ids.empty());
    CHECK(keys->calls == 0);
    CHECK(rows() == "0 0 0");
    const EventId id = commit(order("", R"({"total":100})")).event_ids.at(0);
    CHECK(event(id).payload == R"({"total":100})");
    CHECK(rows() == "1 0 1");
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE_METHOD(PayloadFixture<PostgresqlPlace>, "SQL cannot publish where payloads are encrypted",
                 "[postgresql]") {
    soci::session sql;
    place.connect(sql);
    try {
        sql << "SELECT webhooks_publish('order.created', '{}')";
        FAIL("it published");
    } catch (const soci::postgresql_soci_error& error) {
        CHECK(error.sqlstate() == "0A000");
    }
    CHECK(publish_in_transaction(sql, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::invalid_argument);
    sql << "BEGIN";
    CHECK(publish_in_transaction(sql, {.event_type = "order.created", .payload = "{}"},
                                 place.place.schema)
              .error() == Errc::unsupported);
    sql << "ROLLBACK";
    encryption.payloads = false;
    start();
    sql << "SELECT webhooks_publish('order.created', '{}')";
}
#endif

}  // namespace webhooks::testing
