#include <thread>
#include <unit/service/resend_fixture.hpp>

namespace webhooks::testing {

TEST_CASE_METHOD(ResendFixture, "an event is shown with each of its attempts") {
    change({.max_retry_count = 1});
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 503, .body = "busy"};
    });
    const EventId id = publish();
    settle();
    transport->respond([](const OutgoingRequest&) { return TransportAnswer{.error = "refused"}; });
    advance(5s);

    const EventHistory found = history(id);
    CHECK(found.event.id == id);
    CHECK(found.event.error_message == "refused");
    REQUIRE(found.attempts.size() == 2);
    const Attempt& first = found.attempts[0];
    CHECK(first.number == 1);
    CHECK(first.sent_at == clock->now() - 5s);
    CHECK(first.status_code == 503);
    CHECK(first.response == "busy");
    CHECK(first.error_message == "endpoint responded with 503");
    CHECK(first.outcome == Outcome::retry);
    const Attempt& second = found.attempts[1];
    CHECK(second.number == 2);
    CHECK(second.sent_at == clock->now());
    CHECK_FALSE(second.status_code);
    CHECK(second.outcome == Outcome::exhausted);
}

TEST_CASE_METHOD(ResendFixture, "a failed event is resent at once, with the same id") {
    const EventId id = fail();
    transport->respond_with_status(200);
    const Event waiting = retry(id).value();
    CHECK(waiting.id == id);
    CHECK(waiting.next_retry_at == clock->now());
    settle();
    const auto requests = transport->requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].webhook_id == requests[1].webhook_id);
    CHECK(history(id).event.is_success);
    CHECK(history(id).attempts.back().number == 2);
}

TEST_CASE_METHOD(ResendFixture, "a delivered event is resent and is not a success until then") {
    const EventId id = publish();
    settle();
    CHECK_FALSE(retry(id).value().is_success);
    settle();
    CHECK(transport->requests().size() == 2);
    CHECK(history(id).event.is_success);
}

TEST_CASE_METHOD(ResendFixture, "an event that waits for its retry does not wait any longer") {
    change({.max_retry_count = 9});
    const EventId id = fail();
    CHECK(retry(id).value().next_retry_at == clock->now());
    settle();
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(ResendFixture, "a delayed event is sent before its time on request") {
    const EventId id = service()
                           .publish(alice, {.event_type = "order.created",
                                            .payload = "{}",
                                            .deliver_at = clock->now() + 1h})
                           .value()
                           .event_ids.front();
    settle();
    CHECK(transport->requests().empty());
    retry(id).value();
    settle();
    CHECK(history(id).event.is_success);
}

TEST_CASE_METHOD(
    ResendFixture,
    "a retry of an event that was never attempted says when its endpoint's pause ends") {
    change({.max_retry_count = 9});
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = "3600"};
    });
    const EventId attempted = publish();
    settle();
    const Time end = clock->now() + 1h;
    const EventId waiting = publish();
    settle();
    REQUIRE(transport->requests().size() == 1);

    CHECK(retry(waiting).value().next_retry_at == end);
    settle();
    CHECK(transport->requests().size() == 1);
    CHECK(history(waiting).event.next_retry_at == end);
    SECTION("until an event that was attempted is the probe") {
        transport->respond_with_status(200);
        CHECK(retry(attempted).value().next_retry_at == clock->now());
        settle();
        CHECK(history(attempted).event.is_success);
    }
    SECTION("or until the pause is over") {
        transport->respond_with_status(200);
        advance(1h);
        CHECK(history(waiting).event.is_success);
    }
    SECTION("but not of a test event, which no pause holds back") {
        const EventId test = service().send_test_event(alice, subscription.id).value();
        settle();
        CHECK(retry(test).value().next_retry_at == clock->now());
    }
}

TEST_CASE_METHOD(ResendFixture, "an event in flight is a conflict") {
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId id = publish();
    settle();
    CHECK(retry(id).error() == Errc::conflict);
    CHECK(retry(id).error().detail() == "the event is being delivered");
}

TEST_CASE_METHOD(ResendFixture, "an inactive subscription gets only test events resent") {
    const EventId id = fail();
    const EventId test = service().send_test_event(alice, subscription.id).value();
    settle();
    change({.is_active = false});
    CHECK(retry(id).error() == Errc::conflict);
    CHECK(retry(id).error().detail() == "the subscription is not active: activate it first");
    CHECK(service().recover(alice, subscription.id, Time{}).error() == Errc::conflict);
    CHECK(retry(test));
    settle();
    CHECK(transport->requests().size() == 3);
}

TEST_CASE_METHOD(ResendFixture, "a started service resends without waiting for its heartbeat") {
    options.heartbeat_interval = 1h;
    options.lease = 10h;
    running.reset();
    open();
    const EventId id = fail();
    service().start().value();
    transport->respond_with_status(200);
    retry(id).value();
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!history(id).event.is_success) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::yield();
    }
    service().stop(10s).value();
}

TEST_CASE_METHOD(ResendFixture, "a resent event has a full set of attempts") {
    change({.max_retry_count = 1});
    const EventId id = fail();
    advance(5s);
    REQUIRE(history(id).attempts.back().outcome == Outcome::exhausted);
    SECTION("by a retry") {
        retry(id).value();
    }
    SECTION("by a recovery") {
        recover();
    }
    settle();
    CHECK(history(id).attempts.back().outcome == Outcome::retry);
    CHECK(history(id).event.next_retry_at == clock->now() + 5s);
    advance(5s);
    REQUIRE(history(id).attempts.size() == 4);
    CHECK(history(id).attempts.back().number == 4);
    CHECK(history(id).attempts.back().outcome == Outcome::exhausted);
}

TEST_CASE_METHOD(ResendFixture, "a resent event goes before others, even during a pause") {
    const EventId failed = fail();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 503, .retry_after = "3600"};
    });
    for (int i = 0; i < 5; ++i)
        publish(std::to_string(i));
    settle();
    const std::size_t before = transport->requests().size();
    transport->respond_with_status(200);
    advance(10s);
    REQUIRE(transport->requests().size() == before);

    retry(failed).value();
    settle();
    CHECK(history(failed).event.is_success);
    REQUIRE(transport->requests().size() > before);
    CHECK(transport->requests()[before].webhook_id == transport->requests()[0].webhook_id);
    // The probe succeeded: the pause also ends for the others.
    CHECK(service().statistics(alice, subscription.id).value().waiting == 0);
}

TEST_CASE_METHOD(ResendFixture, "no user reaches another's subscription, nor an absent one") {
    const EventId id = fail();
    const auto [who, which, what] = GENERATE_REF(table<Principal, SubscriptionId, EventId>({
        {bob, subscription.id, id},
        {alice, SubscriptionId{99}, id},
    }));
    CHECK(service().event(who, which, what).error() == Errc::not_found);
    CHECK(service().retry_event(who, which, what).error() == Errc::not_found);
    CHECK(service().recover(who, which, Time{}).error() == Errc::not_found);
    CHECK(service().rotate_secret(who, which, {}, -1s).error() == Errc::not_found);
    CHECK(service().statistics(who, which).error() == Errc::not_found);
    CHECK(service().event(alice, subscription.id, {99}).error() == Errc::not_found);
    CHECK(retry({99}).error() == Errc::not_found);
    CHECK(service().event(admin, subscription.id, id));
    CHECK(service().retry_event(admin, subscription.id, id));
}

}  // namespace webhooks::testing
