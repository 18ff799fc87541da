#include <algorithm>
#include <delivery/decision.hpp>
#include <delivery/retry_after.hpp>
#include <string>

namespace webhooks::delivery {
Meaning meaning_of(const TransportAnswer& answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return Meaning::failure;
    switch (answer.status_code) {
        case 410:
            return Meaning::gone;
        case 429:
        case 502:
        case 503:
        case 504:
            return Meaning::slow_down;
        default:
            return answer.status_code / 100 == 2 ? Meaning::success : Meaning::failure;
    }
}

std::chrono::seconds wanted_pause(const TransportAnswer& answer, const RetryPolicy& policy,
                                  Time now) {
    if (meaning_of(answer) != Meaning::slow_down) return {};
    const auto wanted = parse_retry_after(answer.retry_after, now);
    return std::min(wanted.value_or(std::chrono::seconds(0)), policy.max_retry_after);
}

std::chrono::microseconds pause_after(const RetryPolicy& policy, int tries, double chance) {
    const std::size_t row = std::min<std::size_t>(tries, policy.schedule.size()) - 1;
    const std::chrono::duration<double> pause = policy.schedule[row];
    const double factor = 1 + policy.jitter * (2 * chance - 1);
    return std::chrono::duration_cast<std::chrono::microseconds>(pause * factor);
}

Verdict decide(const TransportAnswer& answer, const RetryPolicy& policy, int tries, Time now,
               double chance) {
    const Meaning meaning = meaning_of(answer);
    if (meaning == Meaning::success) return {.outcome = Outcome::delivered};
    if (meaning == Meaning::gone || tries > policy.max_retry_count) {
        return {.outcome = Outcome::exhausted};
    }
    const std::chrono::microseconds pause = pause_after(policy, tries, chance);
    return {
        .outcome = Outcome::retry,
        .due = now + std::max<std::chrono::microseconds>(pause, wanted_pause(answer, policy, now))};
}

std::string error_of(const TransportAnswer& answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return answer.error;
    return "endpoint responded with " + std::to_string(answer.status_code);
}

Attempt describe(const TransportAnswer& answer, int number, Time sent_at,
                 std::chrono::microseconds duration, Outcome outcome) {
    Attempt attempt{.number = number, .sent_at = sent_at, .duration = duration, .outcome = outcome};
    if (answer.kind == TransportAnswer::Kind::answered) {
        attempt.status_code = answer.status_code;
        attempt.response = answer.body;
    }
    if (meaning_of(answer) != Meaning::success) attempt.error_message = error_of(answer);
    return attempt;
}

}  // namespace webhooks::delivery
