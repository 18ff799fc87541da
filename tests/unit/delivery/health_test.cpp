#include <delivery/health.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

constexpr BreakerPolicy breaker{.failures = 3, .first_pause = 1s, .longest_pause = 10s};
constexpr SteadyTime health_start{1000s};

void fail(Health& health, SteadyTime at) {
    note_failure(health, breaker, {.started = at}, at);
}

}  // namespace

TEST_CASE("a breaker opens after consecutive failures, and a success in between resets the count") {
    Health health;
    fail(health, health_start);
    fail(health, health_start);
    note_success(health, health_start);
    fail(health, health_start);
    fail(health, health_start);
    CHECK_FALSE(health.is_open);
    CHECK_FALSE(health.is_blocked(health_start));
    fail(health, health_start);
    CHECK(health.is_open);
    CHECK(health.blocked_until == health_start + 1s);
    CHECK(health.is_blocked(health_start + 1s - 1us));
    CHECK_FALSE(health.is_blocked(health_start + 1s));
}

TEST_CASE("each failed probe doubles the pause up to the maximum, a success closes the breaker") {
    Health health;
    SteadyTime at = health_start;
    for (int i = 0; i < 3; ++i)
        fail(health, at);
    for (const auto pause : {2s, 4s, 8s, 10s, 10s}) {
        at = health.blocked_until;
        fail(health, at);
        CHECK(health.blocked_until - at == pause);
    }
    note_success(health, at);
    CHECK_FALSE(health.is_open);
    CHECK_FALSE(health.is_blocked(at));
    for (int i = 0; i < 3; ++i)
        fail(health, at);
    CHECK(health.blocked_until - at == 1s);
}

TEST_CASE("a request in flight when the breaker opened is not a probe") {
    Health health;
    for (int i = 0; i < 3; ++i)
        fail(health, health_start);
    note_failure(health, breaker, {.started = health_start - 1s}, health_start + 100ms);
    note_failure(health, breaker, {.started = health_start - 1s}, health_start + 200ms);
    CHECK(health.blocked_until == health_start + 1s);
    CHECK(health.pauses_in_row == 1);
}

TEST_CASE("a success in flight when the endpoint asked for a pause does not end the pause") {
    Health health;
    note_failure(health, breaker, {.started = health_start, .wanted_pause = 60s}, health_start);
    note_success(health, health_start - 1ms);
    CHECK(health.is_blocked(health_start + 59s));
    CHECK(health.has_succeeded);
    note_success(health, health_start + 60s);
    CHECK_FALSE(health.is_open);
}

TEST_CASE("an endpoint that asks for a pause gets it at once, and in full") {
    Health health;
    note_failure(health, breaker, {.started = health_start, .wanted_pause = 60s}, health_start);
    CHECK(health.is_open);
    CHECK(health.blocked_until == health_start + 60s);

    SECTION("a shorter one does not shorten it") {
        note_failure(health, breaker, {.started = health_start, .wanted_pause = 5s},
                     health_start + 1s);
        CHECK(health.blocked_until == health_start + 60s);
    }
    SECTION("an endpoint reported as back gets a probe at once") {
        resume(health, health_start + 2s);
        CHECK_FALSE(health.is_blocked(health_start + 2s));
        CHECK(health.is_open);
    }
}

TEST_CASE("a pause of unspecified length is the breaker's own") {
    Health health;
    note_failure(health, breaker, {.started = health_start, .wanted_pause = 0s}, health_start);
    CHECK(health.blocked_until == health_start + 1s);
}

TEST_CASE("the slot class follows from the history of results") {
    Health health;
    CHECK(health.slot_class() == SlotClass::unproven);
    fail(health, health_start);
    CHECK(health.slot_class() == SlotClass::unproven);
    note_success(health, health_start);
    CHECK(health.slot_class() == SlotClass::proven);
    fail(health, health_start);
    CHECK(health.slot_class() == SlotClass::shaky);
    fail(health, health_start);
    CHECK(health.slot_class() == SlotClass::shaky);
    fail(health, health_start);
    CHECK(health.slot_class() == SlotClass::failing);
    note_success(health, health_start);
    note_failure(health, breaker, {.started = health_start, .has_no_response = true}, health_start);
    CHECK(health.slot_class() == SlotClass::failing);
}

}  // namespace webhooks::delivery
