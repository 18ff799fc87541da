#pragma once

/// @file
/// The circuit breaker of an endpoint, and how that limits its requests. Values and functions of
/// them: the time is an argument.

#include <chrono>
#include <cstdint>
#include <optional>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// When a circuit breaker opens, and for how long.
struct BreakerPolicy {
    /// Consecutive failures that open it.
    int failures = 10;
    /// The first pause; each failed probe doubles it.
    std::chrono::microseconds first_pause{};
    std::chrono::microseconds longest_pause{};
};

/// The class of slots that a subscription's requests take. Proven endpoints may use all slots;
/// failing and unproven ones leave room for them. The scheduler is round-robin over the classes.
enum class SlotClass : std::uint8_t {
    proven,    ///< Its latest request succeeded.
    shaky,     ///< Its latest one or two failed, but earlier ones succeeded: it keeps its slots.
    unproven,  ///< None has succeeded yet.
    failing,
};
inline constexpr std::size_t slot_classes = 4;

/// The circuit breaker of one subscription, and related state.
///
/// While it is closed, requests are sent as usual. It opens after `BreakerPolicy::failures`
/// consecutive failures, or at once if the endpoint asks for a pause: nothing is sent until
/// `blocked_until`, then one request at a time until one succeeds.
struct CircuitBreaker {
    int failures_in_row = 0;
    int pauses_in_row = 0;
    bool has_succeeded = false;
    bool last_had_no_response = false;  ///< The latest request got no response.
    bool is_open = false;
    SteadyTime opened_at = SteadyTime::min();
    SteadyTime blocked_until = SteadyTime::min();

    bool is_blocked(SteadyTime now) const noexcept { return now < blocked_until; }
    SlotClass slot_class() const noexcept;
};

/// A failed request.
struct Failure {
    SteadyTime started{};
    bool has_no_response = false;  ///< It got no response.
    /// Set: the endpoint asked for a pause of this length, or of unspecified length (0).
    std::optional<std::chrono::microseconds> wanted_pause = {};
};

/// A request that started before the breaker opened does not close it: only a probe does.
/// @param started when the request started.
void note_success(CircuitBreaker&, SteadyTime started);
/// Nor does it lengthen the breaker's own pause; a pause requested by the endpoint always counts.
void note_failure(CircuitBreaker&, const BreakerPolicy&, const Failure&, SteadyTime now);
/// Nothing is sent for this long, whatever the state.
void pause(CircuitBreaker&, std::chrono::microseconds length, SteadyTime now);
/// A probe was requested.
void resume(CircuitBreaker&, SteadyTime now);

}  // namespace webhooks::delivery
