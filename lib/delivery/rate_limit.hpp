#pragma once

#include <algorithm>
#include <chrono>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// Spaces requests evenly (the generic cell rate algorithm), but lets up to a tenth of a second's
/// worth go together, so that a high rate needs no timer of microseconds.
class RateLimit {
public:
    /// When the next request may go; the past where it may go at once.
    /// @param per_second 0: no limit.
    SteadyTime next(int per_second) const {
        if (per_second == 0) return SteadyTime::min();
        return ideal_ - burst;
    }

    /// A request goes.
    void take(int per_second, SteadyTime now) {
        if (per_second == 0) return;
        ideal_ =
            std::max(ideal_, now) + std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second;
    }

private:
    static constexpr std::chrono::milliseconds burst{100};

    /// When the next request would go if all were spaced evenly.
    SteadyTime ideal_{};
};

}  // namespace webhooks::delivery
