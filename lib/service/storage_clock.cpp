#include <algorithm>
#include <chrono>
#include <service/storage_clock.hpp>

namespace webhooks::service {
namespace {

/// Represents a steady time as a Time.
Time on_time_scale(SteadyTime steady_time) {
    return Time(std::chrono::floor<Time::duration>(steady_time.time_since_epoch()));
}

}  // namespace

Time StorageClock::at(SteadyTime steady_time) const {
    const Time::duration offset = offset_;
    return on_time_scale(steady_time) + (offset == unknown ? Time::duration::zero() : offset);
}

/// Storage read its time at some moment between request and response. If the current estimate lies
/// within the bounds that follow from this, it is kept: a slow response is imprecise, and changes
/// nothing.
void StorageClock::synchronize(Time storage_time, SteadyTime asked_at) {
    const Time::duration earliest = storage_time - on_time_scale(clock_->steady_now());
    const Time::duration latest = storage_time - on_time_scale(asked_at);
    const Time::duration offset = offset_;
    offset_ = std::clamp(offset == unknown ? earliest : offset, earliest, latest);
}

}  // namespace webhooks::service
