#include <delivery/endpoint_health.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

/// The health of an endpoint whose breaker opens after two failures, for a minute.
struct EndpointHealthFixture {
    EndpointHealthFixture() { health.begin_version(1, &endpoint, HealthPolicy(options)); }

    HealthReport note(const TransportAnswer& answer) {
        return health.note({.answer = answer,
                            .event = {5},
                            .number = 2,
                            .sent_at = now.time,
                            .started = now.steady},
                           HealthPolicy(options),
                           {.schedule = options.retry_schedule, .max_retry_after = 1h}, now);
    }
    HealthReport succeed() { return note(status(200)); }
    HealthReport fail() { return note(status(500)); }

    static TransportAnswer status(int code, const std::string& retry_after = {}) {
        return {.kind = TransportAnswer::Kind::answered,
                .status_code = code,
                .retry_after = retry_after};
    }
    void pass(std::chrono::seconds time) {
        now.time += time;
        now.steady += time;
    }

    ServiceOptions options{.breaker_failures = 2, .breaker_pause = 60s, .deactivate_after = 24h};
    Endpoint endpoint;
    Now now{.time = Time(std::chrono::hours(500'000)), .steady = SteadyTime(1000s)};
    EndpointHealth health{{7}};
};

}  // namespace

TEST_CASE_METHOD(EndpointHealthFixture, "an endpoint that works has nothing to store") {
    const HealthReport report = succeed();
    CHECK_FALSE(report.state);
    CHECK_FALSE(report.deactivation);
    CHECK_FALSE(report.change);
}

TEST_CASE_METHOD(EndpointHealthFixture, "since when an endpoint fails is stored once") {
    const Time began = now.time;
    const HealthReport first = fail();
    REQUIRE(first.state);
    CHECK(first.state->subscription == SubscriptionId{7});
    CHECK(first.state->revision == 1);
    CHECK(first.state->failing_since == began);
    CHECK_FALSE(first.state->paused_until);
    pass(1s);
    options.breaker_failures = 100;
    CHECK_FALSE(fail().state);
}

TEST_CASE_METHOD(EndpointHealthFixture, "an open breaker stores its pause, a success its end") {
    fail();
    const HealthReport opened = fail();
    REQUIRE(opened.state);
    CHECK(opened.state->paused_until == now.time + 60s);
    CHECK_FALSE(opened.state->is_requested);
    CHECK(health.is_blocked(now.steady));
    pass(60s);
    const HealthReport closed = succeed();
    REQUIRE(closed.state);
    CHECK_FALSE(closed.state->failing_since);
    CHECK(closed.state->ended_pause == now.time);
    CHECK_FALSE(health.is_open);
}

TEST_CASE_METHOD(EndpointHealthFixture, "a pause that the endpoint asked for is stored as such") {
    const HealthReport report = note(status(503, "600"));
    REQUIRE(report.state);
    CHECK(report.state->paused_until == now.time + 600s);
    CHECK(report.state->is_requested);
}

TEST_CASE_METHOD(EndpointHealthFixture, "a failed probe does not end a pause that was asked for") {
    note(status(503, "600"));
    resume(health, now.steady);
    CHECK_FALSE(health.is_blocked(now.steady));
    fail();
    CHECK(health.is_blocked(now.steady + 599s));
}

TEST_CASE_METHOD(EndpointHealthFixture,
                 "a failed probe does not store again a pause that another worker may have ended") {
    options.breaker_failures = 1;
    note(status(503, "600"));
    pass(1s);
    resume(health, now.steady);
    const HealthReport report = fail();
    REQUIRE(report.state);
    CHECK(report.state->paused_until == now.time + 60s);
    CHECK_FALSE(report.state->is_requested);
    CHECK(health.is_blocked(now.steady + 598s));
}

TEST_CASE_METHOD(EndpointHealthFixture,
                 "what an endpoint asks for is stored next to a longer pause that is known here") {
    health.apply_pause(now.time + 600s, now);
    const HealthReport report = note(status(429, "5"));
    REQUIRE(report.state);
    CHECK(report.state->paused_until == now.time + 5s);
    CHECK(report.state->is_requested);
    CHECK(health.is_blocked(now.steady + 599s));
}

TEST_CASE_METHOD(EndpointHealthFixture, "another worker's pause blocks, and its end unblocks") {
    health.apply_pause(now.time + 30s, now);
    CHECK(health.is_blocked(now.steady + 29s));
    CHECK_FALSE(health.is_blocked(now.steady + 30s));
    // Of one that is known already, a request that is in flight may be the probe.
    resume(health, now.steady);
    health.apply_pause(now.time + 30s, now);
    CHECK_FALSE(health.is_blocked(now.steady));
    health.apply_pause(now.time + 90s, now);
    CHECK(health.is_blocked(now.steady + 89s));
    health.apply_pause({}, now);
    CHECK_FALSE(health.is_blocked(now.steady));
}

TEST_CASE_METHOD(EndpointHealthFixture, "an endpoint that only fails is deactivated in the end") {
    const Time began = now.time;
    CHECK_FALSE(fail().deactivation);
    pass(24h);
    const HealthReport report = fail();
    REQUIRE(report.deactivation);
    CHECK(report.deactivation->failing_since == began);
    CHECK(report.deactivation->revision == 1);
    // It is not asked again at every failure.
    CHECK_FALSE(fail().deactivation);
}

TEST_CASE_METHOD(EndpointHealthFixture, "few failures that are days apart deactivate nothing") {
    options.breaker_failures = 3;
    fail();
    pass(48h);
    CHECK_FALSE(fail().deactivation);
    CHECK(fail().deactivation);
}

TEST_CASE_METHOD(EndpointHealthFixture, "an endpoint that is gone is deactivated at once") {
    options.deactivate_after = 0s;
    CHECK_FALSE(fail().deactivation);
    const HealthReport report = note(status(410));
    REQUIRE(report.deactivation);
    CHECK_FALSE(report.deactivation->failing_since);
}

TEST_CASE_METHOD(EndpointHealthFixture, "an endpoint that alternates is reported once a minute") {
    const HealthReport began = fail();
    REQUIRE(began.change);
    CHECK(began.change->is_failing);
    CHECK(began.change->status_code == 500);
    CHECK_FALSE(fail().change);
    pass(10s);
    const HealthReport ended = succeed();
    REQUIRE(ended.change);
    CHECK_FALSE(ended.change->is_failing);
    CHECK_FALSE(fail().change);
    CHECK_FALSE(succeed().change);
    pass(50s);
    CHECK(fail().change);
}

TEST_CASE_METHOD(EndpointHealthFixture, "a new version begins as storage knows it") {
    fail();
    fail();
    REQUIRE(health.is_blocked(now.steady));
    health.begin_version(2, &endpoint, HealthPolicy(options));
    CHECK(health.version() == 2);
    CHECK_FALSE(health.is_blocked(now.steady));
    CHECK(health.slot_class() == SlotClass::unproven);

    endpoint.set_extras({.failing_since = now.time - 48h});
    health.begin_version(3, &endpoint, HealthPolicy(options));
    CHECK(health.slot_class() == SlotClass::failing);
    // How often it failed is not stored; enough to count.
    CHECK(fail().deactivation);
}

// ---- What subscribers hear of.

TEST_CASE_METHOD(EndpointHealthFixture, "an endpoint that has only failed for an hour is told") {
    const Time began = now.time;
    CHECK_FALSE(fail().failing_notice);
    pass(1h - 1s);
    CHECK_FALSE(fail().failing_notice);
    pass(1s);
    const auto notice = fail().failing_notice;
    REQUIRE(notice);
    CHECK(notice->subscription == SubscriptionId{7});
    CHECK(notice->revision == 1);
    CHECK(notice->failing_since == began);
    CHECK(notice->deactivates_at == began + 24h);
    REQUIRE(notice->last_attempt);
    CHECK(notice->last_attempt->event == EventId{5});
    CHECK(notice->last_attempt->number == 2);
    CHECK(notice->last_attempt->sent_at == now.time);
    CHECK(notice->last_attempt->status_code == 500);
    CHECK(notice->last_attempt->error_message == "endpoint responded with 500");
}

TEST_CASE_METHOD(
    EndpointHealthFixture,
    "storage is asked again each hour, because another worker may have had a success") {
    fail();
    pass(1h);
    CHECK(fail().failing_notice);
    pass(1h - 1s);
    CHECK_FALSE(fail().failing_notice);
    pass(1s);
    CHECK(fail().failing_notice);
    options.deactivate_after = 0s;
    pass(1h);
    CHECK_FALSE(fail().failing_notice.value().deactivates_at);
}

TEST_CASE_METHOD(EndpointHealthFixture, "a deactivated endpoint is not told as failing as well") {
    options.deactivate_after = 1h;
    fail();
    pass(1h);
    const HealthReport report = fail();
    REQUIRE(report.deactivation);
    CHECK(report.deactivation->last_attempt->number == 2);
    CHECK_FALSE(report.failing_notice);
}

TEST_CASE_METHOD(EndpointHealthFixture, "the first success after such a notice is stored") {
    SECTION("of this or another worker") {
        health.apply_notified(now.time);
    }
    SECTION("before this version of the subscription") {
        endpoint.set_extras({.notified_failing_since = now.time});
        health.begin_version(2, &endpoint, HealthPolicy(options));
    }
    const HealthReport report = succeed();
    REQUIRE(report.state);
    CHECK_FALSE(report.state->failing_since);
    CHECK_FALSE(succeed().state);
    // What is read again is known.
    health.apply_notified(now.time);
    CHECK_FALSE(succeed().state);
}

}  // namespace webhooks::delivery
