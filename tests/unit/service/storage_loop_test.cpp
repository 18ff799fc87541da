#include <service/storage_loop.hpp>
#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

/// As a real clock: it has moved each time that it is read.
class TickingClock final : public Clock {
public:
    Time now() const override { return Time(std::chrono::hours(500'000)) + tick(); }
    SteadyTime steady_now() const override { return SteadyTime(1000s) + tick(); }

private:
    std::chrono::microseconds tick() const { return std::chrono::microseconds(++ticks_); }

    mutable std::atomic<std::int64_t> ticks_{0};
};

/// A storage loop on a storage that breaks when told to.
struct LoopFixture {
    LoopFixture() {
        REQUIRE(storage->upsert_event_type({.name = "order.created", .description = ""}));
        insert_order_subscription(*storage);
        REQUIRE(loop.open({}));
        settle();
    }

    void settle() {
        while (loop.step() > 0) {
        }
    }
    void publish(std::optional<Time> due = {}) {
        Submission submission = submission_of_order(receipts, due);
        REQUIRE(loop.submit(submission));
    }

    ServiceOptions options;
    std::shared_ptr<Clock> clock = std::make_shared<TickingClock>();
    std::shared_ptr<FaultyStorage> storage =
        std::make_shared<FaultyStorage>(make_memory_storage(clock));
    std::shared_ptr<ReportingObserver> observer = std::make_shared<ReportingObserver>();
    SubscriptionIndex index{{}};
    delivery::MemoryBudget budget{options};
    Inbox inbox{budget, [] {}};
    StorageLoop loop{{.storage = storage,
                      .clock = clock,
                      .observer = observer,
                      .metrics = std::make_shared<metrics::ServiceMetrics>(),
                      .options = options,
                      .index = index,
                      .inbox = inbox,
                      .budget = budget}};
    std::vector<Result<PublishReceipts>> receipts;
};

}  // namespace

TEST_CASE_METHOD(LoopFixture, "what is due is done although time passes while the loop decides") {
    publish(loop.now());
    CHECK(loop.wake_at() == SteadyTime::min());
    settle();
    CHECK(receipts.size() == 1);
    CHECK(inbox.take().events.size() == 1);
    CHECK(loop.wake_at() > clock->steady_now());
}

TEST_CASE_METHOD(LoopFixture,
                 "a worker that another one took over continues under a new identity") {
    const std::uint64_t epoch = inbox.take().epoch;
    publish();
    const Worker lost = storage->register_worker(options.lease).value();
    REQUIRE(storage->retire_worker(lost.id));
    // Workers are numbered: this loop's is the one before.
    REQUIRE(storage->retire_worker({lost.id.value - 1}));
    loop.step();
    REQUIRE(receipts.size() == 1);
    CHECK(receipts.front().error() == Errc::unavailable);
    CHECK(inbox.take().epoch == epoch + 1);
    CHECK(loop.holds_lease());
    CHECK(std::ranges::count(observer->events, LogEvent::lease_lost) == 1);
}

TEST_CASE_METHOD(LoopFixture, "a loop that failed retires before it registers again") {
    const std::size_t registered = storage->calls(Call::register_worker);
    loop.force_reregister();
    loop.step();
    CHECK(storage->calls(Call::retire_worker) == 1);
    CHECK(storage->calls(Call::register_worker) == registered + 1);
    CHECK(loop.holds_lease());
}

TEST_CASE_METHOD(LoopFixture, "while storage does not respond publications are rejected") {
    storage->break_calls({.count = FaultyStorage::indefinitely});
    publish();
    loop.step();
    publish();
    loop.step();
    REQUIRE(receipts.size() == 2);
    CHECK(receipts[1].error().detail() ==
          "storage does not respond (storage was set to fail); try again later");
    CHECK(receipts[0].error() == Errc::unavailable);
    CHECK(receipts[1].error() == Errc::unavailable);
    CHECK_FALSE(loop.is_healthy());
    storage->repair();
}

TEST_CASE_METHOD(LoopFixture, "closing writes what waits and returns the worker's events") {
    publish();
    loop.reject_new();
    Submission late;
    CHECK(loop.submit(late).error() == Errc::stopped);
    REQUIRE(loop.close());
    REQUIRE(receipts.size() == 1);
    CHECK(receipts.front());
    CHECK(storage->calls(Call::retire_worker) == 1);
    CHECK(loop.step() == 0);
}

}  // namespace webhooks::service
