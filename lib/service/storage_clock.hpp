#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <webhooks/clock.hpp>

namespace webhooks::service {

/// Storage's time. It follows the steady clock between heartbeats, so that a jump of the system
/// clock has no effect. All member functions may be called from any thread.
class StorageClock {
public:
    explicit StorageClock(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

    Time now() const { return at(steady_now()); }
    /// Storage's time at a time of the steady clock.
    Time at(SteadyTime steady_time) const;
    SteadyTime steady_now() const { return clock_->steady_now(); }
    /// Storage responded just now to a request of `asked_at` with its time.
    void synchronize(Time storage_time, SteadyTime asked_at);

private:
    const std::shared_ptr<Clock> clock_;
    mutable std::mutex mutex_;
    /// From the steady clock to storage's time; absent before the first heartbeat.
    std::optional<Time::duration> offset_;
};

}  // namespace webhooks::service
