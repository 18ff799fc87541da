#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <webhooks/clock.hpp>

namespace webhooks {

/// A host's clock. If it throws, its last time is used again.
class GuardedClock final : public Clock {
public:
    /// @param on_thrown called inside the handler of the exception; it must not throw.
    explicit GuardedClock(std::shared_ptr<Clock> inner, std::function<void()> on_thrown = {})
        : inner_(std::move(inner)), on_thrown_(std::move(on_thrown)) {}

    Time now() const override {
        return read(latest_now_, [this] { return inner_->now(); });
    }
    SteadyTime steady_now() const override {
        return read(latest_steady_, [this] { return inner_->steady_now(); });
    }

private:
    template <class Moment, class Call>
    Moment read(std::atomic<Moment>& latest, Call call) const {
        try {
            const Moment now = call();
            latest.store(now, std::memory_order_relaxed);
            return now;
        } catch (...) {
            if (on_thrown_) on_thrown_();
            return latest.load(std::memory_order_relaxed);
        }
    }

    const std::shared_ptr<Clock> inner_;
    const std::function<void()> on_thrown_;
    mutable std::atomic<Time> latest_now_{Time{}};
    mutable std::atomic<SteadyTime> latest_steady_{SteadyTime{}};
};

/// The clock of a part that has no observer. @param clock absent: the system's.
inline std::shared_ptr<Clock> guarded_clock(std::shared_ptr<Clock> clock) {
    if (!clock) return system_clock();
    return std::make_shared<GuardedClock>(std::move(clock));
}

}  // namespace webhooks
