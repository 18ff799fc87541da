#pragma once

#include <atomic>
#include <memory>
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
    /// Storage responded just now to a request of `asked_at` with its time. One thread at a time.
    void synchronize(Time storage_time, SteadyTime asked_at);

private:
    static constexpr Time::duration unknown = Time::duration::min();

    const std::shared_ptr<Clock> clock_;
    /// From the steady clock to storage's time; unknown before the first heartbeat. No mutex: all
    /// threads read it for each event.
    std::atomic<Time::duration> offset_{unknown};
};

}  // namespace webhooks::service
