#include <chrono>
#include <service/maintenance.hpp>
#include <string>

namespace webhooks::service {
namespace {

/// Publications wait for as long as it takes to delete this many events.
constexpr std::size_t maintenance_batch = 200;
constexpr std::chrono::minutes maintenance_interval{1};
constexpr std::chrono::seconds sample_interval{15};

}  // namespace

bool Maintainer::run() {
    const SteadyTime now = clock_.steady_now();
    ready_at_ = now + maintenance_interval;
    const Result<bool> is_more = storage_->maintain({.limit = maintenance_batch,
                                                     .keep_events_for = options_.retention,
                                                     .keep_audit_for = options_.audit_retention});
    if (!health_.note_storage_result(is_more, "maintenance")) return false;
    if (*is_more) ready_at_ = now;
    return true;
}

void Maintainer::sample_if_due() {
    const SteadyTime now = clock_.steady_now();
    if (now < next_sample_) return;
    next_sample_ = now + sample_interval;
    const Result<StorageSample> sample = storage_->sample();
    if (sample) {
        metrics_->set_sample(*sample, clock_.now());
    } else if (!(sample.error() == Errc::unsupported)) {
        health_.log(LogLevel::error, "sampling for metrics: " + sample.error().to_string(),
                    LogEvent::storage_unavailable);
    }
}

}  // namespace webhooks::service
