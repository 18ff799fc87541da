#include <algorithm>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

std::string signature_verdict(const Subscription& subscription, const OutgoingRequest& request,
                              Time now) {
    const Result<> verdict = verify(subscription.secret,
                                    {.id = request.webhook_id,
                                     .timestamp = request.webhook_timestamp,
                                     .signature = request.webhook_signature,
                                     .body = *request.body},
                                    now);
    return verdict ? "verified" : verdict.error().detail();
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "a published event is delivered signed, and the log says so") {
    const Subscription subscription = subscribe();
    const EventId id = publish(R"({"order": 7})");
    settle();

    REQUIRE(transport->requests().size() == 1);
    const OutgoingRequest request = transport->requests().front();
    CHECK(*request.body == R"({"order": 7})");
    CHECK(request.content_type == "application/json");
    CHECK(request.target->url.host() == "hooks.example.com");
    CHECK(signature_verdict(subscription, request, clock->now()) == "verified");

    const Event logged = event(subscription.id, id);
    CHECK(logged.is_success);
    CHECK(logged.status_code == 200);
    CHECK(logged.retry_count == 0);
    CHECK(logged.sent_at == clock->now());
    CHECK_FALSE(logged.next_retry_at);
    CHECK_FALSE(logged.error_message);
}

TEST_CASE_METHOD(ServiceFixture,
                 "a failing event is retried by the schedule until it is exhausted") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    const Time start = clock->now();

    std::vector<std::chrono::seconds> pauses;
    while (const std::optional<Time> due = event(subscription.id, id).next_retry_at) {
        const Time before = clock->now();
        clock->advance(*due - before - 1us);
        settle();
        const std::size_t requests = transport->requests().size();
        advance(1us);
        REQUIRE(transport->requests().size() == requests + 1);
        pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(*due - before));
    }

    CHECK(pauses == options.retry_schedule);
    const Event logged = event(subscription.id, id);
    CHECK_FALSE(logged.is_success);
    CHECK(logged.retry_count == 9);
    CHECK(logged.status_code == 500);
    CHECK(logged.error_message == "endpoint responded with 500");
    CHECK(clock->now() - start > 48h);
    const auto requests = transport->requests();
    CHECK(std::ranges::all_of(requests, [&](const OutgoingRequest& request) {
        return request.webhook_id == requests.front().webhook_id;
    }));
    CHECK(signature_verdict(subscription, requests.back(), clock->now()) == "verified");
}

TEST_CASE_METHOD(ServiceFixture, "maxRetryCount limits the schedule and zero means one attempt") {
    const int count = GENERATE(0, 2, 12);
    options.deactivate_after = 0s;
    running.reset();
    open();
    const Subscription subscription =
        service()
            .create_subscription(alice, {.name = "mine",
                                         .event_type = "*",
                                         .url = "https://hooks.example.com/a",
                                         .max_retry_count = count})
            .value();
    transport->respond_with_status(500);
    const EventId id = publish();
    for (int hours = 0; hours < 24 * 10; ++hours) {
        advance(1h);
    }
    CHECK(transport->requests().size() == static_cast<std::size_t>(count) + 1);
    CHECK(event(subscription.id, id).retry_count == count);
    CHECK_FALSE(event(subscription.id, id).next_retry_at);
}

TEST_CASE_METHOD(ServiceFixture, "an endpoint that comes back gets what it missed") {
    const Subscription subscription = subscribe();
    transport->respond(
        [](const OutgoingRequest&) { return TransportAnswer{.error = "connection refused"}; });
    const EventId id = publish();
    settle();
    CHECK(event(subscription.id, id).error_message == "connection refused");
    CHECK_FALSE(event(subscription.id, id).status_code);

    transport->respond_with_status(204);
    advance(5s);
    const Event logged = event(subscription.id, id);
    CHECK(logged.is_success);
    CHECK(logged.status_code == 204);
    CHECK(logged.retry_count == 1);
    CHECK_FALSE(logged.error_message);
}

TEST_CASE_METHOD(ServiceFixture, "each attempt uses the subscription as it is then") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(503);
    publish();
    settle();
    service()
        .update_subscription(alice, subscription.id,
                             {.url = "https://new.example.com/b", .secret = Secret("plain")})
        .value();
    advance(5s);
    const OutgoingRequest request = transport->requests().back();
    CHECK(request.target->url.host() == "new.example.com");
    CHECK(signature_verdict(service().subscription(alice, subscription.id).value(), request,
                            clock->now()) == "verified");
}

TEST_CASE_METHOD(ServiceFixture, "retryOn determines which failures are retried") {
    const Subscription subscription = subscribe();
    const auto choose = [&](const RetryOn& retry_on) {
        service().update_subscription(alice, subscription.id, {.retry_on = retry_on}).value();
    };
    choose(RetryOn::only({FailureClass::server_error}));
    transport->respond_with_status(404);
    const EventId rejected = publish();
    settle();
    CHECK(event(subscription.id, rejected).status_code == 404);
    CHECK_FALSE(event(subscription.id, rejected).next_retry_at);

    transport->respond_with_status(500);
    const EventId failed = publish();
    settle();
    CHECK(event(subscription.id, failed).next_retry_at == clock->now() + 5s);
    // The rule that applies is the one when the attempt ends.
    choose(RetryOn::only({FailureClass::network}));
    advance(5s);
    CHECK(event(subscription.id, failed).retry_count == 1);
    CHECK_FALSE(event(subscription.id, failed).next_retry_at);
    CHECK(service().event(alice, subscription.id, failed)->attempts.back().outcome ==
          Outcome::exhausted);

    choose({});
    transport->respond_with_status(404);
    const EventId retried = publish();
    settle();
    CHECK(event(subscription.id, retried).next_retry_at);
}

TEST_CASE_METHOD(ServiceFixture, "a 429 that is not retried still pauses its subscription") {
    const Subscription subscription = subscribe();
    service()
        .update_subscription(alice, subscription.id,
                             {.retry_on = RetryOn::only({FailureClass::network})})
        .value();
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = "60"};
    });
    publish();
    settle();
    const EventId next = publish();
    settle();
    CHECK(transport->requests().size() == 1);
    transport->respond_with_status(200);
    advance(60s);
    CHECK(event(subscription.id, next).is_success);
}

TEST_CASE_METHOD(ServiceFixture, "each request has its subscription's timeout at that time") {
    const Subscription subscription = subscribe();
    publish();
    settle();
    CHECK(transport->requests().back().timeout == 0ms);
    service().update_subscription(alice, subscription.id, {.timeout = 42s}).value();
    publish();
    settle();
    CHECK(transport->requests().back().timeout == 42s);
}

TEST_CASE_METHOD(ServiceFixture, "an event of an inactive subscription is cancelled when due") {
    const Subscription subscription = subscribe();
    transport->respond_with_status(500);
    const EventId id = publish();
    settle();
    service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    advance(5s);

    CHECK(transport->requests().size() == 1);
    const Event logged = event(subscription.id, id);
    CHECK(logged.error_message == "cancelled: the subscription is deactivated");
    CHECK_FALSE(logged.next_retry_at);
    CHECK_FALSE(logged.sent_at);
    CHECK(logged.retry_count == 0);
}

TEST_CASE_METHOD(ServiceFixture, "deleting a queued event or its subscription cancels it") {
    options.max_in_flight = 1;
    running.reset();
    open();
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("1");
    const EventId queued = publish("2");
    settle();
    REQUIRE(transport->requests().size() == 1);

    SECTION("event") {
        service().delete_event(alice, subscription.id, queued).value();
    }
    SECTION("subscription") {
        service().delete_subscription(alice, subscription.id).value();
    }

    REQUIRE(transport->answer(transport->in_flight().front(),
                              {.kind = TransportAnswer::Kind::answered, .status_code = 200}));
    settle();
    advance(24h);
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(ServiceFixture, "a test event goes once, also to an inactive subscription") {
    const Subscription subscription = subscribe();
    service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    transport->respond_with_status(500);
    const EventId id = service().send_test_event(alice, subscription.id).value();
    settle();
    advance(24h);

    CHECK(transport->requests().size() == 1);
    const Event logged = event(subscription.id, id);
    CHECK(logged.event_type == "webhook.test");
    CHECK(logged.payload == *transport->requests().front().body);
    CHECK_FALSE(logged.next_retry_at);
    CHECK(service().send_test_event(bob, subscription.id).error() == Errc::not_found);
}

TEST_CASE_METHOD(ServiceFixture, "a jump of the wall clock neither hurries nor delays a retry") {
    subscribe();
    transport->respond_with_status(500);
    publish();
    settle();
    clock->jump(GENERATE(24h, -24h));
    clock->advance(1s);
    service().run_once().value();
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(ServiceFixture,
                 "events of a stopped or crashed service are delivered by the next one") {
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId id = publish();
    settle();
    REQUIRE(transport->requests().size() == 1);
    service().stop(0ms).value();

    transport->respond_with_status(200);
    open();
    settle();
    REQUIRE(transport->requests().size() == 2);
    CHECK(transport->requests()[0].webhook_id == transport->requests()[1].webhook_id);
    CHECK(event(subscription.id, id).is_success);
}

TEST_CASE_METHOD(ServiceFixture,
                 "events that do not fit in memory wait in storage and are delivered") {
    options.max_events_in_memory = 2;
    running.reset();
    open();
    subscribe();
    for (int i = 0; i < 20; ++i) {
        publish(std::to_string(i));
    }
    settle();
    CHECK(transport->requests().size() == 20);
}

TEST_CASE_METHOD(ServiceFixture,
                 "an event that waits long in memory gets a row and still arrives once") {
    options.max_in_flight_per_host = 1;
    running.reset();
    open();
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish("1");
    const EventId waiting = publish("2");
    settle();
    CHECK_FALSE(event(subscription.id, waiting).next_retry_at);
    advance(7s);
    CHECK(event(subscription.id, waiting).next_retry_at);

    transport->respond_with_status(200);
    transport->answer(transport->in_flight().front(),
                      {.kind = TransportAnswer::Kind::answered, .status_code = 200});
    advance(10s);
    CHECK(transport->requests().size() == 2);
    CHECK(event(subscription.id, waiting).is_success);
}

TEST_CASE_METHOD(ServiceFixture, "two services on one storage: an expired one is taken over") {
    const Subscription subscription = subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const EventId id = publish();
    settle();

    auto other_transport = std::make_shared<FakeTransport>();
    WebhookService other =
        WebhookService::open({.storage = storage, .transport = other_transport, .clock = clock},
                             options)
            .value();
    for (int second = 0; second < 13; ++second) {
        clock->advance(1s);
        while (other.run_once().value() > 0) {
        }
    }
    REQUIRE(other_transport->requests().size() == 1);
    CHECK(other_transport->requests()[0].webhook_id == transport->requests()[0].webhook_id);

    transport->answer(transport->in_flight().front(),
                      {.kind = TransportAnswer::Kind::answered, .status_code = 500});
    settle();
    CHECK(event(subscription.id, id).is_success);
    CHECK(event(subscription.id, id).retry_count == 0);
}

TEST_CASE_METHOD(ServiceFixture, "a backlog of one host is delivered without long idle pauses") {
    options.max_in_flight_per_host = 1;
    running.reset();
    open();
    subscribe();
    for (int i = 0; i < 40; ++i) {
        publish();
    }
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    settle();
    for (int second = 0; second < 40; ++second) {
        for (const Transport::Token token : transport->in_flight()) {
            transport->answer(token, {.kind = TransportAnswer::Kind::answered, .status_code = 200});
        }
        advance(500ms);
        advance(500ms);
    }
    CHECK(transport->requests().size() >= 38);
}

}  // namespace webhooks::testing
