#include "run.hpp"

#include "world.hpp"

namespace webhooks::simulation {

Case make_case(std::uint64_t seed, Backend backend) {
    Config config = make_config(seed, backend);
    std::vector<Operation> operations = make_operations(config);
    return {.config = std::move(config), .operations = std::move(operations)};
}

RunResult run(const Case& given, bool prints_trace) {
    World world(given.config, prints_trace);
    RunResult outcome;
    try {
        world.run(given.operations);
    } catch (const Violation& violation) {
        outcome.broken = violation.what();
    }
    outcome.statistics = world.statistics;
    outcome.trace_digest = world.trace_digest();
    outcome.last_steps.assign(world.last_steps().begin(), world.last_steps().end());
    return outcome;
}

}  // namespace webhooks::simulation
