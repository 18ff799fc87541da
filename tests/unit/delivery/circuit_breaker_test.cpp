#include <delivery/circuit_breaker.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

constexpr BreakerPolicy breaker{.failures = 3, .first_pause = 1s, .longest_pause = 10s};
constexpr SteadyTime circuit_start{1000s};

void fail(CircuitBreaker& circuit, SteadyTime at) {
    note_failure(circuit, breaker, {.started = at}, at);
}

}  // namespace

TEST_CASE("a breaker opens after consecutive failures, and a success in between resets the count") {
    CircuitBreaker circuit;
    fail(circuit, circuit_start);
    fail(circuit, circuit_start);
    note_success(circuit, circuit_start);
    fail(circuit, circuit_start);
    fail(circuit, circuit_start);
    CHECK_FALSE(circuit.is_open);
    CHECK_FALSE(circuit.is_blocked(circuit_start));
    fail(circuit, circuit_start);
    CHECK(circuit.is_open);
    CHECK(circuit.blocked_until == circuit_start + 1s);
    CHECK(circuit.is_blocked(circuit_start + 1s - 1us));
    CHECK_FALSE(circuit.is_blocked(circuit_start + 1s));
}

TEST_CASE("each failed probe doubles the pause up to the maximum, a success closes the breaker") {
    CircuitBreaker circuit;
    SteadyTime at = circuit_start;
    for (int i = 0; i < 3; ++i)
        fail(circuit, at);
    for (const auto pause : {2s, 4s, 8s, 10s, 10s}) {
        at = circuit.blocked_until;
        fail(circuit, at);
        CHECK(circuit.blocked_until - at == pause);
    }
    note_success(circuit, at);
    CHECK_FALSE(circuit.is_open);
    CHECK_FALSE(circuit.is_blocked(at));
    for (int i = 0; i < 3; ++i)
        fail(circuit, at);
    CHECK(circuit.blocked_until - at == 1s);
}

TEST_CASE("a request in flight when the breaker opened is not a probe") {
    CircuitBreaker circuit;
    for (int i = 0; i < 3; ++i)
        fail(circuit, circuit_start);
    note_failure(circuit, breaker, {.started = circuit_start - 1s}, circuit_start + 100ms);
    note_failure(circuit, breaker, {.started = circuit_start - 1s}, circuit_start + 200ms);
    CHECK(circuit.blocked_until == circuit_start + 1s);
    CHECK(circuit.pauses_in_row == 1);
}

TEST_CASE("a success in flight when the endpoint asked for a pause does not end the pause") {
    CircuitBreaker circuit;
    note_failure(circuit, breaker, {.started = circuit_start, .wanted_pause = 60s}, circuit_start);
    note_success(circuit, circuit_start - 1ms);
    CHECK(circuit.is_blocked(circuit_start + 59s));
    CHECK(circuit.has_succeeded);
    note_success(circuit, circuit_start + 60s);
    CHECK_FALSE(circuit.is_open);
}

TEST_CASE("an endpoint that asks for a pause gets it at once, and in full") {
    CircuitBreaker circuit;
    note_failure(circuit, breaker, {.started = circuit_start, .wanted_pause = 60s}, circuit_start);
    CHECK(circuit.is_open);
    CHECK(circuit.blocked_until == circuit_start + 60s);

    SECTION("a shorter one does not shorten it") {
        note_failure(circuit, breaker, {.started = circuit_start, .wanted_pause = 5s},
                     circuit_start + 1s);
        CHECK(circuit.blocked_until == circuit_start + 60s);
    }
    SECTION("an endpoint reported as back gets a probe at once") {
        resume(circuit, circuit_start + 2s);
        CHECK_FALSE(circuit.is_blocked(circuit_start + 2s));
        CHECK(circuit.is_open);
    }
}

TEST_CASE("a pause of unspecified length is the breaker's own") {
    CircuitBreaker circuit;
    note_failure(circuit, breaker, {.started = circuit_start, .wanted_pause = 0s}, circuit_start);
    CHECK(circuit.blocked_until == circuit_start + 1s);
}

TEST_CASE("the slot class follows from the history of results") {
    CircuitBreaker circuit;
    CHECK(circuit.slot_class() == SlotClass::unproven);
    fail(circuit, circuit_start);
    CHECK(circuit.slot_class() == SlotClass::unproven);
    note_success(circuit, circuit_start);
    CHECK(circuit.slot_class() == SlotClass::proven);
    fail(circuit, circuit_start);
    CHECK(circuit.slot_class() == SlotClass::shaky);
    fail(circuit, circuit_start);
    CHECK(circuit.slot_class() == SlotClass::shaky);
    fail(circuit, circuit_start);
    CHECK(circuit.slot_class() == SlotClass::failing);
    note_success(circuit, circuit_start);
    note_failure(circuit, breaker, {.started = circuit_start, .has_no_response = true},
                 circuit_start);
    CHECK(circuit.slot_class() == SlotClass::failing);
}

}  // namespace webhooks::delivery
