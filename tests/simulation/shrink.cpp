#include "run.hpp"

namespace webhooks::simulation {
namespace {

using Clock = std::chrono::steady_clock;

/// What an invariant says, without what it says of an event.
std::string invariant_of(const RunResult& result) {
    return result.broken.substr(0, result.broken.find(" ("));
}

/// Tries smaller cases, until time is up.
class Shrinker {
public:
    Shrinker(Case given, Clock::time_point end)
        : smallest_(std::move(given)), invariant_(invariant_of(run(smallest_))), end_(end) {}

    bool has_time() const { return Clock::now() < end_; }
    const Case& smallest() const { return smallest_; }

    /// @return whether it breaks the same invariant: then it is the smallest.
    bool tries(Case smaller) {
        if (invariant_of(run(smaller)) != invariant_) return false;
        smallest_ = std::move(smaller);
        return true;
    }

private:
    Case smallest_;
    const std::string invariant_;
    const Clock::time_point end_;
};

Case without(const Case& given, std::size_t first, std::size_t count) {
    Case smaller = given;
    const auto begin = smaller.operations.begin() + static_cast<std::ptrdiff_t>(first);
    smaller.operations.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return smaller;
}

/// Drops halves of the operations, then quarters, and so on down to single ones.
void drop_operations(Shrinker& shrinker) {
    for (std::size_t part = shrinker.smallest().operations.size() / 2; part > 0; part /= 2) {
        std::size_t first = 0;
        while (first + part <= shrinker.smallest().operations.size() && shrinker.has_time()) {
            if (!shrinker.tries(without(shrinker.smallest(), first, part))) first += part;
        }
    }
}

void turn_faults_off(Shrinker& shrinker) {
    for (const Switch& each : switches()) {
        if (!shrinker.has_time()) return;
        Case smaller = shrinker.smallest();
        each.turn_off(smaller.config);
        shrinker.tries(std::move(smaller));
    }
}

}  // namespace

Case shrink(const Case& given, std::chrono::seconds budget) {
    Shrinker shrinker(given, Clock::now() + budget);
    drop_operations(shrinker);
    turn_faults_off(shrinker);
    drop_operations(shrinker);
    return shrinker.smallest();
}

}  // namespace webhooks::simulation
