#pragma once

#include <webhooks/clock.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

/// The clocks of one machine, which show the world's time as they have it.
class DriftingClock final : public Clock {
public:
    /// @param world_time the world's time, which moves on; it outlives this.
    /// @param skew of the wall clock. @param drift_ppm microseconds gained in each second.
    DriftingClock(const Micros& world_time, Micros skew, int drift_ppm)
        : world_time_(world_time), skew_(skew), drift_ppm_(drift_ppm) {}

    Time now() const override { return start + skew_ + shown(); }
    SteadyTime steady_now() const override { return steady_start + shown(); }

    /// The wall clock is set.
    void jump(Micros by) { skew_ += by; }

    /// The world's time at which the steady clock shows `time`, or shortly after.
    Micros world_time_of(SteadyTime time) const {
        if (time == SteadyTime::max()) return Micros::max();
        const Micros missing = std::chrono::ceil<Micros>(time - steady_now());
        if (missing <= Micros(0)) return world_time_;
        return world_time_ + missing - missing * drift_ppm_ / (1'000'000 + drift_ppm_) + Micros(1);
    }

private:
    static constexpr Time start{std::chrono::sys_days(std::chrono::January / 1 / 2026)};
    /// Far from 0, as on a machine that has been up for a while.
    static constexpr SteadyTime steady_start{std::chrono::hours(1000)};

    Micros shown() const { return world_time_ + world_time_ * drift_ppm_ / 1'000'000; }

    const Micros& world_time_;
    Micros skew_;
    int drift_ppm_;
};

}  // namespace webhooks::simulation
