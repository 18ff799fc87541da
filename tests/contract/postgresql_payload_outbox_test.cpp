// Hosts that publish in their own transactions on PostgreSQL, where services encrypt payloads.

#include <contract/postgresql_payload_outbox_fixture.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {

#define POSTGRESQL_PAYLOAD_TEST(name) \
    TEST_CASE_METHOD(PostgresqlPayloadOutbox, name, "[postgresql]")

POSTGRESQL_PAYLOAD_TEST("SQL cannot publish where payloads are encrypted, C++ needs the keys") {
    try {
        host << "SELECT webhooks_publish('order.created', '{}')";
        FAIL("it published");
    } catch (const soci::postgresql_soci_error& error) {
        CHECK(error.sqlstate() == "0A000");
    }
    CHECK(publish_in_transaction(host, order()).error() == Errc::invalid_argument);
    CHECK(publish_in_transaction(host, order(), *keys).error() == Errc::invalid_argument);
    host << "BEGIN";
    const Error error = publish_in_transaction(host, order(), place.place.schema).error();
    CHECK(error == Errc::unsupported);
    CHECK_THAT(error.detail(), Catch::Matchers::ContainsSubstring("EncryptionOptions::keys"));
    host << "ROLLBACK";

    // Keys are not used where payloads are in plain text.
    encryption.payloads = false;
    start();
    host << "SELECT webhooks_publish('order.created', '{}')";
    keys->calls = 0;
    commit(order("one"));
    CHECK(keys->calls == 0);
    CHECK(place.contains(payload_canary));
}

POSTGRESQL_PAYLOAD_TEST("a host's payload is encrypted as services do, and delivered") {
    const EventId from_host = commit(order()).event_ids.at(0);
    CHECK_FALSE(place.contains(payload_canary));
    CHECK(event(from_host).payload == payload_canary);
    deliver();
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == payload_canary);
    const EventId from_service = publish();
    commit(order());
    Publication to_all = order();
    to_all.user_id.clear();
    const EventId shared = commit(to_all).event_ids.at(0);
    CHECK(rows() == "4 0 0 2");
    start();
    deliver();
    CHECK(event(from_service).is_success);
    CHECK(event(shared).is_success);
    CHECK(transport->requests().size() == 4);
    CHECK_FALSE(place.contains(payload_canary));
    CHECK(text("SELECT string_agg(user_id, ',' ORDER BY id) FROM webhooks_data_key "
               "WHERE user_id IS NOT NULL") == "alice,");
    // A payload of the largest size is not too large when it is encrypted.
    const Publication largest = order("", std::string(std::size_t{16} << 20U, 'x'));
    CHECK(event(commit(largest).event_ids.at(0)).payload == largest.payload);
    CHECK(rejected(order("", largest.payload + "x")).fields().at(0).field == "payload");
}

POSTGRESQL_PAYLOAD_TEST("a repetition of what is encrypted is recognized on either way") {
    const EventId first = commit(order("one")).event_ids.at(0);
    CHECK(commit(order("one")).is_replay);
    CHECK(publish(payload_canary, alice, "one") == first);
    const EventId second = publish(payload_canary, alice, "two");
    CHECK(commit(order("two")).event_ids.at(0) == second);
    CHECK(rows() == "2 0 2 1");
    CHECK(rejected(order("two", "other")) == Errc::conflict);
    // One from before encryption is recognized.
    encryption.payloads = false;
    start();
    const EventId plain = publish(payload_canary, alice, "plain");
    encryption.payloads = true;
    start();
    const PublishReceipt replay = commit(order("plain"));
    CHECK(replay.is_replay);
    CHECK(replay.event_ids.at(0) == plain);
    CHECK(text("SELECT count(DISTINCT digest) FROM webhooks_idempotency_key") == "2");
}

POSTGRESQL_PAYLOAD_TEST("a data key goes with the transaction that has made it") {
    host << "BEGIN";
    try_publish(order("one")).value();
    host << "ROLLBACK";
    CHECK(rows() == "0 0 0 0");
    CHECK(event(commit(order()).event_ids.at(0)).payload == payload_canary);
    CHECK(event(publish("service")).payload == "service");
    CHECK(rows() == "2 0 0 1");
    // What matches nothing needs none.
    Publication to_bob = order();
    to_bob.user_id = "bob";
    CHECK(commit(to_bob).event_ids.empty());
    CHECK(rows() == "2 0 0 1");
}

POSTGRESQL_PAYLOAD_TEST(
    "after a failure of the key provider a transaction can only be rolled back") {
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
            host << "BEGIN";
            const Result<PublishReceipt> receipt = try_publish(publication);
            is_published = receipt.has_value();
            CHECK(is_open() == is_published);
            host << (is_published ? "COMMIT" : "ROLLBACK");
            REQUIRE(is_published == (call == 3));
            if (is_published) break;
            CHECK(receipt.error() == Errc::unavailable);
            CHECK_THAT(receipt.error().detail(),
                       Catch::Matchers::ContainsSubstring("the key service is down"));
            CHECK(rows() == before);
        }
        keys->failing_call = 0;
    }
    CHECK(rows() == "3 0 2 2");
}

POSTGRESQL_PAYLOAD_TEST("what a host published goes with the keys of its user") {
    const EventId before = commit(order()).event_ids.at(0);
    running->shred_user(admin, "alice").value();
    CHECK(event(before).is_payload_gone);
    const EventId after = commit(order()).event_ids.at(0);
    deliver();
    deliver();
    CHECK(event(before).error_message == "cancelled: its payload was destroyed");
    CHECK(event(after).is_success);
    CHECK(transport->requests().size() == 1);
    // One that is old, or whose encryption key was destroyed, is replaced.
    host << "UPDATE webhooks_data_key SET created_at = created_at - 2592000000000";
    commit(order());
    host << "UPDATE webhooks_data_key SET kek_id = 'destroyed' WHERE id = "
            "(SELECT max(id) FROM webhooks_data_key)";
    CHECK(event(commit(order()).event_ids.at(0)).payload == payload_canary);
    CHECK(rows() == "4 0 0 4");
}

POSTGRESQL_PAYLOAD_TEST("a worker judges filters on what a host has encrypted") {
    running->update_subscription(alice, subscription, {.filter = "payload/total ge 100"}).value();
    start();
    CHECK(commit(order("", R"({"total":99})")).event_ids.empty());
    CHECK(commit(order("", R"({"total":100,"note":"canary-51c9"})")).event_ids.empty());
    CHECK(rows() == "0 2 0 1");
    CHECK(text("SELECT count(*) FROM webhooks_unmatched u "
               "WHERE position('canary' IN u::text) + position('total' IN u::text) > 0") == "0");
    // They wait for the key provider, which is asked once a second; others do not.
    keys->is_down = true;
    deliver();
    CHECK(rows() == "0 2 0 1");
    keys->calls = 0;
    for (int i = 0; i < 20; ++i) {
        deliver(std::chrono::milliseconds(100));
    }
    CHECK(keys->calls <= 2);
    keys->is_down = false;
    deliver();
    deliver();
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == R"({"total":100,"note":"canary-51c9"})");
    CHECK(rows() == "1 0 0 1");
    CHECK_FALSE(place.contains(payload_canary));
}

POSTGRESQL_PAYLOAD_TEST(
    "keys that cannot be obtained, however many, hold up no later publication") {
    running->update_subscription(alice, subscription, {.filter = "payload/total ge 100"}).value();
    start();
    commit(order("", R"({"total":1})"));
    // As many publications of other users, each under a data key whose encryption key is lost.
    host << "INSERT INTO webhooks_data_key (wrapped, kek_id, user_id, created_at) "
            "SELECT wrapped, 'lost', 'user-' || n, created_at "
            "FROM webhooks_data_key, generate_series(1, 250) n WHERE user_id = 'alice'";
    host << "INSERT INTO webhooks_unmatched (event_type, content_type, payload, due_at, "
            "created_at, subscriptions, key_id) SELECT u.event_type, u.content_type, u.payload, "
            "u.due_at, u.created_at, u.subscriptions, k.id "
            "FROM webhooks_unmatched u, webhooks_data_key k WHERE k.kek_id = 'lost'";
    commit(order("", R"({"total":100})"));
    keys->calls = 0;
    for (int i = 0; i < 5 && transport->requests().empty(); ++i) {
        deliver();
    }
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == R"({"total":100})");
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "250");
    // The key provider is asked once for what encrypts all of them, not for each.
    CHECK(keys->calls < 50);
}

POSTGRESQL_PAYLOAD_TEST("what is destroyed before a worker judges it ends without being sent") {
    running->update_subscription(alice, subscription, {.filter = "payload/total ge 100"}).value();
    commit(order("", R"({"total":100})"));
    running->shred_user(admin, "alice").value();
    deliver();
    deliver();
    CHECK(rows() == "1 0 0 1");
    CHECK(transport->requests().empty());
    CHECK(running->all_events(admin).value().items.at(0).error_message ==
          "cancelled: its payload was destroyed");
}

POSTGRESQL_PAYLOAD_TEST("a role that encrypts needs only the right to execute three functions") {
    const std::string role = "encrypts_in_" + place.place.schema;
    host << "CREATE ROLE " + role;
    host << "GRANT USAGE ON SCHEMA " + place.place.schema + " TO " + role;
    host << "GRANT EXECUTE ON FUNCTION webhooks_publish_receipt TO " + role;
    host << "SET ROLE " + role;
    CHECK(rejected(order()).detail().find("webhooks_publish_keys") != std::string::npos);
    host << "RESET ROLE";
    host << "GRANT EXECUTE ON FUNCTION webhooks_publish_keys, webhooks_publish_encrypted TO " +
                role;
    host << "SET ROLE " + role;
    CHECK(commit(order("one")).event_ids.size() == 1);
    for (const char* statement :
         {"SELECT wrapped FROM webhooks_data_key",
          "SELECT webhooks_publish_stored('order.created', '', 'alice', null, 'a/b', null, null, "
          "null, null, 0, null, null)",
          "SELECT webhooks_publish_encrypted('order.created', 'plain', 'alice', null, 'a/b', null, "
          "null, null, null, 0, null, null)",
          "SELECT webhooks_publish_encrypted('order.created', '', 'alice', null, 'a/b', null, "
          "null, null, null, 1000, 'w', 'k')"}) {
        CAPTURE(statement);
        try {
            host << statement;
            FAIL("it did it");
        } catch (const soci::postgresql_soci_error& error) {
            // Insufficient privilege, or an argument.
            CHECK((error.sqlstate() == "42501" || error.sqlstate() == "22023"));
        }
    }
    host << "RESET ROLE";
    CHECK(rows() == "1 0 1 1");
}

}  // namespace webhooks::testing

#endif
