// What a host may do, how, and the errors that it gets.

#include <contract/outbox_fixture.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

}  // namespace

OUTBOX_TEST("wrong arguments are rejected, by name") {
    CHECK(host.failure("SELECT webhooks_publish('order.updated', '')") ==
          "22023: event_type is not a registered event type: "
          "The table webhooks_event_type lists those that are; the service registers more.");
    const auto error_of = [&](const std::string& arguments) {
        const std::string text =
            host.failure("SELECT webhooks_publish('order.created', " + arguments + ")");
        return text.substr(0, text.find(" must"));
    };
    CHECK(error_of("null") == "22023: payload");
    CHECK(error_of("repeat('x', 16777217)") == "22023: payload");
    CHECK(error_of("'', ''") == "22023: user_id");
    CHECK(error_of("'', idempotency_key => ''") == "22023: idempotency_key");
    CHECK(error_of("'', content_type => E'a\\nb'") == "22023: content_type");
    CHECK(error_of("'', deliver_at => now() + interval '367 days'") == "22023: deliver_at");
    CHECK(error_of("'', expires_at => now()") == "22023: expires_at");
    CHECK(rows() == "0 0 0 0");
}

OUTBOX_TEST("one transaction can publish many events") {
    const SubscriptionId id = subscribe();
    subscribe();
    host.sql << "SELECT count(webhooks_publish('order.created', n::text)) "
                "FROM generate_series(1, 1000) n";
    CHECK(rows() == "1000 2000 2000 0");
    CHECK(running->events(alice, id, {.after = 0}).value().total == 1000);
}

OUTBOX_TEST("a role needs only the right to execute") {
    subscribe();
    const std::string role = "publisher_of_" + place.schema;
    host.sql << "CREATE ROLE " + role;
    host.sql << "GRANT USAGE ON SCHEMA " + place.schema + " TO " + role;
    host.sql << "SET ROLE " + role;
    CHECK(host.failure("SELECT webhooks_publish('order.created', '{}')").starts_with("42501"));
    host.sql << "RESET ROLE";
    host.sql << "GRANT EXECUTE ON FUNCTION webhooks_publish, webhooks_publish_receipt TO " + role;
    host.sql << "SET ROLE " + role;
    CHECK(host.publish(", 'alice', 'k'") == "{1}");
    CHECK(host.failure("SELECT * FROM webhooks_event").starts_with("42501"));
    CHECK(host.failure("SELECT webhooks_take_ids(1)").starts_with("42501"));
    host.sql << "BEGIN";
    CHECK(publish_in_transaction(host.sql, order(), place.schema));
    host.sql << "COMMIT";
}

OUTBOX_TEST("a host publishes through SOCI or libpq") {
    const SubscriptionId id = subscribe();
    subscribe();
    host.sql << "BEGIN";
    const PublishReceipt receipt =
        publish_in_transaction(host.sql, order("k", "alice"), place.schema).value();
    CHECK(receipt.event_ids == std::vector<EventId>{{1}, {2}});
    CHECK_FALSE(receipt.is_replay);
    Publication plain = order();
    plain.payload = "\xE2\x82\xAC '\\";
    plain.content_type = "text/plain";
    plain.expires_at = Time(std::chrono::microseconds(4'102'444'800'123'457));
    CHECK(publish_in_transaction(host.connection(), plain, place.schema).value().event_ids ==
          std::vector<EventId>{{3}, {4}});
    CHECK(host.value("SELECT max(expires_at) FROM webhooks_message") == "4102444800123457");
    host.sql << "COMMIT";
    const PublishReceipt again = running->publish(alice, order("k")).value();
    CHECK(again.is_replay);
    CHECK(again.event_ids == receipt.event_ids);
    host.sql << "BEGIN";
    CHECK(publish_in_transaction(host.sql, order("k", "alice"), place.schema).value().is_replay);
    host.sql << "ROLLBACK";
    CHECK(running->event(alice, id, {3}).value().event.payload == plain.payload);
}

OUTBOX_TEST("the encoding of the host's connection changes nothing") {
    const SubscriptionId id = subscribe();
    host.sql << "SET client_encoding = 'LATIN1'";
    host.sql << "BEGIN";
    Publication euro = order();
    euro.payload = "\xE2\x82\xAC";
    const PublishReceipt receipt = publish_in_transaction(host.sql, euro, place.schema).value();
    host.sql << "COMMIT";
    CHECK(running->event(alice, id, receipt.event_ids.at(0)).value().event.payload == euro.payload);
}

OUTBOX_TEST("a host cannot publish a retired event type, and is told its successor") {
    EventType type{.name = "order.created", .description = ""};
    type.deprecation.emplace().successor = "order.item.added";
    running->register_event_type(admin, type).value();
    running->retire_event_type(admin, "order.created").value();
    host.sql << "BEGIN";
    const Error error = publish_in_transaction(host.sql, order(), place.schema).error();
    host.sql << "ROLLBACK";
    CHECK(error.fields() ==
          std::vector<FieldError>{{"eventType", "was retired; use 'order.item.added' instead"}});
    running->register_event_type(admin, type).value();
    host.sql << "BEGIN";
    CHECK(publish_in_transaction(host.sql, order(), place.schema));
    host.sql << "ROLLBACK";
    running->retire_event_type(admin, "invoice.paid").value();
    host.sql << "BEGIN";
    CHECK(publish_in_transaction(host.sql, {.event_type = "invoice.paid", .payload = "{}"},
                                 place.schema)
              .error()
              .fields() == std::vector<FieldError>{{"eventType", "was retired"}});
    host.sql << "ROLLBACK";
}

OUTBOX_TEST("a host is told why it cannot publish, and no error contains a value") {
    subscribe();
    const auto fields = [&](const Publication& publication) {
        host.sql << "BEGIN";
        const Error error = publish_in_transaction(host.sql, publication, place.schema).error();
        host.sql << "ROLLBACK";
        CHECK(error == Errc::invalid_argument);
        CHECK(error.to_string().find("canary") == std::string::npos);
        return error.fields();
    };
    CHECK(fields({.event_type = "canary", .payload = ""}) ==
          std::vector<FieldError>{{"eventType", "is not a registered event type"}});
    Publication wrong = order();
    wrong.idempotency_key = "canary\n";
    CHECK(fields(wrong) == std::vector<FieldError>{
                               {"idempotencyKey", "must be 1 to 256 printable ASCII characters"}});
    wrong = order();
    wrong.payload = std::string("canary\0", 7);
    CHECK(fields(wrong) == std::vector<FieldError>{{"payload", "must be UTF-8 without U+0000"}});

    CHECK(publish_in_transaction(host.sql, order(), place.schema).error() ==
          Errc::invalid_argument);
    soci::session closed;
    CHECK(publish_in_transaction(closed, order()).error() == Errc::invalid_argument);

    host.sql << "BEGIN";
    publish_in_transaction(host.sql, order("k"), place.schema).value();
    host.sql << "SAVEPOINT one";
    Publication other = order("k");
    other.payload = "canary";
    const Error conflict = publish_in_transaction(host.sql, other, place.schema).error();
    CHECK(conflict == Errc::conflict);
    CHECK(conflict.to_string().find("canary") == std::string::npos);
    CHECK(publish_in_transaction(host.sql, order(), place.schema).error() ==
          Errc::invalid_argument);
    host.sql << "ROLLBACK TO one";
    publish_in_transaction(host.sql, order(), place.schema).value();
    host.sql << "COMMIT";
    CHECK(rows() == "2 2 2 1");

    host.sql << "BEGIN";
    Host(place.schema).sql << "SELECT pg_terminate_backend(" +
                                  std::to_string(PQbackendPID(host.connection())) + ", 10000)";
    CHECK(publish_in_transaction(host.sql, order(), place.schema).error() == Errc::unavailable);
    CHECK(publish_in_transaction(host.sql, order(), place.schema).error() == Errc::unavailable);
    host.sql.reconnect();
}
}  // namespace webhooks::testing

#endif
