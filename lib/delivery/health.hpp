#pragma once

/// @file
/// How an endpoint is doing, and what that means for what it gets. Values and functions of them:
/// time is an argument.

#include <chrono>
#include <cstdint>
#include <optional>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// When a circuit breaker opens, and for how long.
struct BreakerPolicy {
    /// Failures in a row that open it.
    int failures = 10;
    /// The first pause; each failed probe doubles it.
    std::chrono::microseconds first_pause{};
    std::chrono::microseconds longest_pause{};
};

/// Which part of all slots a subscription's requests may take. Whoever has proven itself may have
/// all; those that fail, or that nobody knows yet, leave room for it. Turns go round the shares.
enum class Share : std::uint8_t {
    proven,    ///< Its latest request succeeded.
    shaky,     ///< Its latest one or two did not, but those before: it keeps its slots.
    unproven,  ///< None has succeeded yet.
    failing,
};
inline constexpr std::size_t shares = 4;

/// The circuit breaker of one subscription, and what it knows besides.
///
/// Closed, requests go as they come. It opens after `BreakerPolicy::failures` in a row, or at once
/// where the endpoint asks for a pause: nothing is sent until `blocked_until`, then one request at
/// a time until one succeeds.
struct Health {
    int failures_in_row = 0;
    int pauses_in_row = 0;
    bool has_succeeded = false;
    bool last_was_silent = false;  ///< The latest request brought no answer.
    bool is_open = false;
    SteadyTime opened_at = SteadyTime::min();
    SteadyTime blocked_until = SteadyTime::min();

    bool is_blocked(SteadyTime now) const noexcept { return now < blocked_until; }
    Share share() const noexcept;
};

/// A failed request.
struct Failure {
    SteadyTime started{};
    bool is_silent = false;  ///< It brought no answer.
    /// Set: the endpoint asked for a pause of this length, or of none in particular (0).
    std::optional<std::chrono::microseconds> wanted_pause = {};
};

/// A request that began before the breaker opened does not close it: only a probe does.
/// @param started when the request began.
void note_success(Health&, SteadyTime started);
/// Nor does it lengthen the breaker's own pause; one that the endpoint asks for counts in any case.
void note_failure(Health&, const BreakerPolicy&, const Failure&, SteadyTime now);
/// Nothing is sent for so long, whatever was.
void pause(Health&, std::chrono::microseconds length, SteadyTime now);
/// Somebody asks for a probe now.
void resume(Health&, SteadyTime now);

}  // namespace webhooks::delivery
