#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generator.hpp"

namespace webhooks::simulation {

class World;
class Process;
struct Config;

/// One thing that a client or an operator does at a moment. All its choices come from its own seed,
/// so that it does not change when others are left out.
struct Operation {
    Micros at{0};
    std::size_t kind = 0;
    std::uint64_t seed = 0;
};

/// The types that are registered and published.
const std::vector<std::string>& event_types();

std::vector<Operation> make_operations(const Config& config);
const char* name_of(const Operation& operation);
/// Does it at a process that is up and idle; nothing where there is none.
void perform(World& world, const Operation& operation);

}  // namespace webhooks::simulation
