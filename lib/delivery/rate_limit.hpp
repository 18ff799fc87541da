#pragma once

#include <algorithm>
#include <chrono>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// Spaces requests evenly (the generic cell rate algorithm), but allows bursts of up to a tenth of
/// a second's worth, so that a high rate needs no microsecond timers.
class RateLimit {
public:
    /// When the next request may go; in the past if it may go at once.
    /// @param per_second 0: no limit.
    SteadyTime next(int per_second) const {
        if (per_second == 0) return SteadyTime::min();
        return ideal_ - burst;
    }

    /// Counts a request.
    void take(int per_second, SteadyTime now) {
        if (per_second == 0) return;
        ideal_ =
            std::max(ideal_, now) + std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second;
    }

private:
    static constexpr std::chrono::milliseconds burst{100};

    /// When the next request would go if all were evenly spaced.
    SteadyTime ideal_{};
};

}  // namespace webhooks::delivery
