#pragma once

#include <memory>
#include <metrics/service_metrics.hpp>
#include <service/storage_clock.hpp>
#include <service/storage_health.hpp>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// Deletes what is old, in steps that publications can wait for, and samples storage for metrics.
class Maintainer {
public:
    Maintainer(std::shared_ptr<Storage> storage, std::shared_ptr<metrics::ServiceMetrics> metrics,
               const ServiceOptions& options, StorageClock& clock, StorageHealth& health)
        : storage_(std::move(storage)),
          metrics_(std::move(metrics)),
          options_(options),
          clock_(clock),
          health_(health) {}

    /// When the next one is due, unless it is requested.
    SteadyTime ready_at() const noexcept { return ready_at_; }
    void request() noexcept { ready_at_ = SteadyTime::min(); }
    /// @return false if storage does not respond.
    bool run();
    /// Counts what storage has, from time to time. Nothing depends on it: a failure is only logged.
    void sample_if_due();

private:
    const std::shared_ptr<Storage> storage_;
    const std::shared_ptr<metrics::ServiceMetrics> metrics_;
    const ServiceOptions& options_;
    StorageClock& clock_;
    StorageHealth& health_;
    SteadyTime ready_at_{};
    SteadyTime next_sample_{};
};

}  // namespace webhooks::service
