#include <algorithm>
#include <base/process.hpp>
#include <service/accounts.hpp>
#include <webhooks/version.hpp>

namespace webhooks::service {

Accounts::Accounts(const StorageClock& clock, std::shared_ptr<metrics::ServiceMetrics> metrics,
                   const delivery::MemoryBudget& budget)
    : clock_(clock),
      metrics_(std::move(metrics)),
      budget_(budget),
      host_(host_name()),
      next_report_(clock_.steady_now() + RollupCollector::interval) {}

void Accounts::count(const delivery::Results& written) {
    if (written.batch.attempts.empty()) return;
    is_idle_ = false;
    const SteadyTime now = clock_.steady_now();
    const DeliveryCounts counts = rollups_.add(written.batch.attempts, now);
    rates_.add({.attempts = static_cast<double>(counts.attempts()),
                .delivered = static_cast<double>(counts.delivered),
                .failed = static_cast<double>(counts.failed)},
               now);
}

void Accounts::count_published(std::size_t events) {
    is_idle_ = false;
    rates_.add({.published = static_cast<double>(events)}, clock_.steady_now());
}

void Accounts::count_filtered(const std::vector<SubscriptionId>& subscriptions, Time published_at) {
    if (subscriptions.empty()) return;
    rollups_.add_filtered(subscriptions, published_at, clock_.steady_now());
    metrics_->count_filtered(subscriptions.size());
}

bool Accounts::add_due(delivery::Results& results) {
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

SteadyTime Accounts::due_at() const {
    return is_idle_ ? rollups_.due_at() : std::min(rollups_.due_at(), next_report_);
}

void Accounts::flush() noexcept {
    rollups_.flush();
}

WorkerReport Accounts::report(SteadyTime now) const {
    return {.host = host_,
            .version = WEBHOOKS_VERSION,
            .in_flight = metrics_->in_flight(),
            .in_memory = budget_.held_events(),
            .per_second = rates_.per_second(now)};
}

}  // namespace webhooks::service
