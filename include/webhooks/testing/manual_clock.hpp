#pragma once

#include <mutex>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// A clock that stands still until it is advanced. Begins at 2026-01-01T00:00:00Z. Any thread.
class ManualClock final : public Clock {
public:
    Time now() const noexcept override;
    SteadyTime steady_now() const noexcept override;

    /// Both clocks go forward. @pre `by` is not negative.
    void advance(std::chrono::microseconds by) noexcept;
    /// Only the wall clock jumps, as if it had been set.
    void jump(std::chrono::microseconds by) noexcept;

private:
    mutable std::mutex mutex_;
    Time now_{std::chrono::sys_days(std::chrono::January / 1 / 2026)};
    SteadyTime steady_now_{};
};

}  // namespace testing
}  // namespace webhooks
