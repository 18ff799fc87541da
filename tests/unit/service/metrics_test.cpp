#include <map>
#include <unit/service/fixture.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct MetricsFixture : ServiceFixture {
    /// Every line of the text that has a value, but for buckets: series to value.
    std::map<std::string, double> read() {
        std::map<std::string, double> series;
        const std::string text =
            format_metrics(service().metrics().value(), MetricsFormat::prometheus);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            const std::string line = text.substr(at, end - at);
            at = end + 1;
            if (line.starts_with('#') || line.find("_bucket") != std::string::npos) continue;
            const std::size_t blank = line.rfind(' ');
            series["webhooks_" + line.substr(9, blank - 9)] = std::stod(line.substr(blank + 1));
        }
        return series;
    }

    double read(const std::string& series) {
        const auto all = read();
        const auto found = all.find("webhooks_" + series);
        INFO(series);
        REQUIRE(found != all.end());
        return found->second;
    }

    std::size_t series() {
        std::size_t count = 0;
        for (const MetricFamily& family : service().metrics().value()) {
            for (const MetricSample& sample : family.samples) {
                count += std::max<std::size_t>(sample.buckets.size() + 2, 1);
            }
        }
        return count;
    }
};

}  // namespace

TEST_CASE_METHOD(MetricsFixture, "metrics of a new service are all there, and 0 but for gauges") {
    for (const auto& [name, value] : read()) {
        INFO(name);
        const bool is_storage = name.starts_with("webhooks_storage_duration");
        const bool is_info = name.starts_with("webhooks_build_info");
        if (!is_storage) CHECK(value == (is_info ? 1 : 0));
    }
    CHECK(read("attempts_total{outcome=\"exhausted\",status=\"5xx\"}") == 0);
    CHECK(read("publications_total{result=\"overloaded\"}") == 0);
    CHECK(read("storage_errors_total{call=\"claim\",kind=\"timed_out\"}") == 0);
}

TEST_CASE_METHOD(MetricsFixture, "publications count by result, those of batches one by one") {
    subscribe();
    subscribe(bob);
    publish();
    const Publication keyed{
        .event_type = "order.created", .payload = "{}", .idempotency_key = "a-key"};
    REQUIRE(service().publish(alice, keyed));
    REQUIRE(
        service().publish_batch(alice, {keyed, {.event_type = "order.created", .payload = "{}"}}));
    Publication other = keyed;
    other.payload = "[]";
    REQUIRE_FALSE(service().publish(alice, other));
    REQUIRE_FALSE(
        service().publish_batch(alice, {{.event_type = "none", .payload = "{}"}, keyed, keyed}));
    service().async_publish(alice, {.event_type = "none", .payload = "{}"}, [](auto) {});
    service().async_publish(alice, {.event_type = "order.created", .payload = "{}"}, [](auto) {});
    settle();

    CHECK(read("publications_total{result=\"accepted\"}") == 4);
    CHECK(read("publications_total{result=\"replayed\"}") == 1);
    CHECK(read("publications_total{result=\"conflict\"}") == 1);
    CHECK(read("publications_total{result=\"invalid\"}") == 4);
    CHECK(read("events_total") == 4);
    CHECK(read("publish_duration_seconds_count") == 5);
}

TEST_CASE_METHOD(MetricsFixture, "attempts count by outcome, status and reason") {
    const SubscriptionId id = subscribe().id;
    publish();
    settle();
    transport->respond_with_status(500);
    publish();
    settle();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.error = "refused", .reason = FailureReason::connect};
    });
    service().update_subscription(alice, id, {.max_retry_count = 0}).value();
    publish();
    settle();
    service().update_subscription(alice, id, {.is_active = false}).value();
    advance(1h);

    CHECK(read("attempts_total{outcome=\"delivered\",status=\"2xx\"}") == 1);
    CHECK(read("attempts_total{outcome=\"retry\",status=\"5xx\"}") == 1);
    CHECK(read("attempts_total{outcome=\"exhausted\",status=\"none\"}") == 1);
    CHECK(read("attempts_total{outcome=\"cancelled\",status=\"none\"}") == 1);
    CHECK(read("attempt_failures_total{reason=\"status\"}") == 1);
    CHECK(read("attempt_failures_total{reason=\"connect\"}") == 1);
    CHECK(read("attempt_duration_seconds_count{result=\"delivered\"}") == 1);
    CHECK(read("attempt_duration_seconds_count{result=\"failed\"}") == 2);
    CHECK(read("dispatch_delay_seconds_count") == 3);
}

TEST_CASE_METHOD(MetricsFixture, "gauges tell what is in flight and in memory") {
    subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("12345");
    settle();
    CHECK(read("attempts_in_flight") == 1);
    CHECK(read("events_in_memory") == 1);
    CHECK(read("payload_bytes_in_memory") == 5);
    REQUIRE(transport->answer(transport->in_flight().front(),
                              {.kind = TransportAnswer::Kind::answered, .status_code = 204}));
    settle();
    CHECK(read("attempts_in_flight") == 0);
    CHECK(read("events_in_memory") == 0);
    CHECK(read("payload_bytes_in_memory") == 0);
}

TEST_CASE_METHOD(MetricsFixture, "what storage holds is sampled with the heartbeats") {
    subscribe();
    const SubscriptionId inactive = subscribe().id;
    service().update_subscription(alice, inactive, {.is_active = false}).value();
    Publication later{.event_type = "order.created", .payload = "{}"};
    later.deliver_at = clock->now() + 1h;
    REQUIRE(service().publish(alice, later));
    advance(20s);
    CHECK(read("subscriptions{state=\"active\"}") == 1);
    CHECK(read("subscriptions{state=\"inactive\"}") == 1);
    CHECK(read("events_waiting{state=\"scheduled\"}") == 1);
    CHECK(read("workers{state=\"live\"}") == 1);
}

TEST_CASE_METHOD(MetricsFixture, "errors of storage count by call and kind, those of callers not") {
    running.reset();
    const auto faulty = std::make_shared<FaultyStorage>(storage);
    storage = faulty;
    open();
    REQUIRE_FALSE(service().subscription(alice, {999}));
    CHECK(read("storage_errors_total{call=\"read\",kind=\"other\"}") == 0);
    subscribe();
    faulty->break_calls({.only = FaultyStorage::Call::write});
    REQUIRE_FALSE(service().publish(alice, {.event_type = "order.created", .payload = "{}"}));
    CHECK(read("storage_errors_total{call=\"write\",kind=\"unavailable\"}") == 1);
    CHECK(read("publications_total{result=\"unavailable\"}") == 1);
}

TEST_CASE_METHOD(MetricsFixture, "100,000 subscriptions of 100,000 hosts add no series") {
    const std::size_t before = series();
    CHECK(before <= 450);
    running.reset();
    for (int i = 0; i < 100'000; ++i) {
        const std::string name = "user-" + std::to_string(i);
        storage
            ->insert_subscription(Principal::administrator("admin"),
                                  {.name = "mine",
                                   .event_type = "order.created",
                                   .url = "https://" + name + ".example.com/secret-path",
                                   .secret = Secret("s3cret"),
                                   .user_id = name})
            .value();
    }
    open();
    advance(20s);
    CHECK(series() == before);
    CHECK(read("subscriptions{state=\"active\"}") == 100'000);
    const std::string text = format_metrics(service().metrics().value(), MetricsFormat::prometheus);
    CHECK(text.find("user-") == std::string::npos);
    CHECK(text.find("secret-path") == std::string::npos);
}

TEST_CASE_METHOD(MetricsFixture, "a service that was moved from has no metrics") {
    WebhookService other = std::move(service());
    CHECK(service().metrics().error() == Errc::invalid_state);
    CHECK(other.metrics());
}

// ---- What an observer is told.

namespace {

struct Reports final : Observer {
    struct Seen {
        std::string error, event_type, origin;
        FailureReason reason;
        std::chrono::microseconds age, delay;
    };
    void on_attempt(const AttemptReport& report) override {
        attempts.push_back({std::string(report.error), std::string(report.event_type),
                            std::string(report.origin), report.reason, report.age, report.delay});
    }
    void on_record(const LogRecord& record) override {
        records.push_back(record);
        messages.emplace_back(record.message);
    }
    std::vector<Seen> attempts;
    std::vector<LogRecord> records;
    std::vector<std::string> messages;
};

struct ReportsFixture : ServiceFixture {
    std::shared_ptr<Reports> reports = std::make_shared<Reports>();

    ReportsFixture() {
        running.reset();
        observer = reports;
        open();
    }
};

}  // namespace

TEST_CASE_METHOD(ReportsFixture, "an attempt is reported with its reason, type, origin and age") {
    subscribe();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.error = "refused", .reason = FailureReason::connect};
    });
    publish();
    settle();
    transport->respond_with_status(204);
    advance(7s);

    REQUIRE(reports->attempts.size() == 2);
    const Reports::Seen& first = reports->attempts[0];
    CHECK(first.error == "refused");
    CHECK(first.reason == FailureReason::connect);
    CHECK(first.event_type == "order.created");
    CHECK(first.origin == "https://hooks.example.com:443");
    CHECK(first.age == 0us);
    const Reports::Seen& second = reports->attempts[1];
    CHECK(second.error.empty());
    CHECK(second.reason == FailureReason::none);
    CHECK(second.age == 7s);
    CHECK(second.delay == 2s);
}

TEST_CASE_METHOD(ReportsFixture, "a record of a failing endpoint has its parts") {
    const SubscriptionId id = subscribe().id;
    transport->respond_with_status(500);
    publish();
    settle();
    REQUIRE_FALSE(reports->records.empty());
    const LogRecord& record = reports->records.back();
    CHECK(record.event == LogEvent::endpoint_failing);
    CHECK(to_string(record.event) == "endpoint_failing");
    CHECK(record.level == LogLevel::warning);
    CHECK(record.subscription == id);
    CHECK(record.status_code == 500);
    CHECK(record.reason == FailureReason::status);
    CHECK(reports->messages.back() ==
          "the endpoint of subscription 1 began to fail: endpoint responded with 500");
}

}  // namespace webhooks::testing
