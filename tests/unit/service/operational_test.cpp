#include <unit/service/isolation_fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Types = std::vector<std::string>;

struct OperationalLog final : Observer {
    void on_operational(const OperationalEvent& event) override { heard.push_back(event); }
    std::vector<OperationalEvent> heard;
};

/// Alice has an endpoint and listens to operational events at `listener.example.com`.
struct OperationalFixture : IsolationFixture {
    std::shared_ptr<OperationalLog> log = std::make_shared<OperationalLog>();

    OperationalFixture() {
        observer = log;
        options.failing_notice_after = 1h;
        reopen();
    }

    Subscription listen(const Principal& owner, const std::string& host,
                        const std::string& event_type = "webhook.*", bool operator_scope = false) {
        return service()
            .create_subscription(owner, {.name = host,
                                         .event_type = event_type,
                                         .url = "https://" + host + "/",
                                         .operator_scope = operator_scope})
            .value();
    }

    /// What an endpoint received, by type.
    Types types_at(const std::string& host) const {
        Types types;
        for (const std::string& body : bodies_at(host)) {
            types.push_back(body.substr(9, body.find('"', 9) - 9));
        }
        return types;
    }
    std::vector<std::string> bodies_at(const std::string& host) const {
        std::vector<std::string> bodies;
        for (const OutgoingRequest& request : transport->requests()) {
            if (request.target->url.host() == host) bodies.push_back(*request.body);
        }
        return bodies;
    }

    void publish_hourly(int hours) {
        for (int hour = 0; hour < hours; ++hour) {
            publish_some(1);
            advance(1h);
        }
    }
};

}  // namespace

TEST_CASE_METHOD(OperationalFixture, "an owner hears by webhook that an endpoint fails and works") {
    listen(alice, "listener.example.com");
    listen(bob, "bob.example.com");
    const Subscription down = subscribe_host("down.example.com");
    answers["down.example.com"] = status(500);
    publish_hourly(5);
    settle();
    CHECK(types_at("listener.example.com") ==
          Types{"webhook.subscription.created", "webhook.subscription.failing"});
    answers["down.example.com"] = status(200);
    advance(24h);
    publish_hourly(2);
    CHECK(types_at("listener.example.com") == Types{"webhook.subscription.created",
                                                    "webhook.subscription.failing",
                                                    "webhook.subscription.recovered"});
    CHECK(types_at("bob.example.com").empty());
    CHECK_THAT(
        bodies_at("listener.example.com")[1],
        ContainsSubstring(R"("statusCode":500,"errorMessage":"endpoint responded with 500")"));
    CHECK(log->heard.size() == 5);
}

TEST_CASE_METHOD(OperationalFixture,
                 "an endpoint that fails is told once across restarts and changes") {
    listen(alice, "listener.example.com");
    const Subscription down = subscribe_host("down.example.com");
    answers["down.example.com"] = {.error = "connection refused"};
    publish_hourly(3);
    service().stop(0ms).value();
    reopen();
    publish_hourly(3);
    service().update_subscription(alice, down.id, {.max_retry_count = 3}).value();
    publish_hourly(5);
    answers["down.example.com"] = status(200);
    advance(24h);
    publish_hourly(2);
    const Types types = types_at("listener.example.com");
    CHECK(std::ranges::count(types, "webhook.subscription.failing") == 1);
    CHECK(std::ranges::count(types, "webhook.subscription.recovered") == 1);
}

TEST_CASE_METHOD(OperationalFixture, "a deactivation is told with what it cancelled") {
    options.max_in_flight_per_host = 1;
    reopen();
    listen(alice, "listener.example.com", "webhook.subscription.deactivated");
    subscribe_host("gone.example.com");
    answers["gone.example.com"] = status(410);
    publish_some(1);
    const std::vector<std::string> bodies = bodies_at("listener.example.com");
    REQUIRE(bodies.size() == 1);
    CHECK_THAT(bodies[0], ContainsSubstring(R"("reason":"gone","failingSince":null,)"));
    CHECK_THAT(bodies[0], ContainsSubstring(R"("statusCode":410)"));
}

TEST_CASE_METHOD(OperationalFixture, "a thousand exhausted events in a minute are two webhooks") {
    listen(alice, "listener.example.com", "webhook.event.exhausted");
    options.breaker_failures = 1000;
    reopen();
    subscribe_host("down.example.com", with_max_retries(0));
    answers["down.example.com"] = status(500);
    publish_some(1000);
    advance(1min);
    CHECK(bodies_at("listener.example.com").size() == 1);
    advance(10min);
    advance(2s);
    const std::vector<std::string> bodies = bodies_at("listener.example.com");
    REQUIRE(bodies.size() == 2);
    CHECK_THAT(bodies[0], ContainsSubstring(R"("count":1,)"));
    CHECK_THAT(bodies[1], ContainsSubstring(R"("count":999,)"));
}

TEST_CASE_METHOD(OperationalFixture, "a dead listener causes no further operational events") {
    const SubscriptionId listener = listen(admin, "listener.example.com", "webhook.*", true).id;
    answers["listener.example.com"] = status(500);
    subscribe_host("down.example.com", with_max_retries(0));
    answers["down.example.com"] = status(500);
    publish_some(20);
    const auto total = [&] {
        return service()
            .all_events(admin, ListQuery::parse({.filter = "startswith(eventType,'webhook.')"},
                                                ListKind::events)
                                   .value())
            .value()
            .total.value();
    };
    for (int hour = 0; hour < 24; ++hour)
        advance(1h);
    const auto after_a_day = total();
    for (int hour = 0; hour < 24 * 9; ++hour)
        advance(1h);
    // What happens to the listener is told to the observer only.
    CHECK(total() == after_a_day);
    CHECK(std::ranges::count(log->heard, std::optional(listener), &OperationalEvent::subscription) >
          2);
}

TEST_CASE_METHOD(OperationalFixture, "a subscription to everything hears of nothing operational") {
    listen(alice, "all.example.com", "*");
    const Subscription mine = subscribe_host("a.example.com");
    service().rotate_secret(alice, mine.id, {}, 1h).value();
    service().delete_subscription(alice, mine.id).value();
    publish_some(1);
    CHECK(bodies_at("all.example.com") == std::vector<std::string>{"0"});
    CHECK(log->heard.size() == 4);
}

TEST_CASE_METHOD(OperationalFixture, "only the service publishes operational types") {
    const auto error =
        service()
            .publish(admin, {.event_type = "webhook.subscription.created", .payload = "{}"})
            .error();
    REQUIRE(error == Errc::invalid_argument);
    CHECK(error.fields().at(0).field == "eventType");
    CHECK_THAT(error.fields().at(0).message, ContainsSubstring("only the service publishes"));
    CHECK(service()
              .register_event_type({.name = "webhook.subscription.created", .description = "mine"})
              .error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(OperationalFixture, "an operator's scope is for administrators and these types") {
    const SubscriptionDraft scoped{.name = "all",
                                   .event_type = "webhook.*",
                                   .url = "https://a.example.com/",
                                   .operator_scope = true};
    CHECK(service().create_subscription(alice, scoped).error() == Errc::forbidden);
    SubscriptionDraft wrong = scoped;
    wrong.event_type = "order.created";
    CHECK(service().create_subscription(admin, wrong).error().fields().at(0).field ==
          "operatorScope");
    const Subscription made = service().create_subscription(admin, scoped).value();
    CHECK(service().update_subscription(admin, made.id, {.event_type = "*"}).error() ==
          Errc::invalid_argument);
    // Its owner would see what happened to others.
    CHECK(service().update_subscription(admin, made.id, {.operator_scope = false}).error() ==
          Errc::invalid_argument);
    const Subscription mine = listen(alice, "mine.example.com");
    CHECK(service().update_subscription(alice, mine.id, {.operator_scope = true}).error() ==
          Errc::forbidden);
    CHECK(service().update_subscription(alice, mine.id, {.operator_scope = false}).has_value());
    CHECK(service().update_subscription(admin, mine.id, {.operator_scope = true}).error() ==
          Errc::invalid_argument);
    const Principal same = Principal::user("admin");
    CHECK(service().subscription(same, made.id).error() == Errc::not_found);
}

}  // namespace webhooks::testing
