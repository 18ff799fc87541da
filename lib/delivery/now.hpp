#pragma once

#include <chrono>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// The current time: of storage, which the log and due times use, and of the steady clock.
struct Now {
    Time time{};
    SteadyTime steady{};

    /// Converts a steady time to storage's time.
    Time at(SteadyTime steady_time) const {
        return time + std::chrono::duration_cast<Time::duration>(steady_time - steady);
    }
};

}  // namespace webhooks::delivery
