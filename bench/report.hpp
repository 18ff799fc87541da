#pragma once

#include <filesystem>
#include <map>
#include <row.hpp>
#include <string>
#include <vector>

namespace bench {

/// A figure over all repetitions.
struct Spread {
    double median = 0;
    double min = 0;
    double max = 0;
};

/// The measurements of one row.
struct Outcome {
    const Row* row = nullptr;
    std::vector<Figures> samples = {};
    std::string note = {};  ///< Why there are none.

    /// In the order of the first sample.
    std::vector<std::pair<std::string, Spread>> spreads() const;
    /// Null if no sample has the figure.
    std::optional<Spread> spread(const std::string& figure) const;
};

using Outcomes = std::vector<Outcome>;

std::string table(const Outcomes&);
std::string json(const Outcomes&);

}  // namespace bench
