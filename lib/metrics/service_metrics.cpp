#include <algorithm>
#include <metrics/service_metrics.hpp>
#include <string>
#include <webhooks/version.hpp>

namespace webhooks::metrics {
namespace {

enum Metric : std::size_t {
    publications,
    events,
    filtered,
    filters_unjudged,
    publish_duration,
    dispatch_delay,
    attempts,
    attempt_duration,
    attempt_failures,
    attempts_in_flight,
    events_in_memory,
    payload_bytes_in_memory,
    events_waiting,
    oldest_due_age,
    feed_lag,
    subscriptions,
    unreadable_subscriptions,
    corrupt_payloads,
    deactivations,
    storage_duration,
    storage_errors,
    batch_size,
    workers,
    takeovers,
    fenced_results,
    lease_lost,
    build_info,
    metric_count,
};

using Descriptions = std::vector<MetricDescription>;

constexpr std::uint64_t micros_per_second = 1'000'000;

// Bounds in microseconds.
std::vector<std::uint64_t> short_times() {
    return {500,     1'000,   2'500,   5'000,     10'000,    25'000,     50'000,
            100'000, 250'000, 500'000, 1'000'000, 5'000'000, 30'000'000, 300'000'000};
}
std::vector<std::uint64_t> attempt_times() {
    return {5'000,   10'000,    25'000,    50'000,    100'000,    250'000,
            500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 15'000'000};
}

std::vector<std::uint64_t> sizes() {
    return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
}

MetricLabel storage_calls() {
    return {"call", {"write", "claim", "heartbeat", "read", "maintain"}};
}

/// Failures have the values starting with `FailureReason::lookup`.
MetricLabel failure_reasons() {
    MetricLabel label{"reason", {}};
    for (auto reason = FailureReason::lookup; reason <= FailureReason::other;
         reason = static_cast<FailureReason>(static_cast<int>(reason) + 1)) {
        label.values.emplace_back(to_string(reason));
    }
    return label;
}

void describe_publishing(Descriptions& all) {
    all[publications] = {
        .name = "webhooks_publications",
        .help = "Publications by result; those of a batch count one by one.",
        .labels = {{"result",
                    {"accepted", "replayed", "invalid", "conflict", "overloaded", "unavailable"}}}};
    all[events] = {.name = "webhooks_events",
                   .help = "Events that became durable: one for each subscription that matched."};
    all[filtered] = {.name = "webhooks_filtered",
                     .help = "Events that subscriptions would have got without their filters."};
    all[filters_unjudged] = {
        .name = "webhooks_filters_unjudged",
        .help = "Those of them whose filter was not judged, because its user's took all steps."};
    all[publish_duration] = {.name = "webhooks_publish_duration_seconds",
                             .help = "From the call until a publication was durable.",
                             .type = MetricType::histogram,
                             .bounds = short_times(),
                             .per_unit = micros_per_second};
}

void describe_attempts(Descriptions& all) {
    all[dispatch_delay] = {.name = "webhooks_dispatch_delay_seconds",
                           .help = "From when an attempt was due until its request began.",
                           .type = MetricType::histogram,
                           .bounds = short_times(),
                           .per_unit = micros_per_second};
    all[attempts] = {
        .name = "webhooks_attempts",
        .help = "Attempts by what they led to; cancelled and expired ones made no request.",
        .labels = {{"outcome", {"delivered", "retry", "exhausted", "cancelled", "expired"}},
                   {"status", {"2xx", "3xx", "4xx", "5xx", "none"}}}};
    all[attempt_duration] = {.name = "webhooks_attempt_duration_seconds",
                             .help = "Of a request, until its answer or failure.",
                             .type = MetricType::histogram,
                             .labels = {{"result", {"delivered", "failed"}}},
                             .bounds = attempt_times(),
                             .per_unit = micros_per_second};
    all[attempt_failures] = {.name = "webhooks_attempt_failures",
                             .help = "Requests that failed, by how far they came.",
                             .labels = {failure_reasons()}};
    all[corrupt_payloads] = {
        .name = "webhooks_corrupt_payloads",
        .help = "Events that were cancelled because their stored payload had been changed."};
    all[deactivations] = {.name = "webhooks_deactivations",
                          .help = "Subscriptions that the service deactivated.",
                          .labels = {{"reason", {"gone", "failing"}}}};
}

void describe_gauges(Descriptions& all) {
    const auto gauge = [](std::string name, std::string help, std::vector<MetricLabel> labels = {},
                          std::uint64_t per_unit = 1) -> MetricDescription {
        return {.name = std::move(name),
                .help = std::move(help),
                .type = MetricType::gauge,
                .labels = std::move(labels),
                .per_unit = per_unit};
    };
    all[attempts_in_flight] = gauge("webhooks_attempts_in_flight", "Requests in flight.");
    all[events_in_memory] = gauge("webhooks_events_in_memory", "Events that this worker holds.");
    all[payload_bytes_in_memory] =
        gauge("webhooks_payload_bytes_in_memory", "Bytes of the payloads of these events.");
    all[events_waiting] = gauge("webhooks_events_waiting",
                                "Events in storage that wait for an attempt, up to 100,000 a state;"
                                " sampled every 15 s or so.",
                                {{"state", {"due", "scheduled", "reserved"}}});
    all[oldest_due_age] = gauge("webhooks_oldest_due_age_seconds",
                                "How long the event that waits longest has been due; sampled.", {},
                                micros_per_second);
    all[feed_lag] = gauge("webhooks_feed_lag_seconds",
                          "How long feeds have been held back by open transactions; sampled.", {},
                          micros_per_second);
    all[subscriptions] = gauge("webhooks_subscriptions", "Subscriptions in storage, sampled.",
                               {{"state", {"active", "paused", "failing", "inactive"}}});
    all[unreadable_subscriptions] =
        gauge("webhooks_unreadable_subscriptions",
              "Subscriptions whose stored secrets this process cannot decrypt.");
    all[workers] = gauge("webhooks_workers", "Workers on this storage, sampled.",
                         {{"state", {"live", "expired"}}});
    all[build_info] = gauge("webhooks_build_info", "1; the label tells the library's version.",
                            {{"version", {WEBHOOKS_VERSION}}});
}

void describe_storage(Descriptions& all) {
    all[storage_duration] = {.name = "webhooks_storage_duration_seconds",
                             .help = "Of a call to storage that succeeded.",
                             .type = MetricType::histogram,
                             .labels = {storage_calls()},
                             .bounds = short_times(),
                             .per_unit = micros_per_second};
    all[storage_errors] = {
        .name = "webhooks_storage_errors",
        .help = "Calls to storage that failed for a reason that is not the caller's.",
        .labels = {storage_calls(), {"kind", {"unavailable", "timed_out", "fenced", "other"}}}};
    all[batch_size] = {.name = "webhooks_batch_size",
                       .help = "Publications, and attempts, that one commit wrote.",
                       .type = MetricType::histogram,
                       .labels = {{"of", {"appends", "attempts"}}},
                       .bounds = sizes()};
    all[takeovers] = {.name = "webhooks_takeovers",
                      .help = "Times that this worker took over what another one held."};
    all[fenced_results] = {.name = "webhooks_fenced_results",
                           .help =
                               "Results that were dropped after another worker took over; the "
                               "events are resent."};
    all[lease_lost] = {.name = "webhooks_lease_lost",
                       .help = "Times that another worker took over what this one held."};
}

Descriptions descriptions() {
    Descriptions all(metric_count);
    describe_publishing(all);
    describe_attempts(all);
    describe_gauges(all);
    describe_storage(all);
    return all;
}

template <class Enum>
std::size_t place(Enum value) {
    return static_cast<std::size_t>(value);
}

std::uint64_t count_of(std::chrono::microseconds duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
}

/// 2xx .. 5xx, none.
std::size_t place_of_status(const std::optional<int>& status) {
    if (!status || *status < 200 || *status > 599) return 4;
    return static_cast<std::size_t>(*status / 100 - 2);
}

std::size_t place_of_kind(const Error& error) {
    if (error == Errc::unavailable) return 0;
    if (error == Errc::timed_out) return 1;
    return error == Errc::fenced ? 2 : 3;
}

}  // namespace

ServiceMetrics::ServiceMetrics(bool by_event_type) : set_(descriptions()) {
    set_.set(build_info, 0, 1);
    if (by_event_type) event_types_ = std::make_unique<EventTypeCounts>();
}

void ServiceMetrics::count_publications(PublishResult result, std::size_t count,
                                        Duration duration) noexcept {
    set_.add(publications, place(result), count);
    if (result <= PublishResult::replayed) {
        set_.observe(publish_duration, 0, count_of(duration), count);
    }
}

void ServiceMetrics::count_events(std::size_t count) noexcept {
    set_.add(events, 0, count);
}

void ServiceMetrics::count_filtered(std::size_t count, std::size_t unjudged) noexcept {
    set_.add(filtered, 0, count);
    if (unjudged > 0) set_.add(filters_unjudged, 0, unjudged);
}

void ServiceMetrics::count_attempt(const AttemptReport& report) noexcept {
    set_.add(attempts, (place(report.outcome) - place(Outcome::delivered)) * 5 +
                           place_of_status(report.status_code));
    if (event_types_) event_types_->add(report.event_type, report.outcome);
    if (report.outcome > Outcome::exhausted) return;
    const bool is_failure = report.outcome != Outcome::delivered;
    set_.observe(attempt_duration, is_failure ? 1 : 0, count_of(report.duration));
    set_.observe(dispatch_delay, 0, count_of(report.delay));
    if (is_failure) {
        set_.add(attempt_failures, place(report.reason) - place(FailureReason::lookup));
    }
}

void ServiceMetrics::count_deactivation(DeactivationReason reason) noexcept {
    set_.add(deactivations, place(reason));
}

void ServiceMetrics::count_corrupt_payload() noexcept {
    set_.add(corrupt_payloads);
}

void ServiceMetrics::count_fenced_results(std::size_t count) noexcept {
    set_.add(fenced_results, 0, count);
}

void ServiceMetrics::count_takeover() noexcept {
    set_.add(takeovers);
}

void ServiceMetrics::count_lost_lease() noexcept {
    set_.add(lease_lost);
}

void ServiceMetrics::observe_storage(StorageCall call, Duration duration) noexcept {
    set_.observe(storage_duration, place(call), count_of(duration));
}

void ServiceMetrics::count_storage_error(StorageCall call, const Error& error) noexcept {
    set_.add(storage_errors, place(call) * 4 + place_of_kind(error));
}

void ServiceMetrics::observe_batch(std::size_t appends, std::size_t attempt_records) noexcept {
    if (appends > 0) set_.observe(batch_size, 0, appends);
    if (attempt_records > 0) set_.observe(batch_size, 1, attempt_records);
}

void ServiceMetrics::set_in_flight(std::size_t count) noexcept {
    set_.set(attempts_in_flight, 0, count);
    in_flight_ = count;
}

void ServiceMetrics::set_memory(std::size_t held_events, std::size_t payload_bytes) noexcept {
    set_.set(events_in_memory, 0, held_events);
    set_.set(payload_bytes_in_memory, 0, payload_bytes);
}

void ServiceMetrics::set_unreadable(std::size_t count) noexcept {
    set_.set(unreadable_subscriptions, 0, count);
}

void ServiceMetrics::set_sample(const StorageSample& sample, Time now) noexcept {
    set_.set(events_waiting, 0, sample.due);
    set_.set(events_waiting, 1, sample.scheduled);
    set_.set(events_waiting, 2, sample.reserved);
    set_.set(oldest_due_age, 0, sample.oldest_due ? count_of(now - *sample.oldest_due) : 0);
    set_.set(feed_lag, 0, sample.oldest_held_back ? count_of(now - *sample.oldest_held_back) : 0);
    set_.set(subscriptions, 0, sample.active);
    set_.set(subscriptions, 1, sample.paused);
    set_.set(subscriptions, 2, sample.failing);
    set_.set(subscriptions, 3, sample.inactive);
    set_.set(workers, 0, sample.live);
    set_.set(workers, 1, sample.expired);
}

std::vector<MetricFamily> ServiceMetrics::collect() const {
    std::vector<MetricFamily> families = set_.collect();
    if (event_types_) families.push_back(event_types_->collect());
    return families;
}

}  // namespace webhooks::metrics
