// Where encrypted secrets and payloads could show up: every file of the database, and all that a
// service tells its host or its callers.

#include <contract/payload_fixture.hpp>
#include <mutex>
#include <random>
#include <sstream>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Keeps all that a service reports.
class Listener final : public Observer {
public:
    void on_log(LogLevel, std::string_view line) override { add(line); }
    void on_attempt(const AttemptReport& report) override { add(report.error); }
    void on_operational(const OperationalEvent& event) override { add(event.body); }

    void add(std::string_view text) {
        const std::scoped_lock lock(mutex_);
        told_.append(text).append("\n");
    }
    template <class T>
    void add_error(const Result<T>& result, Errc expected) {
        REQUIRE(result.error() == expected);
        add(result.error().to_string());
        for (const FieldError& error : result.error().fields()) {
            add(error.field + ": " + error.message);
        }
    }
    std::string told() {
        const std::scoped_lock lock(mutex_);
        return told_;
    }

private:
    std::mutex mutex_;
    std::string told_;
};

template <class Place>
struct Canary : PayloadFixture<Place> {
    Canary() {
        this->observer = listener;
        this->start();
        this->running->delete_subscription(alice, this->subscription).value();
        this->transport->respond([this](const OutgoingRequest&) {
            auto details = std::make_shared<AttemptDetails>();
            details->response_headers = {{"server", text + "-response-header"}};
            return TransportAnswer{.kind = TransportAnswer::Kind::answered,
                                   .status_code = 500,
                                   .body = text + "-response",
                                   .details = details};
        });
        id = this->running
                 ->create_subscription(alice, {.name = "canary",
                                               .event_type = "order.created",
                                               .url = "https://hooks.example.com/" + plain,
                                               .secret = Secret(text + "-of-the-secret"),
                                               .headers = {{"x-canary", text + "-header"}},
                                               .max_retry_count = 1})
                 .value()
                 .id;
    }

    /// Changes, publications, attempts, resends: all that writes.
    void use() {
        this->running
            ->update_subscription(
                alice, id,
                {.filter = "eventType eq 'order.created'",
                 .secret = Secret(text + "-of-the-second-secret"),
                 .headers = Headers{{"x-canary", text + "-2"}, {"x-canary-2", text}}})
            .value();
        this->running->rotate_secret(alice, id, Secret(text + "-of-the-third-secret"), 1h).value();
        failed = this->publish(text + "-payload", alice, "key");
        this->publish(text + "-payload-to-all", admin);
        for (int i = 0; i < 4; ++i) {
            this->deliver(1h);
        }
        this->running->send_test_event(alice, id, text + "-test").value();
        this->running->retry_event(alice, id, failed).value();
        this->running->recover(alice, id, Time()).value();
        this->deliver(1h);
        this->keys->add("k2");
        this->running->rewrap_data_keys(admin).value();
    }

    /// Calls that fail, with values or on values that no one may see.
    void fail() {
        const Publication publication{.event_type = "order.created",
                                      .payload = text + "-payload",
                                      .user_id = "alice",
                                      .idempotency_key = "key"};
        Publication wrong = publication;
        wrong.payload += "-other";
        listener->add_error(this->running->publish(alice, wrong), Errc::conflict);
        wrong.event_type = "no." + plain;
        listener->add_error(this->running->publish(alice, wrong), Errc::invalid_argument);
        listener->add_error(this->running->publish(bob, publication), Errc::forbidden);
        listener->add_error(
            this->running->update_subscription(alice, id, {.secret = Secret(text + "\n")}),
            Errc::invalid_argument);
        listener->add_error(this->running->update_subscription(
                                alice, id, {.headers = Headers{{"x-canary", text + "\n"}}}),
                            Errc::invalid_argument);
        this->start();
        this->keys->is_down = true;
        listener->add_error(this->running->event(alice, failed), Errc::unavailable);
        listener->add_error(
            this->running->publish(alice, {.event_type = "order.created", .payload = text}),
            Errc::unavailable);
        this->deliver(1h);
        this->keys->is_down = false;
        // Of another user, so that what is encrypted for this one is not accepted.
        this->change("UPDATE webhooks_data_key SET user_id = 'bob' WHERE user_id = 'alice'");
        this->change("UPDATE webhooks_subscription SET user_id = 'bob' WHERE name = 'canary'");
        this->start();
        CHECK(this->event(failed).is_unreadable);
        CHECK(this->running->subscription(bob, id)->is_unreadable);
        listener->add_error(this->running->update_subscription(bob, id, {.name = "canary"}),
                            Errc::corrupt);
        this->deliver(1h);
    }

    std::string metrics() {
        return format_metrics(this->running->metrics().value(), MetricsFormat::prometheus);
    }
    std::string audit() {
        std::string all;
        for (const AuditRecord& record : this->running->audit(admin, {}).value().items) {
            all += record.changes;
        }
        return all;
    }

    static std::string make(const char* name) {
        std::random_device random;
        std::ostringstream text;
        text << name << std::hex << random() << random();
        return text.str();
    }

    const std::string text = make("canary-");
    /// In a URL, which is not encrypted: what looks for the canary would find it.
    const std::string plain = make("plain-");
    std::shared_ptr<Listener> listener = std::make_shared<Listener>();
    SubscriptionId id;
    EventId failed;
};

template <class Place>
void check_canary() {
    Canary<Place> test;
    const auto check_files = [&test] {
        CHECK(test.place.server_has(test.plain));
        CHECK_FALSE(test.place.server_has(test.text));
    };
    test.use();
    check_files();
    test.fail();
    check_files();
    for (const std::string& all : {test.listener->told(), test.metrics(), test.audit()}) {
        INFO(all);
        CHECK_FALSE(all.empty());
        CHECK(all.find(test.text) == std::string::npos);
    }
    CHECK(test.listener->told().find("cannot be decrypted") != std::string::npos);
    test.running.reset();
    test.storage.reset();
    check_files();
}

}  // namespace

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE("no secret or payload is in a file of the database, a log, a metric or an error") {
    check_canary<SqlitePlace>();
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE(
    "no secret or payload is in a file of PostgreSQL, its write-ahead log, a dump, a log, a metric "
    "or an error",
    "[postgresql]") {
    check_canary<PostgresqlPlace>();
}
#endif

}  // namespace webhooks::testing
