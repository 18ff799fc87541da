#pragma once

/// @file
/// What an answer means for an event. Pure functions: time and chance are arguments.

#include <chrono>
#include <optional>
#include <span>
#include <webhooks/event.hpp>
#include <webhooks/time.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// When a failed event is tried again, and how often.
struct RetryPolicy {
    /// Pauses after the first, second ... attempt; the last one repeats. @pre not empty.
    std::span<const std::chrono::seconds> schedule;
    double jitter = 0;
    int max_retry_count = 0;
};

/// The pause after a failed attempt.
/// @param attempts attempts so far, at least 1.
/// @param chance in [0, 1): where in the range that jitter allows the pause lies.
std::chrono::microseconds pause_after(const RetryPolicy&, int attempts, double chance);

/// What becomes of an event.
struct Verdict {
    Outcome outcome = Outcome::retry;
    std::optional<Time> due = {};  ///< With Outcome::retry.
};

/// @param answer one that counts: `answered` or `failed`.
/// @param attempts attempts so far, this one included.
Verdict decide(const TransportAnswer& answer, const RetryPolicy&, int attempts, Time now,
               double chance);

/// The row of history that an answer leaves.
Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome);

}  // namespace webhooks::delivery
