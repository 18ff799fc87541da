#include <algorithm>
#include <delivery/circuit_breaker.hpp>

namespace webhooks::delivery {
namespace {

/// Responses with an error are quick and take few slots; a missing response takes one until the
/// deadline.
constexpr int failures_of_the_failing = 3;
/// 2^20 pauses are longer than any maximum.
constexpr int max_doublings = 20;

std::chrono::microseconds breaker_pause(const BreakerPolicy& policy, int pauses_before) {
    const auto factor = std::int64_t{1} << std::min(pauses_before, max_doublings);
    return std::min(policy.first_pause * factor, policy.longest_pause);
}

}  // namespace

SlotClass CircuitBreaker::slot_class() const noexcept {
    if (last_had_no_response || failures_in_row >= failures_of_the_failing)
        return SlotClass::failing;
    if (!has_succeeded) return SlotClass::unproven;
    return failures_in_row == 0 ? SlotClass::proven : SlotClass::shaky;
}

void note_success(CircuitBreaker& breaker, SteadyTime started) {
    if (breaker.is_open && started < breaker.opened_at) {
        breaker.has_succeeded = true;
    } else {
        breaker = {.has_succeeded = true};
    }
}

void note_failure(CircuitBreaker& breaker, const BreakerPolicy& policy, const Failure& failure,
                  SteadyTime now) {
    ++breaker.failures_in_row;
    breaker.last_had_no_response = failure.has_no_response;
    const bool is_probe = breaker.is_open && failure.started >= breaker.opened_at;
    const bool opens = !breaker.is_open && (failure.wanted_pause.has_value() ||
                                            breaker.failures_in_row >= policy.failures);
    if (opens || is_probe) {
        pause(breaker, breaker_pause(policy, breaker.pauses_in_row), now);
        ++breaker.pauses_in_row;
    }
    if (failure.wanted_pause) pause(breaker, *failure.wanted_pause, now);
}

void pause(CircuitBreaker& breaker, std::chrono::microseconds length, SteadyTime now) {
    breaker.is_open = true;
    breaker.opened_at = now;
    breaker.blocked_until = std::max(breaker.blocked_until, now + length);
}

void resume(CircuitBreaker& breaker, SteadyTime now) {
    breaker.blocked_until = std::min(breaker.blocked_until, now);
    breaker.pauses_in_row = 0;
}

}  // namespace webhooks::delivery
