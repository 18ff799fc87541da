#pragma once

/// @file
/// Interprets a response to an attempt. Pure functions: the time and the random number are
/// arguments.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <webhooks/event.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/time.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// What a response says about the endpoint.
enum class ResponseClass : std::uint8_t {
    success,    ///< 2xx.
    failure,    ///< Any other status, or no response.
    slow_down,  ///< 429, 502, 503, 504: asks for a pause, for all events of the subscription.
    gone,       ///< 410: wants no more events.
};
ResponseClass response_class_of(const TransportAnswer& answer);

/// When and how often a failed event is retried.
struct RetryPolicy {
    /// Delays after the first, second, ... attempt; the last one repeats. @pre not empty.
    std::span<const std::chrono::seconds> schedule;
    double jitter = 0;
    int max_retry_count = 0;
    std::chrono::seconds max_retry_after{};
    RetryOn retry_on = {};
};

/// The pause that the endpoint itself asks for, up to the maximum; 0 if it does not say.
std::chrono::seconds wanted_pause(const TransportAnswer& answer, const RetryPolicy&, Time now);

/// The delay after a failed attempt.
/// @param attempts_since_reopened attempts since the event was published or reopened, at least 1.
/// @param random_unit a random number in [0, 1): selects the delay within the jitter range.
std::chrono::microseconds pause_after(const RetryPolicy&, int attempts_since_reopened,
                                      double random_unit);

/// The decision about an event.
struct Verdict {
    Outcome outcome = Outcome::retry;
    std::optional<Time> due = {};  ///< With Outcome::retry.
};

/// @param answer one that counts: `answered` or `failed`.
/// @param attempts_since_reopened attempts since the event was published or reopened, including
/// this one.
Verdict decide(const TransportAnswer& answer, const RetryPolicy&, int attempts_since_reopened,
               Time now, double random_unit);

/// The error message of a failed attempt.
std::string error_of(const TransportAnswer& answer);

/// The same as a class; none for a success.
FailureReason reason_of(const TransportAnswer& answer);

/// The history row for a response.
Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome);

}  // namespace webhooks::delivery
