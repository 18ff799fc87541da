#pragma once

#include <delivery/memory_budget.hpp>
#include <delivery/results.hpp>
#include <memory>
#include <metrics/service_metrics.hpp>
#include <optional>
#include <service/recent_rates.hpp>
#include <service/rollup_collector.hpp>
#include <service/storage_clock.hpp>
#include <string>
#include <vector>
#include <webhooks/observer.hpp>

namespace webhooks::service {

/// What a worker counts and reports of itself, which goes to storage with its batches. Not
/// thread-safe.
class WorkerCounters {
public:
    /// @param observer is told of filters that were not judged.
    WorkerCounters(const StorageClock& clock, std::shared_ptr<metrics::ServiceMetrics> metrics,
                   const delivery::MemoryBudget& budget, std::shared_ptr<Observer> observer);

    /// Results are in storage.
    void count(const delivery::Results& written);
    void count_published(std::size_t events);
    void count_filtered(const Filtered& filtered, Time published_at);
    /// Adds what is due to what is about to be written. @return whether anything was due
    bool add_due(delivery::Results& results);
    /// When something is due next. A report alone is due only while what it says changes.
    SteadyTime due_at() const;
    /// The worker ends: what is counted is due now.
    void flush() noexcept;

private:
    WorkerReport report(SteadyTime now) const;
    /// At most one line a minute.
    void notify_unjudged(SubscriptionId subscription, std::size_t count);

    const StorageClock& clock_;
    const std::shared_ptr<metrics::ServiceMetrics> metrics_;
    const delivery::MemoryBudget& budget_;
    const std::shared_ptr<Observer> observer_;
    const std::string host_;
    RollupCollector rollups_;
    RecentRates rates_;
    std::optional<WorkerReport> last_report_;
    SteadyTime next_report_;
    /// Nothing has happened since the last report.
    bool is_idle_ = false;
    std::size_t unreported_unjudged_ = 0;
    SteadyTime next_unjudged_line_ = SteadyTime::min();
};

}  // namespace webhooks::service
