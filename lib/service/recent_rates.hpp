#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <webhooks/clock.hpp>
#include <webhooks/overview.hpp>

namespace webhooks::service {

/// Counts what happened in the last minute. Not thread-safe.
class RecentRates {
public:
    /// @param counts of what has just happened
    void add(const Rates& counts, SteadyTime now);
    Rates per_second(SteadyTime now) const;

private:
    static constexpr std::chrono::seconds slot_length{10};

    struct Slot {
        std::int64_t number = -1;
        Rates counts;
    };
    static std::int64_t number_at(SteadyTime now) { return now.time_since_epoch() / slot_length; }

    std::array<Slot, 6> slots_;
};

}  // namespace webhooks::service
