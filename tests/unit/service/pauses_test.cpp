// Pauses that an endpoint asks for, and who keeps them.

#include <unit/service/two_workers.hpp>

namespace webhooks::testing {
namespace {

struct PausesFixture : TwoWorkersFixture {
    Subscription subscription;

    PausesFixture() {
        open_other();
        subscription = subscribe();
        settle_other();
    }

    static FakeTransport::Script wanting_an_hour() {
        return [](const OutgoingRequest&) {
            return TransportAnswer{
                .kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = "3600"};
        };
    }

    void publish_at_other() {
        other->publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
        settle_other();
    }

    void advance_both(std::chrono::seconds by) {
        for (auto passed = 0s; passed < by; passed += 2s) {
            clock->advance(2s);
            settle();
            settle_other();
        }
    }

    std::optional<Time> paused_until() {
        return shared->find_subscription(alice, subscription.id).value().paused_until;
    }
};

}  // namespace

TEST_CASE_METHOD(PausesFixture, "a pause that an endpoint asked for holds for every worker") {
    transport->respond(wanting_an_hour());
    publish();
    settle();
    advance_both(2s);
    publish_at_other();
    advance_both(3590s);
    CHECK(transport->requests().size() == 1);
    CHECK(other_transport->requests().empty());
    transport->respond_with_status(200);
    advance_both(20s);
    CHECK(count(subscription, "isSuccess eq true") == 2);
}

TEST_CASE_METHOD(PausesFixture, "what one worker finds out does not end another's pause") {
    other_transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish_at_other();
    REQUIRE(other_transport->requests().size() == 1);
    transport->respond(wanting_an_hour());
    publish();
    settle();
    const Time end = clock->now() + 1h;
    REQUIRE(paused_until() == end);
    answer_what_is_in_flight_at(*other_transport, GENERATE(500, 200, 503), GENERATE("", "60"));
    settle_other();
    CHECK(paused_until() == end);
    // Nor does a restart.
    transport->respond_with_status(200);
    reopen_on(shared);
    publish();
    settle();
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(PausesFixture, "a probe that has success ends the pause for every worker") {
    transport->respond(wanting_an_hour());
    const EventId id = publish();
    settle();
    advance_both(2s);
    publish_at_other();
    REQUIRE(other_transport->requests().empty());
    transport->respond_with_status(200);
    service().retry_event(alice, subscription.id, id).value();
    settle();
    CHECK_FALSE(paused_until());
    advance_both(4s);
    CHECK(other_transport->requests().size() == 1);
    CHECK(count(subscription, "isSuccess eq true") == 2);
}

TEST_CASE_METHOD(PausesFixture, "a probe that fails leaves the pause as it is") {
    other.reset();
    transport->respond(wanting_an_hour());
    const EventId id = publish("first");
    settle();
    publish("second");
    settle();
    transport->respond_with_status(500);
    service().retry_event(alice, subscription.id, id).value();
    settle();
    REQUIRE(transport->requests().size() == 2);
    advance(30min);
    CHECK(transport->requests().size() == 2);
    advance(31min);
    CHECK(transport->requests().size() > 2);
}

TEST_CASE_METHOD(PausesFixture, "a probe that sends nothing leaves the pause as it is") {
    other.reset();
    service().update_subscription(alice, subscription.id, {.max_retry_count = 0}).value();
    transport->respond_with_status(500);
    const Publication expiring{
        .event_type = "order.created", .payload = "{}", .expires_at = clock->now() + 30min};
    const EventId failed = service().publish(alice, expiring).value().event_ids.front();
    settle();
    transport->respond(wanting_an_hour());
    publish("asks for a pause");
    settle();
    publish("waits");
    const bool meets_local_error = GENERATE(true, false);
    if (meets_local_error) {
        transport->respond([](const OutgoingRequest&) {
            return TransportAnswer{.kind = TransportAnswer::Kind::not_sent, .error = "no ports"};
        });
    } else {
        advance(31min);
    }
    const int probes = meets_local_error ? 1 : 0;
    service().retry_event(alice, subscription.id, failed).value();
    settle();
    transport->respond_with_status(200);
    advance(20s);
    advance(20s);
    CHECK(std::ssize(transport->requests()) == 2 + probes);
    advance(1h);
    CHECK(count(subscription, "isSuccess eq true") == 1);
}

TEST_CASE_METHOD(PausesFixture,
                 "a probe that leaves during a request of an earlier version leaves the pause") {
    service().update_subscription(alice, subscription.id, {.max_retry_count = 0}).value();
    transport->respond_with_status(500);
    const EventId failed = publish();
    settle();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("in flight");
    settle();
    service().update_subscription(alice, subscription.id, {.name = "a later version"}).value();
    advance_both(2s);
    other_transport->respond(wanting_an_hour());
    publish_at_other();
    advance_both(2s);
    REQUIRE(paused_until());

    service().retry_event(alice, subscription.id, failed).value();
    settle();
    service().delete_event(alice, subscription.id, failed).value();
    settle();
    REQUIRE(transport->in_flight().size() == 1);
    REQUIRE(transport->answer(transport->in_flight().front(),
                              {.kind = TransportAnswer::Kind::answered, .status_code = 200}));
    transport->respond_with_status(200);
    settle();
    const std::size_t sent = transport->requests().size();
    publish("waits");
    advance_both(60s);
    CHECK(transport->requests().size() == sent);
}

TEST_CASE_METHOD(PausesFixture, "an event that was asked for breaks no pause that came later") {
    other.reset();
    service().update_subscription(alice, subscription.id, {.max_retry_count = 0}).value();
    transport->respond_with_status(500);
    const EventId failed = publish("failed");
    settle();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("one");
    publish("two");
    settle();
    REQUIRE(transport->in_flight().size() == 2);
    service().retry_event(alice, subscription.id, failed).value();
    settle();
    // It waits behind both, of which each asks for a pause: the second for a longer one.
    const auto both = transport->in_flight();
    for (const auto& [token, pause] : {std::pair(both[0], "600"), std::pair(both[1], "3600")}) {
        transport->answer(
            token,
            {.kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = pause});
        settle();
    }
    transport->respond_with_status(200);
    reopen_on(shared);
    advance(601s);
    advance(1s);
    CHECK(transport->requests().size() == 3);
    advance(3000s);
    CHECK(transport->requests().size() == 4);
}

}  // namespace webhooks::testing
