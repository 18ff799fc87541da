#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config.hpp"
#include "operation.hpp"
#include "statistics.hpp"

namespace webhooks::simulation {

/// All that decides a run.
struct Case {
    Config config;
    std::vector<Operation> operations;
};
Case make_case(std::uint64_t seed, Backend backend);

struct RunResult {
    std::string broken;  ///< The invariant that was; empty: none.
    Statistics statistics;
    std::uint64_t trace_digest = 0;
    std::vector<std::string> last_steps = {};  ///< The end of the trace.
};
/// @param prints_trace to standard output
RunResult run(const Case& given, bool prints_trace = false);

/// A smaller case that breaks an invariant as well: without most of its operations and faults.
/// @pre `given` breaks one. @param budget the time for trying.
Case shrink(const Case& given, std::chrono::seconds budget);

}  // namespace webhooks::simulation
