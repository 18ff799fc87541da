// Encrypted values of which any byte was changed, on each SQL storage: what was encrypted is not
// shown, and nothing else is shown in its place.

#include <contract/postgresql_payload_outbox_fixture.hpp>
#include <functional>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A subscription with a secret, a retired one and headers, and an event whose attempt failed.
template <class Place>
struct ChangedValues : PayloadFixture<Place> {
    ChangedValues() {
        this->running->rotate_secret(alice, this->subscription, Secret(secret), 1h).value();
        this->running
            ->update_subscription(
                alice, this->subscription,
                {.headers = Headers{{"x-canary", payload_canary}, {"X-Other", payload_canary}}})
            .value();
        this->transport->respond([](const OutgoingRequest&) {
            auto details = std::make_shared<AttemptDetails>();
            details->address = "192.0.2.7";
            details->response_headers = {{"server", payload_canary}, {"x-two", ""}};
            return TransportAnswer{.kind = TransportAnswer::Kind::answered,
                                   .status_code = 500,
                                   .body = payload_canary,
                                   .details = details};
        });
        failed = this->publish(payload_canary, alice, "key");
        this->deliver();
        this->place.connect(sql);
    }

    std::string read(const std::string& column, const std::string& row) {
        std::string value;
        sql << "SELECT " + column + " FROM " + row, soci::into(value);
        return value;
    }
    void write(const std::string& column, const std::string& row, const std::string& value) {
        const std::size_t end = row.find(' ');
        sql << "UPDATE " + row.substr(0, end) + " SET " + column + " = :value" + row.substr(end),
            soci::use(value, "value");
    }

    /// Changes two bits of each byte, one after the other, and restores the value.
    /// @param row `table WHERE …`. @param from the first byte that is not plain text.
    void change_each_byte(const std::string& column, const std::string& row,
                          const std::function<void()>& check, std::size_t from = 0) {
        const std::string stored = read(column, row);
        REQUIRE(stored.size() > from);
        for (std::size_t at = from; at < stored.size(); ++at) {
            for (const int bit : {0x01, 0x10}) {
                std::string changed = stored;
                changed[at] = static_cast<char>(changed[at] ^ bit);
                write(column, row, changed);
                CAPTURE(column, at, bit);
                check();
            }
        }
        write(column, row, stored);
    }

    void check_subscription(const std::string& column) {
        const std::string row =
            "webhooks_subscription WHERE id = " + std::to_string(this->subscription.value);
        change_each_byte(column, row, [&] {
            const Subscription found =
                this->running->subscription(alice, this->subscription).value();
            CHECK(found.is_unreadable);
            CHECK(found.secret.empty());
            CHECK(found.retired_secrets.empty());
            for (const Header& header : found.headers) {
                CHECK(header.value.empty());
            }
        });
        CHECK_FALSE(this->running->subscription(alice, this->subscription)->is_unreadable);
    }

    void check_response() {
        const EventHistory found = this->history(failed);
        CHECK(found.event.is_unreadable);
        CHECK(found.event.payload == payload_canary);
        CHECK(found.attempts.at(0).status_code == 500);
    }

    const std::string secret = payload_canary + "-of-the-new-secret";
    EventId failed;
    soci::session sql;
};

template <class Place>
void check_secrets() {
    ChangedValues<Place> test;
    for (const char* column : {"secret", "retired_secrets", "headers"}) {
        test.check_subscription(column);
    }
}

template <class Place>
void check_payloads() {
    ChangedValues<Place> test;
    test.change_each_byte("payload",
                          "webhooks_message WHERE id = " + std::to_string(test.failed.value), [&] {
                              const EventHistory found = test.history(test.failed);
                              CHECK(found.event.is_unreadable);
                              CHECK(found.event.payload.empty());
                              CHECK(found.event.response == payload_canary);
                          });
    const std::string attempt =
        "webhooks_attempt WHERE event_id = " + std::to_string(test.failed.value);
    test.change_each_byte("response", attempt, [&] {
        test.check_response();
        CHECK(test.history(test.failed).attempts.at(0).response == "");
    });
    const std::string details = test.read("details", attempt);
    test.change_each_byte(
        "details", attempt,
        [&] {
            test.check_response();
            const EventHistory found = test.history(test.failed);
            for (const Header& header : found.attempts.at(0).details->response_headers) {
                CHECK((header.value.empty() || header.value == payload_canary));
            }
        },
        details.find('\n') + 1);
    CHECK_FALSE(test.history(test.failed).event.is_unreadable);
}

/// A digest shows nothing, but must not make other content look like the same.
template <class Place>
void check_keys_and_digests() {
    ChangedValues<Place> test;
    test.change_each_byte("digest", "webhooks_idempotency_key WHERE key = 'key'", [&] {
        const auto receipt = test.running->publish(
            alice,
            {.event_type = "order.created", .payload = payload_canary, .idempotency_key = "key"});
        CHECK(receipt.error() == Errc::conflict);
    });
    int keys = 1;
    for (const char* whose : {"user_id IS NULL", "user_id = 'alice'"}) {
        const std::string row = std::string("webhooks_data_key WHERE ") + whose;
        const std::string before = test.read("kek_id", row);
        test.keys->add("k" + std::to_string(++keys));
        test.change_each_byte("wrapped", row, [&] {
            CHECK(test.running->rewrap_data_keys(admin).error() == Errc::corrupt);
            CHECK(test.read("kek_id", row) == before);
        });
    }
    CHECK(test.running->rewrap_data_keys(admin).value() > 0);
    test.start();
    CHECK(test.history(test.failed).event.payload == payload_canary);
}

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
/// What a host published for a subscription with a filter, before a worker judges it.
void check_unmatched() {
    ChangedValues<PostgresqlOutboxPlace> test;
    test.running->update_subscription(alice, test.subscription, {.filter = "payload"}).value();
    // It would be retried meanwhile.
    test.running->delete_event(alice, test.subscription, test.failed).value();
    test.sql << "BEGIN";
    publish_in_transaction(
        test.sql, {.event_type = "order.created", .payload = payload_canary, .user_id = "alice"},
        *test.keys, test.place.place.schema)
        .value();
    test.sql << "COMMIT";
    test.sql << "CREATE TEMPORARY TABLE kept AS SELECT * FROM webhooks_unmatched";
    const std::size_t sent = test.transport->requests().size();
    test.change_each_byte("payload", "webhooks_unmatched WHERE id > 0", [&] {
        std::int64_t before = 0;
        std::int64_t judged = 0;
        test.sql << "SELECT coalesce(max(id), 0) FROM webhooks_event", soci::into(before);
        test.deliver();
        test.sql << "SELECT coalesce(max(id), 0) FROM webhooks_event", soci::into(judged);
        REQUIRE(judged > before);
        const EventHistory found = test.history({judged});
        CHECK(found.event.is_unreadable);
        CHECK(found.event.payload.empty());
        test.sql << "INSERT INTO webhooks_unmatched OVERRIDING SYSTEM VALUE SELECT * FROM kept";
    });
    CHECK(test.transport->requests().size() == sent);
    // Unchanged, its filter is judged: it is no JSON.
    test.deliver();
    CHECK(test.text("SELECT count(*) FROM webhooks_unmatched") == "0");
    CHECK(test.transport->requests().size() == sent);
}
#endif

}  // namespace

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE("a secret or header of which any byte was changed is unreadable, and shows nothing") {
    check_secrets<SqlitePlace>();
}
TEST_CASE("a payload or response of which any byte was changed is unreadable, and shows nothing") {
    check_payloads<SqlitePlace>();
}
TEST_CASE("a data key or digest of which any byte was changed is not accepted") {
    check_keys_and_digests<SqlitePlace>();
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE("on PostgreSQL a secret or header of which any byte was changed is unreadable",
          "[postgresql]") {
    check_secrets<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL a payload or response of which any byte was changed is unreadable",
          "[postgresql]") {
    check_payloads<PostgresqlPlace>();
}
TEST_CASE("on PostgreSQL a payload that waits to be judged is unreadable if any byte was changed",
          "[postgresql]") {
    check_unmatched();
}
TEST_CASE("on PostgreSQL a data key or digest of which any byte was changed is not accepted",
          "[postgresql]") {
    check_keys_and_digests<PostgresqlPlace>();
}
#endif

}  // namespace webhooks::testing
