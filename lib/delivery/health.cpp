#include <algorithm>
#include <delivery/health.hpp>

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

SlotClass Health::slot_class() const noexcept {
    if (last_had_no_response || failures_in_row >= failures_of_the_failing)
        return SlotClass::failing;
    if (!has_succeeded) return SlotClass::unproven;
    return failures_in_row == 0 ? SlotClass::proven : SlotClass::shaky;
}

void note_success(Health& health, SteadyTime started) {
    if (health.is_open && started < health.opened_at) {
        health.has_succeeded = true;
    } else {
        health = {.has_succeeded = true};
    }
}

void note_failure(Health& health, const BreakerPolicy& policy, const Failure& failure,
                  SteadyTime now) {
    ++health.failures_in_row;
    health.last_had_no_response = failure.has_no_response;
    const bool is_probe = health.is_open && failure.started >= health.opened_at;
    const bool opens = !health.is_open && (failure.wanted_pause.has_value() ||
                                           health.failures_in_row >= policy.failures);
    if (opens || is_probe) {
        pause(health, breaker_pause(policy, health.pauses_in_row), now);
        ++health.pauses_in_row;
    }
    if (failure.wanted_pause) pause(health, *failure.wanted_pause, now);
}

void pause(Health& health, std::chrono::microseconds length, SteadyTime now) {
    health.is_open = true;
    health.opened_at = now;
    health.blocked_until = std::max(health.blocked_until, now + length);
}

void resume(Health& health, SteadyTime now) {
    health.blocked_until = std::min(health.blocked_until, now);
    health.pauses_in_row = 0;
}

}  // namespace webhooks::delivery
