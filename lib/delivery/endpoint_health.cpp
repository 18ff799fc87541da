#include <algorithm>
#include <delivery/endpoint_health.hpp>
#include <utility>

namespace webhooks::delivery {
namespace {

/// The minimum interval between reports about an endpoint that alternates between failure and
/// recovery.
constexpr std::chrono::minutes report_interval{1};

/// @param request a failed one.
LastAttempt last_attempt_of(const EndedRequest& request) {
    LastAttempt attempt{.event = request.event,
                        .number = request.number,
                        .sent_at = request.sent_at,
                        .error_message = error_of(request.answer)};
    if (request.answer.kind == TransportAnswer::Kind::answered) {
        attempt.status_code = request.answer.status_code;
    }
    return attempt;
}

}  // namespace

HealthPolicy::HealthPolicy(const ServiceOptions& options)
    : breaker{.failures = options.breaker_failures,
              .first_pause = options.breaker_pause,
              .longest_pause = options.breaker_max_pause},
      deactivate_after(options.deactivate_after),
      failing_notice_after(options.failing_notice_after) {}

void EndpointHealth::begin_version(Revision version, const Endpoint* endpoint,
                                   const HealthPolicy& policy) {
    version_ = version;
    static_cast<CircuitBreaker&>(*this) = {.has_succeeded = has_succeeded};
    paused_until_.reset();
    requested_until_.reset();
    known_until_.reset();
    failing_since_.reset();
    failures_ = 0;
    known_notified_ = endpoint ? endpoint->extras().notified_failing_since : std::nullopt;
    is_notified_ = known_notified_.has_value();
    next_notice_ = Time::min();
    if (!endpoint || !endpoint->extras().failing_since) return;
    failing_since_ = endpoint->extras().failing_since;
    // The number and kind of its failures are not stored. Until a success the worst is assumed: it
    // takes the slots of failing endpoints, and its next failure may deactivate it.
    last_had_no_response = true;
    failures_ = policy.breaker.failures;
}

void EndpointHealth::apply_pause(std::optional<Time> paused_until, const Now& now) {
    const std::optional<Time> known = std::exchange(known_until_, paused_until);
    if (known == paused_until) return;
    if (paused_until) {
        requested_until_ = std::max(requested_until_, paused_until);
        // A pause that is known already must not begin again: its probe may be in flight.
        if (paused_until <= paused_until_) return;
        paused_until_ = paused_until;
        if (*paused_until > now.time) pause(*this, *paused_until - now.time, now.steady);
    } else if (known == paused_until_) {
        // A request of another worker succeeded, so the pause is over. Ours begin with a probe.
        paused_until_.reset();
        requested_until_.reset();
        resume(*this, now.steady);
    }
}

void EndpointHealth::apply_notified(std::optional<Time> notified_failing_since) {
    if (std::exchange(known_notified_, notified_failing_since) == notified_failing_since) return;
    is_notified_ = notified_failing_since.has_value();
}

HealthReport EndpointHealth::note(const EndedRequest& request, const HealthPolicy& policy,
                                  const RetryPolicy& retries, const Now& now) {
    const bool is_success = response_class_of(request.answer) == ResponseClass::success;
    return is_success ? note_succeeded(request, now) : note_failed(request, policy, retries, now);
}

HealthReport EndpointHealth::note_succeeded(const EndedRequest& request, const Now& now) {
    HealthReport report{.change = report_success()};
    const SteadyTime was_blocked_until = blocked_until;
    note_success(*this, request.started);
    failures_ = 0;
    const bool was_failing = std::exchange(failing_since_, std::nullopt).has_value();
    const bool was_notified = std::exchange(is_notified_, false);
    if (!was_failing && !was_notified && blocked_until == was_blocked_until) return report;
    report.state = {.subscription = subscription_, .revision = version_};
    if (is_blocked(now.steady)) return report;
    report.state->ended_pause = std::exchange(paused_until_, std::nullopt);
    requested_until_.reset();
    return report;
}

HealthReport EndpointHealth::note_failed(const EndedRequest& request, const HealthPolicy& policy,
                                         const RetryPolicy& retries, const Now& now) {
    HealthReport report{.change = report_failure(request.answer, now.steady)};
    const bool was_failing = failing_since_.has_value();
    if (!was_failing) failing_since_ = request.sent_at;
    ++failures_;
    EndpointState state{
        .subscription = subscription_, .revision = version_, .failing_since = failing_since_};
    begin_pause(request, policy, retries, now, state);
    if (!was_failing || state.paused_until) report.state = state;
    report.deactivation = deactivate_if_due(request, policy, now);
    if (!report.deactivation) report.failing_notice = notice_if_due(request, policy, now);
    return report;
}

/// Only the pause that this request leads to is stored: another worker may have ended those that
/// are known here.
void EndpointHealth::begin_pause(const EndedRequest& request, const HealthPolicy& policy,
                                 const RetryPolicy& retries, const Now& now, EndpointState& state) {
    Failure failure{.started = request.started,
                    .has_no_response = request.answer.kind == TransportAnswer::Kind::failed};
    if (response_class_of(request.answer) == ResponseClass::slow_down) {
        failure.wanted_pause = wanted_pause(request.answer, retries, now.time);
    }
    const SteadyTime was_blocked_until = blocked_until;
    note_failure(*this, policy.breaker, failure, now.steady);
    if (blocked_until != was_blocked_until && is_blocked(now.steady)) {
        state.paused_until = now.at(blocked_until);
    }
    if (failure.wanted_pause && failure.wanted_pause->count() > 0) {
        const std::optional<Time> asked_until = now.time + *failure.wanted_pause;
        state.is_requested = true;
        state.paused_until = std::max(state.paused_until, asked_until);
        requested_until_ = std::max(requested_until_, asked_until);
    }
    paused_until_ = std::max(paused_until_, state.paused_until);
    restore_pause(now);
}

void EndpointHealth::restore_pause(const Now& now) {
    if (!requested_until_ || *requested_until_ <= now.time) return;
    pause(*this, *requested_until_ - now.time, now.steady);
}

std::optional<Deactivation> EndpointHealth::deactivate_if_due(const EndedRequest& request,
                                                              const HealthPolicy& policy,
                                                              const Now& now) {
    Deactivation deactivation{.subscription = subscription_,
                              .revision = version_,
                              .last_attempt = last_attempt_of(request)};
    if (response_class_of(request.answer) == ResponseClass::gone) return deactivation;
    if (policy.deactivate_after == std::chrono::seconds(0)) return {};
    if (now.time - *failing_since_ < policy.deactivate_after) return {};
    // Two failures that are days apart prove little.
    if (failures_ < policy.breaker.failures) return {};
    deactivation.failing_since = failing_since_;
    // Storage rejects this if another worker has had a success since then. The period starts again,
    // so that not every failure asks.
    failing_since_ = request.sent_at;
    return deactivation;
}

std::optional<FailingNotice> EndpointHealth::notice_if_due(const EndedRequest& request,
                                                           const HealthPolicy& policy,
                                                           const Now& now) {
    if (now.time - *failing_since_ < policy.failing_notice_after || now.time < next_notice_) {
        return {};
    }
    // Storage knows whether it was given before, and whether another worker has had a success.
    next_notice_ = now.time + policy.failing_notice_after;
    FailingNotice notice{.subscription = subscription_,
                         .revision = version_,
                         .failing_since = *failing_since_,
                         .last_attempt = last_attempt_of(request)};
    if (policy.deactivate_after.count() > 0) {
        notice.deactivates_at = *failing_since_ + policy.deactivate_after;
    }
    return notice;
}

std::optional<HealthChange> EndpointHealth::report_failure(const TransportAnswer& answer,
                                                           SteadyTime now) {
    if (is_reported_as_failing_ || now < next_report_) return {};
    is_reported_as_failing_ = true;
    next_report_ = now + report_interval;
    HealthChange change{.subscription = subscription_,
                        .is_failing = true,
                        .error = error_of(answer),
                        .reason = reason_of(answer)};
    if (change.reason == FailureReason::status) change.status_code = answer.status_code;
    return change;
}

std::optional<HealthChange> EndpointHealth::report_success() {
    if (!std::exchange(is_reported_as_failing_, false)) return {};
    return HealthChange{.subscription = subscription_, .is_failing = false, .error = {}};
}

}  // namespace webhooks::delivery
