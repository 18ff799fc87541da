#pragma once

#include <chrono>
#include <delivery/circuit_breaker.hpp>
#include <delivery/decision.hpp>
#include <delivery/endpoint.hpp>
#include <delivery/now.hpp>
#include <delivery/results.hpp>
#include <optional>
#include <webhooks/options.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// When an endpoint is left alone for a while, and when its subscription is deactivated.
struct HealthPolicy {
    explicit HealthPolicy(const ServiceOptions& options);

    BreakerPolicy breaker;
    /// How long an endpoint must have failed without a success in between; 0: never.
    std::chrono::seconds deactivate_after{0};
    /// How long it must have failed so until subscribers are notified.
    std::chrono::seconds failing_notice_after{0};
};

/// A request that has ended.
struct EndedRequest {
    const TransportAnswer& answer;
    EventId event{};
    int number = 0;  ///< Of the attempt.
    Time sent_at{};
    SteadyTime started{};
};

/// The health of the endpoint of one version of a subscription: its circuit breaker, and since when
/// it has failed. Other workers' pauses reach it through the subscription.
class EndpointHealth : public CircuitBreaker {
public:
    explicit EndpointHealth(SubscriptionId subscription) : subscription_(subscription) {}

    /// The version of the subscription that it belongs to; 0 after it was deleted.
    Revision version() const noexcept { return version_; }
    /// @param endpoint null if it was deleted, or if its state is not stored (of test events)
    void begin_version(Revision version, const Endpoint* endpoint, const HealthPolicy&);
    /// Notes what other workers found out about pauses.
    void apply_pause(std::optional<Time> paused_until, const Now&);
    /// Notes that subscribers were notified of its failures, whichever worker caused that.
    void apply_notified(std::optional<Time> notified_failing_since);
    /// After a requested probe without success, a pause that the endpoint requested, or that
    /// another worker stored, continues.
    void restore_pause(const Now&);
    /// Notes the end of a request that was made for this version.
    HealthReport note(const EndedRequest&, const HealthPolicy&, const RetryPolicy&, const Now&);

private:
    HealthReport note_succeeded(const EndedRequest&, const Now&);
    HealthReport note_failed(const EndedRequest&, const HealthPolicy&, const RetryPolicy&,
                             const Now&);
    void begin_pause(const EndedRequest&, const HealthPolicy&, const RetryPolicy&, const Now&,
                     EndpointState&);
    std::optional<Deactivation> deactivate_if_due(const EndedRequest&, const HealthPolicy&,
                                                  const Now&);
    std::optional<FailingNotice> notice_if_due(const EndedRequest&, const HealthPolicy&,
                                               const Now&);
    std::optional<HealthChange> report_failure(const TransportAnswer&, SteadyTime now);
    std::optional<HealthChange> report_success();

    SubscriptionId subscription_;
    Revision version_ = -1;
    std::optional<Time> failing_since_;
    int failures_ = 0;  ///< Since then.
    /// Subscribers were notified that it fails: the next success must be written.
    bool is_notified_ = false;
    std::optional<Time> known_notified_;  ///< As the subscription had it when it was last read.
    Time next_notice_ = Time::min();
    // When pauses end, in storage's time.
    std::optional<Time> paused_until_;     ///< The latest one that was noted.
    std::optional<Time> requested_until_;  ///< The latest one of the endpoint or another worker.
    std::optional<Time> known_until_;      ///< As the subscription had it when it was last read.
    bool is_reported_as_failing_ = false;
    /// Until this time no new failure is reported.
    SteadyTime next_report_ = SteadyTime::min();
};

}  // namespace webhooks::delivery
