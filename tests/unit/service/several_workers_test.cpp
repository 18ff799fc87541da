// Several workers on one storage, each with its own clock.

#include <algorithm>
#include <functional>
#include <unit/service/two_workers.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A storage whose heartbeats can be slow, or end a worker without telling it.
class SlowStorage final : public ForwardingStorage {
public:
    SlowStorage(std::shared_ptr<Storage> inner, std::shared_ptr<ManualClock> clock)
        : ForwardingStorage(std::move(inner)), clock_(std::move(clock)) {}

    /// How long the next heartbeat waits for its result.
    std::chrono::milliseconds delay{0};
    /// Batches that a dead worker left, each of which takes four seconds.
    int left_behind = 0;
    std::function<void()> between_take_overs = [] {};
    WorkerId latest_worker{};
    int workers = 0;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override {
        Result<Worker> worker = ForwardingStorage::register_worker(lease);
        if (!worker) return worker;
        latest_worker = worker->id;
        ++workers;
        return worker;
    }
    Result<std::size_t> take_over(WorkerId self, std::size_t limit) override {
        if (left_behind == 0) return ForwardingStorage::take_over(self, limit);
        --left_behind;
        clock_->advance(4s);
        between_take_overs();
        return limit;
    }
    Result<Heartbeat> heartbeat(WorkerId self) override {
        Result<Heartbeat> answer = ForwardingStorage::heartbeat(self);
        clock_->advance(std::exchange(delay, 0ms));
        return answer;
    }

private:
    std::shared_ptr<ManualClock> clock_;
};

}  // namespace

TEST_CASE_METHOD(TwoWorkersFixture,
                 "a worker whose clock is fast still learns of changes in time") {
    // The storage's clock is `slow`; that of the fixture's worker gains 100 ppm on it.
    const auto slow = std::make_shared<ManualClock>();
    const std::shared_ptr<Storage> behind = make_memory_storage(slow);
    reopen_on(behind);
    const Subscription subscription = subscribe();
    service().update_subscription(alice, subscription.id, {.max_retry_count = 100}).value();
    transport->respond_with_status(500);
    publish();
    // It is driven exactly when it asks for it: each time a little too early by storage's time.
    const SteadyTime began = clock->steady_now();
    const auto go_on_until = [&, slow_began = slow->steady_now()](SteadyTime end) {
        settle();
        while (clock->steady_now() < end) {
            const auto wait = service().next_wake().value() - clock->steady_now();
            clock->advance(std::chrono::ceil<std::chrono::microseconds>(
                std::max<std::chrono::nanoseconds>(wait, 1us)));
            const SteadyTime slow_now = slow_began + (clock->steady_now() - began) / 10000 * 9999;
            slow->advance(
                std::chrono::floor<std::chrono::microseconds>(slow_now - slow->steady_now()));
            settle();
        }
    };
    go_on_until(clock->steady_now() + 10s);
    REQUIRE(requests_to("/a") > 5);

    behind->update_subscription(alice, subscription.id, {.url = "https://hooks.example.com/moved"})
        .value();
    go_on_until(clock->steady_now() + options.heartbeat_interval);
    const std::size_t before = requests_to("/a");
    go_on_until(clock->steady_now() + 10s);
    CHECK(requests_to("/a") == before);
    CHECK(requests_to("/moved") > 5);
}

TEST_CASE_METHOD(TwoWorkersFixture, "batches in doubt do not keep a worker from checking others") {
    const auto faulty = std::make_shared<FaultyStorage>(shared);
    reopen_on(faulty);
    subscribe();
    const std::size_t looks = faulty->calls(ForwardingStorage::Call::take_over);
    for (int second = 0; second < 10; ++second) {
        faulty->break_calls({.only = ForwardingStorage::Call::write});
        CHECK_FALSE(service().publish(alice, {.event_type = "order.created", .payload = "{}"}));
        for (int i = 0; i < 10; ++i)
            advance(100ms);
    }
    CHECK(faulty->calls(ForwardingStorage::Call::take_over) >= looks + 4);
}

TEST_CASE_METHOD(TwoWorkersFixture,
                 "a worker that takes over many events sends heartbeats meanwhile") {
    open_other();
    const auto slow = std::make_shared<SlowStorage>(shared, clock);
    slow->left_behind = 10;
    slow->between_take_overs = [&] { settle_other(); };
    reopen_on(slow);
    settle();
    CHECK(slow->left_behind == 0);
    CHECK(slow->workers == 1);
}

TEST_CASE_METHOD(TwoWorkersFixture,
                 "a slow answer to a heartbeat does not set a worker's time back") {
    const auto slow = std::make_shared<SlowStorage>(shared, clock);
    reopen_on(slow);
    subscribe();
    publish();
    settle();
    slow->delay = 1500ms;
    advance(options.heartbeat_interval);
    publish();
    settle();
    REQUIRE(transport->requests().size() == 2);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(clock->now().time_since_epoch());
    CHECK(transport->requests().back().webhook_timestamp == std::to_string(seconds.count()));
}

TEST_CASE_METHOD(TwoWorkersFixture, "no caller learns that a worker was fenced") {
    const auto slow = std::make_shared<SlowStorage>(shared, clock);
    reopen_on(slow);
    const Subscription subscription = subscribe();
    settle();
    shared->retire_worker(slow->latest_worker).value();
    SECTION("a publisher") {
        const Publication publication{.event_type = "order.created", .payload = "{}"};
        const auto rejected = service().publish(alice, publication);
        CHECK(rejected.error() == Errc::unavailable);
        advance(1s);
        CHECK(service().publish(alice, publication));
    }
    SECTION("a publisher of a batch") {
        const auto rejected =
            service().publish_batch(alice, {{.event_type = "order.created", .payload = "{}"}});
        CHECK(rejected.error() == Errc::unavailable);
    }
    SECTION("a sender of a test event") {
        const auto rejected = service().send_test_event(alice, subscription.id);
        CHECK(rejected.error() == Errc::unavailable);
    }
    SECTION("a caller of stop") {
        CHECK(service().stop(0ms));
    }
}

// ---- What a worker does not know yet.

TEST_CASE_METHOD(TwoWorkersFixture,
                 "an event of a subscription that is new to its worker is sent") {
    open_other();
    look_at_due_in(1s);
    const Subscription fresh =
        other
            ->create_subscription(alice, {.name = "new",
                                          .event_type = "order.created",
                                          .url = "https://hooks.example.com/new"})
            .value();
    publish_later(1s);
    advance(1s);
    CHECK(requests_to("/new") == 1);
    CHECK(count(fresh, "isSuccess eq true") == 1);
}

TEST_CASE_METHOD(TwoWorkersFixture,
                 "an event of a subscription that its worker takes for inactive is sent") {
    const auto faulty = std::make_shared<FaultyStorage>(shared);
    reopen_on(faulty);
    open_other();
    const Subscription subscription = subscribe();
    service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    look_at_due_in(1s);
    other->update_subscription(alice, subscription.id, {.is_active = true}).value();
    SECTION("at once") {}
    SECTION("once changes can be read") {
        faulty->break_calls({.only = ForwardingStorage::Call::configuration});
    }
    publish_later(1s);
    advance(1s);
    advance(500ms);
    CHECK(requests_to("/a") == 1);
    CHECK(count(subscription, "isSuccess eq true") == 1);
}

TEST_CASE_METHOD(TwoWorkersFixture, "an event that is deleted at another worker is not sent") {
    open_other();
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("in flight");
    const EventId waiting = publish("waiting");
    settle();
    REQUIRE(transport->requests().size() == 1);
    SECTION("while it waits in memory") {}
    SECTION("after it got a row, too") {
        advance(10s);
    }
    other->delete_event(alice, subscription.id, waiting).value();
    advance(options.heartbeat_interval);
    transport->respond_with_status(200);
    answer_what_is_in_flight(200);
    CHECK(transport->requests().size() == 1);
    CHECK(count(subscription, "isSuccess eq true") == 1);
}

}  // namespace webhooks::testing
