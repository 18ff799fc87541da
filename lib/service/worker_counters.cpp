#include <algorithm>
#include <base/process.hpp>
#include <service/worker_counters.hpp>
#include <utility>
#include <webhooks/version.hpp>

namespace webhooks::service {

WorkerCounters::WorkerCounters(const StorageClock& clock,
                               std::shared_ptr<metrics::ServiceMetrics> metrics,
                               const delivery::MemoryBudget& budget,
                               std::shared_ptr<Observer> observer)
    : clock_(clock),
      metrics_(std::move(metrics)),
      budget_(budget),
      observer_(std::move(observer)),
      host_(host_name()),
      next_report_(clock_.steady_now() + RollupCollector::interval) {}

void WorkerCounters::count(const delivery::Results& written) {
    if (written.batch.attempts.empty()) return;
    is_idle_ = false;
    const SteadyTime now = clock_.steady_now();
    const DeliveryCounts counts = rollups_.add(written.batch.attempts, now);
    rates_.add({.attempts = static_cast<double>(counts.attempts()),
                .delivered = static_cast<double>(counts.delivered),
                .failed = static_cast<double>(counts.failed)},
               now);
}

void WorkerCounters::count_published(std::size_t events) {
    is_idle_ = false;
    rates_.add({.published = static_cast<double>(events)}, clock_.steady_now());
}

void WorkerCounters::count_filtered(const Filtered& filtered, Time published_at) {
    if (filtered.subscriptions.empty()) return;
    rollups_.add_filtered(filtered, published_at, clock_.steady_now());
    metrics_->count_filtered(filtered.subscriptions.size(), filtered.unjudged.size());
    if (!filtered.unjudged.empty()) {
        notify_unjudged(filtered.unjudged.front(), filtered.unjudged.size());
    }
}

void WorkerCounters::notify_unjudged(SubscriptionId subscription, std::size_t count) {
    constexpr std::chrono::minutes interval{1};
    unreported_unjudged_ += count;
    const SteadyTime now = clock_.steady_now();
    if (now < next_unjudged_line_) return;
    next_unjudged_line_ = now + interval;
    const std::string line =
        "the filters of a user take more steps than one publication allows: " +
        std::to_string(std::exchange(unreported_unjudged_, 0)) +
        " were not judged and let nothing through, most recently that of subscription " +
        std::to_string(subscription.value);
    observer_->on_record({.level = LogLevel::warning,
                          .event = LogEvent::filters_unjudged,
                          .message = line,
                          .subscription = subscription});
}

bool WorkerCounters::add_due(delivery::Results& results) {
    const SteadyTime now = clock_.steady_now();
    const bool is_due = due_at() <= now;
    if (results.batch.rollups.empty()) results.batch.rollups = rollups_.take_due(now);
    if (now < next_report_) return is_due;
    next_report_ = now + RollupCollector::interval;
    WorkerReport current = report(now);
    is_idle_ = current == last_report_;
    if (is_idle_) return is_due;
    last_report_ = current;
    results.batch.report = std::move(current);
    return is_due;
}

SteadyTime WorkerCounters::due_at() const {
    return is_idle_ ? rollups_.due_at() : std::min(rollups_.due_at(), next_report_);
}

void WorkerCounters::flush() noexcept {
    rollups_.flush();
}

WorkerReport WorkerCounters::report(SteadyTime now) const {
    return {.host = host_,
            .version = WEBHOOKS_VERSION,
            .in_flight = metrics_->in_flight(),
            .in_memory = budget_.held_events(),
            .per_second = rates_.per_second(now)};
}

}  // namespace webhooks::service
