#pragma once

/// @file
/// What an answer means for an event. Pure functions: time and chance are arguments.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <webhooks/event.hpp>
#include <webhooks/time.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// What an answer says of the endpoint.
enum class Meaning : std::uint8_t {
    success,    ///< 2xx.
    failure,    ///< Any other status, or no answer.
    slow_down,  ///< 429, 502, 503, 504: it wants a pause, the subscription's other events too.
    gone,       ///< 410: it wants nothing more.
};
Meaning meaning_of(const TransportAnswer& answer);

/// When a failed event is tried again, and how often.
struct RetryPolicy {
    /// Pauses after the first, second ... attempt; the last one repeats. @pre not empty.
    std::span<const std::chrono::seconds> schedule;
    double jitter = 0;
    int max_retry_count = 0;
    std::chrono::seconds max_retry_after{};
};

/// How long the endpoint itself asks to wait, up to the ceiling; 0 where it does not say.
std::chrono::seconds wanted_pause(const TransportAnswer& answer, const RetryPolicy&, Time now);

/// The pause after a failed attempt.
/// @param tries attempts since the event was published or reopened, at least 1.
/// @param chance in [0, 1): where in the range that jitter allows the pause lies.
std::chrono::microseconds pause_after(const RetryPolicy&, int tries, double chance);

/// What becomes of an event.
struct Verdict {
    Outcome outcome = Outcome::retry;
    std::optional<Time> due = {};  ///< With Outcome::retry.
};

/// @param answer one that counts: `answered` or `failed`.
/// @param tries attempts since the event was published or reopened, this one included.
Verdict decide(const TransportAnswer& answer, const RetryPolicy&, int tries, Time now,
               double chance);

/// Why an attempt is a failure.
std::string error_of(const TransportAnswer& answer);

/// The same as a class; none for a success.
FailureReason reason_of(const TransportAnswer& answer);

/// The row of history that an answer leaves.
Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome);

}  // namespace webhooks::delivery
