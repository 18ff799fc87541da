#include <algorithm>
#include <delivery/decision.hpp>
#include <string>

namespace webhooks::delivery {
namespace {

bool is_success(const TransportAnswer& answer) {
    return answer.kind == TransportAnswer::Kind::answered && answer.status_code >= 200 &&
           answer.status_code < 300;
}

}  // namespace

std::chrono::microseconds pause_after(const RetryPolicy& policy, int attempts, double chance) {
    const std::size_t row = std::min<std::size_t>(attempts, policy.schedule.size()) - 1;
    const std::chrono::duration<double> pause = policy.schedule[row];
    const double factor = 1 + policy.jitter * (2 * chance - 1);
    return std::chrono::duration_cast<std::chrono::microseconds>(pause * factor);
}

Verdict decide(const TransportAnswer& answer, const RetryPolicy& policy, int attempts, Time now,
               double chance) {
    if (is_success(answer)) return {.outcome = Outcome::delivered};
    if (attempts > policy.max_retry_count) return {.outcome = Outcome::exhausted};
    return {.outcome = Outcome::retry, .due = now + pause_after(policy, attempts, chance)};
}

Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome) {
    Attempt attempt{.number = number, .sent_at = sent_at, .duration = duration, .outcome = outcome};
    if (answer.kind == TransportAnswer::Kind::answered) {
        attempt.status_code = answer.status_code;
        attempt.response = answer.body;
        if (!is_success(answer)) {
            attempt.error_message = "endpoint answered " + std::to_string(answer.status_code);
        }
    } else {
        attempt.error_message = answer.error;
    }
    return attempt;
}

}  // namespace webhooks::delivery
