#include <algorithm>
#include <delivery/decision.hpp>
#include <delivery/retry_after.hpp>
#include <string>

namespace webhooks::delivery {
namespace {

/// @param answer a failure other than 410.
bool is_retried(const TransportAnswer& answer, const RetryOn& retry_on) {
    if (retry_on.is_everything()) return true;
    if (answer.kind != TransportAnswer::Kind::answered) {
        return retry_on.includes(FailureClass::network);
    }
    switch (answer.status_code) {
        case 408:
            return retry_on.includes(FailureClass::request_timeout);
        case 429:
            return retry_on.includes(FailureClass::too_many_requests);
        default:
            return answer.status_code / 100 == 5 && retry_on.includes(FailureClass::server_error);
    }
}

}  // namespace

ResponseClass response_class_of(const TransportAnswer& answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return ResponseClass::failure;
    switch (answer.status_code) {
        case 410:
            return ResponseClass::gone;
        case 429:
        case 502:
        case 503:
        case 504:
            return ResponseClass::slow_down;
        default:
            return answer.status_code / 100 == 2 ? ResponseClass::success : ResponseClass::failure;
    }
}

std::chrono::seconds wanted_pause(const TransportAnswer& answer, const RetryPolicy& policy,
                                  Time now) {
    if (response_class_of(answer) != ResponseClass::slow_down) return {};
    const auto wanted = parse_retry_after(answer.retry_after, now);
    return std::min(wanted.value_or(std::chrono::seconds(0)), policy.max_retry_after);
}

std::chrono::microseconds pause_after(const RetryPolicy& policy, int attempts_since_reopened,
                                      double random_unit) {
    const std::size_t row =
        std::min<std::size_t>(attempts_since_reopened, policy.schedule.size()) - 1;
    const std::chrono::duration<double> pause = policy.schedule[row];
    const double factor = 1 + policy.jitter * (2 * random_unit - 1);
    return std::chrono::duration_cast<std::chrono::microseconds>(pause * factor);
}

Verdict decide(const TransportAnswer& answer, const RetryPolicy& policy,
               int attempts_since_reopened, Time now, double random_unit) {
    const ResponseClass response_class = response_class_of(answer);
    if (response_class == ResponseClass::success) return {.outcome = Outcome::delivered};
    if (response_class == ResponseClass::gone || attempts_since_reopened > policy.max_retry_count ||
        !is_retried(answer, policy.retry_on)) {
        return {.outcome = Outcome::exhausted};
    }
    const std::chrono::microseconds pause =
        pause_after(policy, attempts_since_reopened, random_unit);
    return {
        .outcome = Outcome::retry,
        .due = now + std::max<std::chrono::microseconds>(pause, wanted_pause(answer, policy, now))};
}

std::string error_of(const TransportAnswer& answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return answer.error;
    return "endpoint responded with " + std::to_string(answer.status_code);
}

FailureReason reason_of(const TransportAnswer& answer) {
    if (response_class_of(answer) == ResponseClass::success) return FailureReason::none;
    if (answer.kind == TransportAnswer::Kind::answered) return FailureReason::status;
    return answer.reason;
}

Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome) {
    Attempt attempt{.number = number, .sent_at = sent_at, .duration = duration, .outcome = outcome};
    if (answer.kind == TransportAnswer::Kind::answered) {
        attempt.status_code = answer.status_code;
        attempt.response = answer.body;
    }
    if (response_class_of(answer) != ResponseClass::success)
        attempt.error_message = error_of(answer);
    if (outcome != Outcome::delivered) attempt.details = answer.details;
    return attempt;
}

}  // namespace webhooks::delivery
