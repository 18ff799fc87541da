#include <service/delivery_loop.hpp>
#include <stdexcept>
#include <unit/service/storage_parts.hpp>
#include <webhooks/random.hpp>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::service {
namespace {

/// As a host's transport that is broken: it throws instead of doing anything.
class ThrowingTransport final : public Transport {
public:
    void start(Token, OutgoingRequest) override { ++started; }
    void run(SteadyTime, Sink&) override { throw std::runtime_error("broken"); }
    void wake() noexcept override {}
    void cancel_all() override { ++cancelled; }

    int started = 0;
    int cancelled = 0;
};

/// Delivery and storage of one worker, without threads.
struct DeliveryLoopFixture {
    DeliveryLoopFixture() {
        REQUIRE(storage->upsert_event_type({.name = "order.created", .description = ""}));
        subscription = insert_order_subscription(*storage);
        REQUIRE(storing.open({}));
        store();
    }

    void store() {
        while (storing.step() > 0) {
        }
    }
    EventId publish() {
        std::vector<Result<PublishReceipts>> receipts;
        Submission submission = submission_of_order(receipts);
        REQUIRE(storing.submit(submission));
        store();
        REQUIRE(receipts.size() == 1);
        return receipts.front().value().front().event_ids.front();
    }
    EventHistory history(EventId id) {
        return storage->find_event(Principal::user("alice"), subscription, id).value();
    }
    DeliveryLoop loop_with(std::shared_ptr<Transport> used) {
        return {{.transport = std::move(used),
                 .clock = clock,
                 .observer = observer,
                 .random = system_random(),
                 .metrics = metrics},
                options,
                index,
                inbox,
                storing,
                budget};
    }

    const ServiceOptions options;
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<Storage> storage = make_memory_storage(clock);
    std::shared_ptr<ReportingObserver> observer = std::make_shared<ReportingObserver>();
    std::shared_ptr<metrics::ServiceMetrics> metrics = std::make_shared<metrics::ServiceMetrics>();
    std::shared_ptr<testing::FakeTransport> transport =
        std::make_shared<testing::FakeTransport>(clock);
    SubscriptionIndex index{{}};
    delivery::MemoryBudget budget{options};
    Inbox inbox{budget, [] {}};
    StorageLoop storing{{.storage = storage,
                         .clock = clock,
                         .observer = observer,
                         .metrics = metrics,
                         .options = options,
                         .index = index,
                         .inbox = inbox,
                         .budget = budget}};
    SubscriptionId subscription{};
};

}  // namespace

TEST_CASE_METHOD(DeliveryLoopFixture,
                 "what was committed is attempted in the next turn, and its result is stored") {
    DeliveryLoop loop = loop_with(transport);
    const EventId id = publish();
    CHECK(history(id).attempts.empty());
    CHECK(loop.turn(false) > 0);
    CHECK(transport->requests().size() == 1);
    store();
    REQUIRE(history(id).attempts.size() == 1);
    CHECK(history(id).attempts.front().outcome == Outcome::delivered);
    CHECK(loop.turn(false) == 0);
    CHECK(loop.in_flight() == 0);
}

TEST_CASE_METHOD(DeliveryLoopFixture, "a retry is made when it is due, and no turn before") {
    REQUIRE(storage->update_subscription(Principal::user("alice"), subscription,
                                         {.max_retry_count = 1}));
    REQUIRE(storing.refresh());
    DeliveryLoop loop = loop_with(transport);
    transport->respond_with_status(503);
    publish();
    loop.turn(false);
    store();
    loop.turn(false);
    CHECK(transport->requests().size() == 1);
    const SteadyTime next = std::min(loop.next_wake(), storing.wake_at());
    REQUIRE(next > clock->steady_now());
    for (int seconds = 0; seconds < 120 && transport->requests().size() == 1; ++seconds) {
        clock->advance(1s);
        store();
        loop.turn(false);
    }
    CHECK(transport->requests().size() == 2);
    CHECK(clock->steady_now() >= next);
}

TEST_CASE_METHOD(DeliveryLoopFixture, "nothing is sent after the lease has expired") {
    DeliveryLoop loop = loop_with(transport);
    publish();
    clock->advance(options.lease);
    loop.turn(false);
    CHECK(transport->requests().empty());
    store();
    loop.turn(false);
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(DeliveryLoopFixture, "a transport that throws ends its attempts and needs rest") {
    const auto broken = std::make_shared<ThrowingTransport>();
    DeliveryLoop loop = loop_with(broken);
    publish();
    loop.turn(false);
    CHECK(broken->started == 1);
    CHECK(broken->cancelled == 1);
    CHECK(loop.needs_rest());
    CHECK(loop.in_flight() == 0);
    CHECK(std::ranges::count(observer->events, LogEvent::transport_failed) == 1);
}

}  // namespace webhooks::service
