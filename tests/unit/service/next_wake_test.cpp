#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A host that calls `run_once` when it is told to, and checks that this is correct.
struct HostLoop : ServiceFixture {
    /// Advances to the next time with something to do. @return how long that took.
    std::chrono::nanoseconds step() {
        settle();
        const SteadyTime now = clock->steady_now();
        const SteadyTime wake = service().next_wake().value();
        const auto pause = std::chrono::ceil<std::chrono::microseconds>(wake - now);
        if (pause > 1us) {
            clock->advance(pause - 1us);
            CHECK(service().run_once().value() == 0);
            CHECK(service().next_wake().value() == wake);
            clock->advance(1us);
        } else {
            clock->advance(pause);
        }
        CHECK(service().run_once().value() > 0);
        return pause;
    }
};

}  // namespace

TEST_CASE_METHOD(HostLoop, "there is nothing to do before next_wake, and something at it") {
    const Subscription subscription = subscribe();
    SECTION("nothing but heartbeats and maintenance") {}
    SECTION("retries") {
        transport->respond_with_status(500);
        publish();
    }
    SECTION("a delayed publication") {
        service()
            .publish(
                alice,
                {.event_type = "order.created", .payload = "{}", .deliver_at = clock->now() + 77s})
            .value();
    }
    SECTION("a rate limit") {
        SubscriptionChange change;
        change.rate_limit = 1;
        service().update_subscription(alice, subscription.id, change).value();
        for (int i = 0; i < 20; ++i)
            publish();
    }
    SECTION("a request in flight") {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        publish();
    }
    for (int i = 0; i < 300; ++i)
        step();
}

TEST_CASE_METHOD(HostLoop, "a host that follows next_wake delivers on time") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    const Time due = event(subscription.id, id).next_retry_at.value();
    while (transport->requests().size() < 2)
        step();
    CHECK(clock->now() == due);
}

TEST_CASE_METHOD(HostLoop, "an external event calls the host, and makes it wake at once") {
    const Subscription subscription = subscribe();
    settle();
    int calls = 0;
    CHECK(service().set_wake_callback([&calls] {
        ++calls;
        throw 7;
    }));
    CHECK(service().next_wake().value() > clock->steady_now());
    SECTION("a publication") {
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [](const Result<PublishReceipt>&) {});
    }
    SECTION("a deletion") {
        CHECK(service().delete_event(alice, subscription.id, publish()));
        calls = calls > 0 ? 1 : 0;
    }
    SECTION("a request to resend") {
        transport->respond_with_status(500);
        const EventId id = publish();
        settle();
        calls = 0;
        CHECK(service().retry_event(alice, subscription.id, id));
    }
    CHECK(calls > 0);
    CHECK(service().next_wake().value() == clock->steady_now());
    const int before = calls;
    settle();
    CHECK(calls == before);
    CHECK(service().set_wake_callback({}));
    service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                            [](const Result<PublishReceipt>&) {});
    CHECK(calls == before);
}

TEST_CASE_METHOD(HostLoop, "with start_storage run_once commits nothing, and publish works") {
    const Subscription subscription = subscribe();
    CHECK(service().start_storage());
    CHECK(service().check_ready().error() == Errc::unavailable);
    const EventId id = publish();
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!event(subscription.id, id).is_success && std::chrono::steady_clock::now() < end) {
        settle();
    }
    CHECK(event(subscription.id, id).is_success);
    CHECK(service().check_ready());
    CHECK(service().next_wake().value() <= clock->steady_now() + options.lease / 2);
    CHECK(service().start().error() == Errc::conflict);
    CHECK(service().wait_handle().error() == Errc::unsupported);
    CHECK(service().stop(0s));
    CHECK(service().next_wake().error() == Errc::stopped);
}

TEST_CASE_METHOD(HostLoop, "a service on its own threads has no next_wake") {
    CHECK(service().start());
    CHECK(service().next_wake().error() == Errc::conflict);
}

}  // namespace webhooks::testing
