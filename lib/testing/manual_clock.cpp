#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::testing {

Time ManualClock::now() const noexcept {
    const std::scoped_lock lock(mutex_);
    return now_;
}

SteadyTime ManualClock::steady_now() const noexcept {
    const std::scoped_lock lock(mutex_);
    return steady_now_;
}

void ManualClock::advance(std::chrono::microseconds by) noexcept {
    const std::scoped_lock lock(mutex_);
    now_ += by;
    steady_now_ += by;
}

void ManualClock::jump(std::chrono::microseconds by) noexcept {
    const std::scoped_lock lock(mutex_);
    now_ += by;
}

}  // namespace webhooks::testing
