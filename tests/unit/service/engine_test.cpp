#include <service/engine.hpp>
#include <service/inside.hpp>
#include <unit/service/storage_parts.hpp>
#include <webhooks/random.hpp>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::service {
namespace {

/// An engine that its test runs: it has no thread.
struct EngineFixture {
    EngineFixture() {
        REQUIRE(storage->upsert_event_type({.name = "order.created", .description = ""}));
        insert_order_subscription(*storage);
        REQUIRE(engine.open(self));
        settle();
    }

    void settle() {
        while (engine.run_once().value() > 0) {
        }
    }
    Result<> publish() { return engine.submit(submission_of_order(receipts)); }

    const std::shared_ptr<void> self = std::make_shared<int>();
    const ServiceOptions options;
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<FaultyStorage> storage =
        std::make_shared<FaultyStorage>(make_memory_storage(clock));
    std::shared_ptr<testing::FakeTransport> transport =
        std::make_shared<testing::FakeTransport>(clock);
    std::shared_ptr<ReportingObserver> observer = std::make_shared<ReportingObserver>();
    SubscriptionIndex index{{}};
    std::vector<Result<PublishReceipts>> receipts;
    Engine engine{{.storage = storage,
                   .transport = transport,
                   .clock = clock,
                   .observer = observer,
                   .random = system_random()},
                  TransportClaim::take(*transport).value(),
                  options,
                  index,
                  std::make_shared<metrics::ServiceMetrics>()};
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "one run writes what was published, and sends it") {
    REQUIRE(publish());
    CHECK(receipts.empty());
    CHECK(engine.run_once().value() > 0);
    REQUIRE(receipts.size() == 1);
    CHECK(receipts.front());
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(EngineFixture,
                 "a caller that waits for its receipt drives storage, and leaves delivery alone") {
    Submission submission = submission_of_order(receipts);
    const Result<PublishReceipts> receipt = engine.submit_and_wait(std::move(submission));
    REQUIRE(receipt);
    CHECK(receipt->size() == 1);
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(EngineFixture, "calls that wait for the engine's work are rejected inside it") {
    const Inside inside(&engine);
    CHECK(engine.run_once().error() == Errc::invalid_state);
    CHECK(engine.next_wake().error() == Errc::invalid_state);
    CHECK(engine.start(nullptr).error() == Errc::invalid_state);
    CHECK(engine.stop(0s).error() == Errc::invalid_state);
    CHECK(engine.abandon().error() == Errc::invalid_state);
    CHECK(engine.submit_and_wait({}).error() == Errc::invalid_state);
    CHECK(publish());
}

TEST_CASE_METHOD(EngineFixture, "an engine without work is called next at the heartbeat") {
    const SteadyTime now = clock->steady_now();
    const SteadyTime wake = engine.next_wake().value();
    CHECK(wake > now);
    CHECK(wake < now + options.lease);
    REQUIRE(publish());
    CHECK(engine.next_wake().value() == now);
}

TEST_CASE_METHOD(EngineFixture, "a stopped engine has written what waited, and does nothing more") {
    REQUIRE(publish());
    REQUIRE(engine.stop(0s));
    REQUIRE(receipts.size() == 1);
    CHECK(receipts.front());
    CHECK(storage->calls(Call::retire_worker) == 1);
    CHECK(publish().error() == Errc::stopped);
    CHECK(engine.run_once().error() == Errc::stopped);
    CHECK(engine.next_wake().error() == Errc::stopped);
    CHECK(engine.start(nullptr).error() == Errc::stopped);
    CHECK(engine.check_ready().error() == Errc::stopped);
    CHECK(engine.stop(0s));
}

TEST_CASE_METHOD(EngineFixture,
                 "an abandoned engine leaves its identity for others to find expired") {
    REQUIRE(engine.abandon());
    CHECK(storage->calls(Call::retire_worker) == 0);
    CHECK(engine.run_once().error() == Errc::stopped);
}

TEST_CASE_METHOD(EngineFixture, "an engine is ready while it is run and storage responds") {
    CHECK(engine.check_ready());
    storage->break_calls({.count = FaultyStorage::indefinitely});
    REQUIRE(publish());
    static_cast<void>(engine.run_once().value());
    CHECK(engine.check_ready().error().detail() == "storage does not respond");
    storage->repair();
    clock->advance(1s);
    settle();
    CHECK(engine.check_ready());
    clock->advance(options.lease);
    CHECK(engine.check_ready().error() == Errc::unavailable);
}

TEST_CASE_METHOD(EngineFixture,
                 "the wake callback is called for work from outside, not from a run") {
    int calls = 0;
    engine.set_wake_callback([&] { ++calls; });
    REQUIRE(publish());
    CHECK(calls > 0);
    calls = 0;
    settle();
    CHECK(calls == 0);
    engine.set_wake_callback([] { throw 1; });
    CHECK(publish());
    CHECK(std::ranges::count(observer->events, LogEvent::callback_failed) == 2);
}

}  // namespace webhooks::service
