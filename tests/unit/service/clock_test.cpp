#include <unit/service/fixture.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

TEST_CASE_METHOD(ServiceFixture,
                 "a clock that is set a day ahead loses nothing and repeats nothing") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    clock->jump(24h);
    transport->respond_with_status(200);
    advance(options.heartbeat_interval);
    CHECK(transport->requests().size() == 2);
    CHECK(event(subscription.id, id).is_success);
    advance(1h);
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(ServiceFixture,
                 "a clock that is set back delays by the same amount, without a busy loop") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    const Time due = event(subscription.id, id).next_retry_at.value();
    clock->jump(-24h);
    transport->respond_with_status(200);
    advance(5s);
    // Nothing to do, although the service itself thinks that the event is due.
    CHECK(service().run_once().value() == 0);
    CHECK(transport->requests().size() == 1);
    advance(24h - 1s);
    advance(1s);
    CHECK(transport->requests().size() == 2);
    CHECK(clock->now() >= due);
    CHECK(event(subscription.id, id).is_success);
}

TEST_CASE_METHOD(ServiceFixture, "setting a clock does not make a living worker expire") {
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId id = publish();
    settle();
    auto other_transport = std::make_shared<FakeTransport>();
    WebhookService other =
        WebhookService::open({.storage = storage, .transport = other_transport, .clock = clock},
                             options)
            .value();
    const auto all_go_on = [&](int seconds) {
        for (int second = 0; second < seconds; ++second) {
            clock->advance(1s);
            settle();
            while (other.run_once().value() > 0) {
            }
        }
    };
    all_go_on(15);
    clock->jump(GENERATE(24h, -24h));
    all_go_on(15);
    CHECK(other_transport->requests().empty());
    REQUIRE(transport->answer(transport->in_flight().front(),
                              {.kind = TransportAnswer::Kind::answered, .status_code = 200}));
    settle();
    CHECK(event(subscription.id, id).is_success);
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(ServiceFixture,
                 "two services whose clocks are ten minutes apart agree on what is due") {
    // The fixture's storage has `clock`; the other service's machine is ten minutes ahead or
    // behind.
    const auto wrong = std::make_shared<ManualClock>();
    wrong->jump(GENERATE(10min, -10min));
    auto other_transport = std::make_shared<FakeTransport>();
    WebhookService other =
        WebhookService::open({.storage = storage, .transport = other_transport, .clock = wrong},
                             options)
            .value();
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    other_transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    int seconds = 0;
    while (transport->requests().size() + other_transport->requests().size() < 2 && seconds < 60) {
        clock->advance(1s);
        wrong->advance(1s);
        settle();
        while (other.run_once().value() > 0) {
        }
        ++seconds;
    }
    CHECK(seconds >= 5);
    CHECK(seconds <= 7);
    CHECK(event(subscription.id, id).retry_count == 1);
}

}  // namespace webhooks::testing
