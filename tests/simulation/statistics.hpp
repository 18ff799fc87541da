#pragma once

#include <cstdint>
#include <string>

#include "generator.hpp"

namespace webhooks::simulation {

/// What a run survived, or several.
struct Statistics {
    Micros virtual_time{0};
    std::uint64_t events = 0;
    std::uint64_t fanned_out = 0;   ///< Events that storage made later.
    std::uint64_t operational = 0;  ///< Events that storage appended itself.
    std::uint64_t requests = 0;
    std::uint64_t calls = 0;  ///< Of storage.
    std::uint64_t crashes = 0;
    std::uint64_t stops = 0;
    std::uint64_t answers_lost = 0;
    std::uint64_t pauses = 0;
    std::uint64_t out_of_memory = 0;
    std::uint64_t keys_unavailable = 0;  ///< Calls for a key that failed.

    Statistics& operator+=(const Statistics& other);
    std::string text() const;
};

}  // namespace webhooks::simulation
