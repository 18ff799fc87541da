#include <algorithm>
#include <map>
#include <thread>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Records which subscriptions were deactivated, and why, and what was logged about endpoints.
struct DeactivationLog final : Observer {
    void on_log(LogLevel level, std::string_view line) override {
        if (line.find("endpoint") == std::string_view::npos) return;
        const char* name = level == LogLevel::warning ? "warning: " : "info: ";
        lines.push_back(name + std::string(line));
    }
    void on_deactivated(SubscriptionId id, DeactivationReason reason) noexcept override {
        told.emplace_back(id, reason);
    }
    std::vector<std::pair<SubscriptionId, DeactivationReason>> told;
    std::vector<std::string> lines;
};

TransportAnswer status(int code, std::string retry_after = {}) {
    return {.kind = TransportAnswer::Kind::answered,
            .status_code = code,
            .retry_after = std::move(retry_after)};
}

SubscriptionDraft with_max_retries(int count) {
    SubscriptionDraft draft;
    draft.max_retry_count = count;
    return draft;
}

SubscriptionDraft with_rate_limit(int rate) {
    SubscriptionDraft draft;
    draft.rate_limit = rate;
    return draft;
}

/// A service with some endpoints whose responses a test sets by host.
struct IsolationFixture : ServiceFixture {
    std::shared_ptr<DeactivationLog> deactivations = std::make_shared<DeactivationLog>();
    std::map<std::string, TransportAnswer> answers;

    IsolationFixture() {
        observer = deactivations;
        options.deactivate_after = 5 * 24h;
        reopen();
        transport->respond([this](const OutgoingRequest& request) {
            const auto found = answers.find(request.target->url.host());
            return found == answers.end() ? status(200) : found->second;
        });
    }

    void reopen() {
        running.reset();
        open();
    }

    Subscription subscribe_host(const std::string& host, SubscriptionDraft draft = {}) {
        draft.name = host;
        draft.event_type = "order.created";
        draft.url = "https://" + host + "/";
        return service().create_subscription(alice, std::move(draft)).value();
    }

    void publish_some(int count) {
        for (int i = 0; i < count; ++i) {
            service()
                .publish(alice, {.event_type = "order.created", .payload = std::to_string(i)})
                .value();
        }
        settle();
    }

    std::size_t requests_to(const std::string& host) const {
        const auto requests = transport->requests();
        return static_cast<std::size_t>(std::ranges::count_if(
            requests,
            [&](const OutgoingRequest& request) { return request.target->url.host() == host; }));
    }

    std::int64_t count(const Subscription& subscription, const char* filter) {
        return service()
            .events(alice, subscription.id,
                    ListQuery::parse({.filter = filter}, ListKind::events).value())
            .value()
            .total;
    }

    Subscription current(const Subscription& subscription) {
        return service().subscription(alice, subscription.id).value();
    }
};

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

// ---- What is logged.

TEST_CASE_METHOD(IsolationFixture, "the log says when an endpoint begins to fail and recovers") {
    using Lines = std::vector<std::string>;
    const Subscription subscription = subscribe_host("down.example.com");
    const std::string endpoint =
        "the endpoint of subscription " + std::to_string(subscription.id.value);
    Lines& lines = deactivations->lines;
    answers["down.example.com"] = status(500);
    publish_some(3);
    const Lines failing{"warning: " + endpoint + " began to fail: endpoint responded with 500"};
    CHECK(lines == failing);

    SECTION("once for all failures in between") {
        advance(5s);
        CHECK(lines == failing);
        answers["down.example.com"] = status(200);
        advance(5min);
        CHECK(lines == Lines{failing[0], "info: " + endpoint + " recovered"});
    }
    SECTION("at most once a minute for one that keeps changing") {
        answers["down.example.com"] = status(200);
        publish_some(1);
        CHECK(lines.size() == 2);
        answers["down.example.com"] = {.error = "connection refused"};
        publish_some(1);
        answers["down.example.com"] = status(200);
        publish_some(1);
        CHECK(lines.size() == 2);
        clock->advance(1min);
        answers["down.example.com"] = {.error = "connection refused"};
        publish_some(1);
        REQUIRE(lines.size() == 3);
        CHECK(lines[2] == "warning: " + endpoint + " began to fail: connection refused");
    }
    SECTION("again by a service that starts meanwhile") {
        service().stop(0ms).value();
        reopen();
        advance(5s);
        CHECK(lines == Lines{failing[0], failing[0]});
    }
}

TEST_CASE_METHOD(IsolationFixture, "endpoints that fail together are logged up to ten a second") {
    for (int i = 0; i < 30; ++i) {
        const std::string host = "h" + std::to_string(i) + ".example.com";
        subscribe_host(host, with_max_retries(0));
        answers[host] = status(500);
    }
    publish_some(1);
    REQUIRE(deactivations->lines.size() == 11);
    CHECK(deactivations->lines.back() ==
          "warning: more than 10 endpoints began to fail or recovered within a second: the others "
          "are not logged");
    answers.clear();
    clock->advance(1s);
    publish_some(1);
    CHECK(deactivations->lines.size() == 22);
}

TEST_CASE_METHOD(IsolationFixture, "410 deactivates the subscription and cancels what is queued") {
    options.max_in_flight_per_host = 1;
    reopen();
    const Subscription gone = subscribe_host("gone.example.com");
    answers["gone.example.com"] = status(410);
    publish_some(5);
    advance(24h);
    CHECK(requests_to("gone.example.com") == 1);
    CHECK_FALSE(current(gone).is_active);
    CHECK(count(gone, "startswith(errorMessage,'cancelled:')") == 4);
    CHECK(count(gone, "nextRetryAt ne null") == 0);
    REQUIRE(deactivations->told.size() == 1);
    CHECK(deactivations->told.front() == std::pair(gone.id, DeactivationReason::gone));
}

TEST_CASE_METHOD(IsolationFixture, "410 to a test event, or to an older URL, deactivates nothing") {
    const Subscription subscription = subscribe_host("gone.example.com");
    answers["gone.example.com"] = status(410);
    SECTION("test event") {
        service().send_test_event(alice, subscription.id).value();
        settle();
    }
    SECTION("older URL") {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        publish_some(1);
        service()
            .update_subscription(alice, subscription.id, {.url = "https://new.example.com/"})
            .value();
        transport->answer(transport->in_flight().front(), status(410));
        settle();
    }
    CHECK(requests_to("gone.example.com") == 1);
    CHECK(current(subscription).is_active);
    CHECK(deactivations->told.empty());
}

TEST_CASE_METHOD(IsolationFixture, "an endpoint that only fails for five days is deactivated") {
    const Subscription dead = subscribe_host("dead.example.com");
    answers["dead.example.com"] = {.error = "connection refused"};
    const auto publish_for = [&](int hours) {
        for (int hour = 0; hour < hours; ++hour) {
            publish_some(1);
            advance(1h);
        }
    };
    publish_for(119);
    CHECK(current(dead).is_active);

    SECTION("also where the service was restarted") {
        service().stop(0ms).value();
        reopen();
        publish_for(2);
        CHECK_FALSE(current(dead).is_active);
        REQUIRE(deactivations->told.size() == 1);
        CHECK(deactivations->told.front() == std::pair(dead.id, DeactivationReason::failing));
    }
    SECTION("but not when one attempt succeeded") {
        answers["dead.example.com"] = status(200);
        publish_for(1);
        answers["dead.example.com"] = status(500);
        publish_for(110);
        CHECK(current(dead).is_active);
    }
}

TEST_CASE_METHOD(IsolationFixture, "after ten consecutive failures an endpoint gets only probes") {
    const Subscription dead = subscribe_host("dead.example.com", with_max_retries(0));
    answers["dead.example.com"] = status(500);
    publish_some(10);
    REQUIRE(requests_to("dead.example.com") == 10);
    publish_some(5);
    CHECK(requests_to("dead.example.com") == 10);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 11);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 11);
    advance(1s);
    CHECK(requests_to("dead.example.com") == 12);

    service().send_test_event(alice, dead.id).value();
    settle();
    CHECK(requests_to("dead.example.com") == 13);

    answers["dead.example.com"] = status(200);
    advance(4s);
    CHECK(requests_to("dead.example.com") == 16);
    CHECK(count(dead, "isSuccess eq true") == 3);
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

TEST_CASE_METHOD(IsolationFixture, "deferred events outlive their worker") {
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

TEST_CASE_METHOD(IsolationFixture, "two failures that lie days apart deactivate nothing") {
    const Subscription rare = subscribe_host("rare.example.com", with_max_retries(0));
    answers["rare.example.com"] = status(500);
    publish_some(1);
    advance(6 * 24h);
    publish_some(1);
    CHECK(requests_to("rare.example.com") == 2);
    CHECK(current(rare).is_active);
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
