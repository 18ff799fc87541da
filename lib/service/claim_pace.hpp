#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <webhooks/time.hpp>

namespace webhooks::service {

/// When the next claim may follow, so that a backlog waits in storage and not in memory: claims are
/// a limited number of events ahead of delivery. Events that stay in memory, because their
/// endpoints are slow, do not count: other endpoints may wait for the events after them.
///
/// Whether events stay takes time to tell: each pause is at most `longest_pause`.
class ClaimPace {
public:
    static constexpr std::chrono::milliseconds longest_pause{500};

    /// @param ahead the number of events in addition to those that stay; at least 1
    explicit ClaimPace(std::size_t ahead) : ahead_(ahead) {}

    /// @param held the number of events in memory
    SteadyTime ready_at(std::size_t held) const noexcept {
        return has_enough(held) ? last_claim_ + longest_pause : SteadyTime::min();
    }
    /// A claim follows: either delivery got rid of enough, or what it has stays.
    void note_claim(std::size_t held, SteadyTime now) noexcept {
        staying_ = has_enough(held) ? held : std::min(staying_, held);
        last_claim_ = now;
    }

private:
    bool has_enough(std::size_t held) const noexcept { return held >= staying_ + ahead_; }

    const std::size_t ahead_;
    std::size_t staying_ = 0;
    SteadyTime last_claim_ = SteadyTime::min();
};

}  // namespace webhooks::service
