#include "run.hpp"

namespace webhooks::simulation {
namespace {

using Clock = std::chrono::steady_clock;

bool breaks(const Case& given) {
    return !run(given).broken.empty();
}

Case without(const Case& given, std::size_t first, std::size_t count) {
    Case smaller = given;
    const auto begin = smaller.operations.begin() + static_cast<std::ptrdiff_t>(first);
    smaller.operations.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return smaller;
}

/// Drops halves of the operations, then quarters, and so on down to single ones.
Case drop_operations(Case given, Clock::time_point end) {
    for (std::size_t part = given.operations.size() / 2; part > 0; part /= 2) {
        for (std::size_t first = 0; first + part <= given.operations.size();) {
            if (Clock::now() > end) return given;
            Case smaller = without(given, first, part);
            if (breaks(smaller)) {
                given = std::move(smaller);
            } else {
                first += part;
            }
        }
    }
    return given;
}

Case turn_faults_off(Case given, Clock::time_point end) {
    for (const Switch& each : switches()) {
        if (Clock::now() > end) return given;
        Case smaller = given;
        each.turn_off(smaller.config);
        if (breaks(smaller)) given = std::move(smaller);
    }
    return given;
}

}  // namespace

Case shrink(const Case& given, std::chrono::seconds budget) {
    const Clock::time_point end = Clock::now() + budget;
    Case smaller = drop_operations(given, end);
    smaller = turn_faults_off(std::move(smaller), end);
    return drop_operations(std::move(smaller), end);
}

}  // namespace webhooks::simulation
