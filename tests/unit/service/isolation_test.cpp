#include <thread>
#include <unit/service/isolation_fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE_METHOD(IsolationFixture, "an endpoint that asks for a pause gets it, others continue") {
    const int code = GENERATE(429, 502, 503, 504);
    const Subscription asking = subscribe_host("busy.example.com");
    const Subscription neighbour = subscribe_host("busy.example.com");
    answers["busy.example.com"] = status(code, "3600");
    service().update_subscription(alice, neighbour.id, {.is_active = false}).value();
    publish_some(1);
    CHECK(requests_to("busy.example.com") == 1);
    CHECK(current(asking).paused_until == clock->now() + 1h);

    service().update_subscription(alice, neighbour.id, {.is_active = true}).value();
    answers["busy.example.com"] = status(200);
    publish_some(3);
    CHECK(requests_to("busy.example.com") == 4);
    CHECK(count(asking, "isSuccess eq false") == 4);
    CHECK(count(neighbour, "isSuccess eq true") == 3);

    SECTION("until it is over") {
        advance(1h - 1s);
        CHECK(requests_to("busy.example.com") == 4);
        advance(1s);
    }
    SECTION("also by a service that starts meanwhile") {
        service().stop(0ms).value();
        reopen();
        advance(30min);
        CHECK(requests_to("busy.example.com") == 4);
        advance(30min);
    }
    SECTION("unless its owner changes the subscription") {
        service().update_subscription(alice, asking.id, {.name = "repaired"}).value();
        advance(1s);
        publish_some(1);
        CHECK(count(asking, "isSuccess eq true") >= 1);
        advance(1h);
    }
    CHECK(count(asking, "isSuccess eq false") == 0);
    CHECK_FALSE(current(asking).paused_until);
    CHECK_FALSE(current(asking).failing_since);
}

TEST_CASE_METHOD(IsolationFixture,
                 "events waiting for an unavailable endpoint leave memory to others") {
    options.max_events_in_memory = 50;
    reopen();
    const Subscription away = subscribe_host("away.example.com");
    answers["away.example.com"] = status(503, "7200");
    publish_some(1);
    const Subscription healthy = subscribe_host("healthy.example.com");
    publish_some(500);
    CHECK(requests_to("healthy.example.com") == 500);
    CHECK(requests_to("away.example.com") == 1);
    CHECK(count(away, "nextRetryAt ne null") == 501);

    answers["away.example.com"] = status(200);
    advance(2h);
    CHECK(requests_to("away.example.com") == 502);
    CHECK(count(away, "isSuccess eq true") == 501);
    CHECK(count(healthy, "isSuccess eq true") == 500);
}

TEST_CASE_METHOD(IsolationFixture, "endpoints that do not answer leave memory to one that does") {
    SECTION("if they have too many events") {
        options.max_events_in_memory = 20;
    }
    SECTION("if they have too large ones") {
        options.max_payload_bytes = 4;
        options.max_payload_bytes_in_memory = 20;
    }
    reopen();
    subscribe(alice, "invoice.paid", "https://healthy.example.com/");
    const auto publish_to_healthy = [&] {
        service().publish(alice, {.event_type = "invoice.paid", .payload = "{}"}).value();
        settle();
    };
    publish_to_healthy();
    REQUIRE(requests_to("healthy.example.com") == 1);

    std::vector<Subscription> silent;
    for (int i = 0; i < 100; ++i) {
        silent.push_back(subscribe_host("silent" + std::to_string(i) + ".example.com"));
    }
    transport->respond([](const OutgoingRequest& request) {
        return request.target->url.host() == "healthy.example.com" ? std::optional(status(200))
                                                                   : std::nullopt;
    });
    publish_some(3);
    publish_to_healthy();
    CHECK(requests_to("healthy.example.com") == 2);

    // None of their events is forgotten: each gets room in turn.
    transport->respond_with_status(200);
    while (!transport->in_flight().empty()) {
        for (const Transport::Token token : transport->in_flight()) {
            transport->answer(token, status(200));
        }
        settle();
    }
    for (const Subscription& subscription : silent) {
        CHECK(count(subscription, "isSuccess eq true") == 3);
    }
    CHECK(transport->requests().size() == 302);
}

TEST_CASE_METHOD(IsolationFixture, "reserved events outlive their worker") {
    options.max_events_in_memory = 10;
    reopen();
    const Subscription away = subscribe_host("away.example.com");
    answers["away.example.com"] = status(503, "60");
    publish_some(100);
    SECTION("stopped") {
        service().stop(0ms).value();
        reopen();
    }
    SECTION("killed") {
        running.reset();
        open();
    }
    answers["away.example.com"] = status(200);
    for (int second = 0; second < 90; ++second)
        advance(1s);
    CHECK(count(away, "isSuccess eq true") == 100);
    CHECK(requests_to("away.example.com") <= 102);
}

TEST_CASE_METHOD(IsolationFixture, "a rate limit also holds for a backlog, and nothing is lost") {
    options.max_events_in_memory = 20;
    reopen();
    const Subscription limited = subscribe_host("slow.example.com", with_rate_limit(2));
    publish_some(30);
    CHECK(requests_to("slow.example.com") <= 2);
    for (int step = 1; step <= 10; ++step) {
        advance(500ms);
        CHECK(requests_to("slow.example.com") <= static_cast<std::size_t>(step) + 2);
    }
    CHECK(requests_to("slow.example.com") >= 10);
    for (int step = 0; step < 30; ++step)
        advance(500ms);
    CHECK(count(limited, "isSuccess eq true") == 30);
}

TEST_CASE_METHOD(IsolationFixture,
                 "during a rotation both secrets sign, after it only the new one") {
    const Subscription before = subscribe_host("a.example.com");
    const Secret next("another-secret");
    storage->rotate_secret(alice, before.id, next, 1h).value();
    advance(2s);
    const auto verdicts = [&] {
        publish_some(1);
        const OutgoingRequest request = transport->requests().back();
        const SignedMessage message{.id = request.webhook_id,
                                    .timestamp = request.webhook_timestamp,
                                    .signature = request.webhook_signature,
                                    .body = *request.body};
        return std::pair(verify(next, message, clock->now()).has_value(),
                         verify(before.secret, message, clock->now()).has_value());
    };
    CHECK(verdicts() == std::pair(true, true));
    advance(1h - 3s);
    CHECK(verdicts() == std::pair(true, true));
    advance(1s);
    CHECK(verdicts() == std::pair(true, false));
}

TEST_CASE_METHOD(IsolationFixture, "large payloads wait in storage if memory is used up") {
    options.max_payload_bytes = 1000;
    options.max_payload_bytes_in_memory = 3000;
    reopen();
    const Subscription subscription = subscribe_host("a.example.com");
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    for (int i = 0; i < 10; ++i) {
        service()
            .publish(alice, {.event_type = "order.created", .payload = std::string(1000, 'x')})
            .value();
    }
    settle();
    // Three fit into memory, but one endpoint does not get all of it.
    CHECK(count(subscription, "nextRetryAt ne null") == 8);
    transport->respond_with_status(200);
    for (const Transport::Token token : transport->in_flight()) {
        transport->answer(token, status(200));
    }
    settle();
    advance(2s);
    CHECK(count(subscription, "isSuccess eq true") == 10);
    CHECK(transport->requests().size() == 10);
}

TEST_CASE_METHOD(IsolationFixture, "a pause that an earlier URL asked for is not the new one's") {
    const Subscription subscription = subscribe_host("old.example.com");
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish_some(1);
    service()
        .update_subscription(alice, subscription.id, {.url = "https://new.example.com/"})
        .value();
    // The response comes before delivery has checked for changes.
    transport->answer(transport->in_flight().front(), status(503, "3600"));
    settle();
    CHECK_FALSE(current(subscription).paused_until);
    transport->respond_with_status(200);
    service().stop(0ms).value();
    reopen();
    publish_some(1);
    CHECK(requests_to("new.example.com") >= 1);
}

TEST_CASE_METHOD(IsolationFixture, "a secret that cannot sign affects only its subscription") {
    const Subscription broken = subscribe_host("broken.example.com");
    // As if something else was restored from a backup.
    storage->update_subscription(alice, broken.id, {.secret = Secret("whsec_!")}).value();
    subscribe_host("healthy.example.com");
    advance(2s);
    publish_some(3);
    CHECK(requests_to("healthy.example.com") == 3);
    CHECK(requests_to("broken.example.com") == 0);
    CHECK(count(broken, "startswith(errorMessage,'the secret cannot sign')") == 3);
}

TEST_CASE_METHOD(IsolationFixture, "events of an inactive subscription do not wait for a slot") {
    options.max_in_flight = 1;
    reopen();
    const Subscription waiting = subscribe_host("waiting.example.com");
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish_some(5);
    service().update_subscription(alice, waiting.id, {.is_active = false}).value();
    advance(1s);
    CHECK(transport->in_flight().size() == 1);
    CHECK(count(waiting, "startswith(errorMessage,'cancelled:')") == 4);
}

TEST_CASE_METHOD(IsolationFixture,
                 "an event due shortly before a pause ends is sent when it ends") {
    options.breaker_pause = 5500ms;
    reopen();
    const Subscription subscription = subscribe_host("busy.example.com");
    answers["busy.example.com"] = status(503);
    publish_some(1);
    answers.clear();
    advance(5s);
    CHECK(requests_to("busy.example.com") == 1);
    advance(500ms);
    CHECK(requests_to("busy.example.com") == 2);
    CHECK(count(subscription, "isSuccess eq true") == 1);
}

TEST_CASE("an event due shortly before a pause ends is sent when it ends, also on threads") {
    // Each of these retries comes due up to a fifth of a second before or after its pause ends.
    struct Running {
        std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
        std::optional<WebhookService> service;
        SubscriptionId subscription{};
    };
    std::vector<Running> all(8);
    for (Running& one : all) {
        one.transport->respond([first = std::make_shared<bool>(true)](const OutgoingRequest&) {
            return status(std::exchange(*first, false) ? 503 : 200);
        });
        one.service =
            WebhookService::open({.storage = make_memory_storage(), .transport = one.transport},
                                 {.retry_schedule = {1s}})
                .value();
        one.service->register_event_type({"order.created", ""}).value();
        one.subscription = one.service
                               ->create_subscription(alice, {.name = "mine",
                                                             .event_type = "order.created",
                                                             .url = "https://hooks.example.com/"})
                               .value()
                               .id;
        one.service->start().value();
        one.service->publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
    }
    const auto patience = std::chrono::steady_clock::now() + 10s;
    for (Running& one : all) {
        while (one.transport->requests().size() < 2 &&
               std::chrono::steady_clock::now() < patience) {
            std::this_thread::yield();
        }
        CHECK(one.transport->requests().size() == 2);
    }
}

}  // namespace webhooks::testing
