#include "fixture.hpp"

#include <utility>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

namespace {

/// Records the worker's low-water mark.
struct MarkedStorage : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;
    Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
        low_water = batch.low_water;
        return ForwardingStorage::write(worker, batch);
    }
    EventId low_water{};
};

struct RetentionFixture : ServiceFixture {
    RetentionFixture() {
        running.reset();
        options.retention = 24h;
        open();
    }

    std::int64_t log_size(SubscriptionId id) {
        return service().events(alice, id, {}).value().total.value();
    }
};

}  // namespace

TEST_CASE_METHOD(RetentionFixture,
                 "delivered events are deleted once they are older than the retention") {
    const SubscriptionId id = subscribe().id;
    for (int i = 0; i < 300; ++i) {
        publish();
    }
    settle();
    REQUIRE(transport->requests().size() == 300);
    advance(23h);
    const EventId young = publish();
    settle();
    CHECK(log_size(id) == 301);
    advance(1h + 1min);
    CHECK(log_size(id) == 1);
    CHECK(event(id, young).is_success);
    advance(24h);
    CHECK(log_size(id) == 0);
}

TEST_CASE_METHOD(RetentionFixture,
                 "an event that is retried for longer than events are kept ends") {
    const SubscriptionId id = subscribe().id;
    transport->respond_with_status(503);
    const EventId failing = publish();
    settle();
    for (int hour = 0; hour < 72; ++hour) {
        advance(1h);
    }
    CHECK(log_size(id) == 1);
    CHECK_FALSE(event(id, failing).is_success);
    transport->respond_with_status(200);
    for (int hour = 0; hour < 48; ++hour) {
        advance(1h);
    }
    CHECK(log_size(id) == 0);
}

TEST_CASE_METHOD(ServiceFixture, "without a retention all events are kept") {
    const SubscriptionId id = subscribe().id;
    publish();
    settle();
    advance(1000 * 24h);
    advance(1000 * 24h);
    CHECK(service().events(alice, id, {}).value().total == 1);
}

TEST_CASE_METHOD(ServiceFixture, "a service that publishes nothing reports that it holds nothing") {
    subscribe();
    const auto watched = std::make_shared<MarkedStorage>(storage);
    WebhookService idle = WebhookService::open({.storage = watched,
                                                .transport = std::make_shared<FakeTransport>(),
                                                .clock = clock,
                                                .observer = observer},
                                               options)
                              .value();
    const EventId newest = publish();
    settle();
    for (int i = 0; i < 2; ++i) {
        clock->advance(1min);
        while (idle.run_once().value() > 0) {
        }
    }
    CHECK(watched->low_water == newest);
}

namespace {

/// Rejects the next write, when told to.
struct RejectingStorage : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;
    Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
        if (std::exchange(rejects, false)) return Error(Errc::unavailable, "rejected");
        return ForwardingStorage::write(worker, batch);
    }
    bool rejects = false;
};

/// An observer that makes writing the log take a while.
struct SlowObserver : Observer {
    explicit SlowObserver(std::shared_ptr<ManualClock> shared) : time(std::move(shared)) {}
    void on_log(LogLevel, std::string_view) noexcept override { time->advance(600ms); }
    std::shared_ptr<ManualClock> time;
};

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "maintenance right after a failed write loses no result") {
    running.reset();
    const auto rejecting = std::make_shared<RejectingStorage>(storage);
    storage = rejecting;
    observer = std::make_shared<SlowObserver>(clock);
    open();
    const SubscriptionId id = subscribe().id;
    const EventId delivered = publish();
    service().run_once().value();
    REQUIRE(transport->requests().size() == 1);
    clock->advance(61s);
    rejecting->rejects = true;
    settle();
    advance(1s);
    REQUIRE_FALSE(rejecting->rejects);
    CHECK(service().event(alice, id, delivered).value().attempts.size() == 1);
    CHECK(transport->requests().size() == 1);
}

}  // namespace webhooks::testing
