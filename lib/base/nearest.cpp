#include <algorithm>
#include <base/nearest.hpp>
#include <numeric>
#include <webhooks/suggestion.hpp>

namespace webhooks {
namespace {

/// Longer names are not misspellings, and would take too long to compare.
constexpr std::size_t max_length = 256;

/// The Levenshtein distance, computed row by row.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
    if (name.size() > max_length) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 2) + 1;
    for (const std::string_view candidate : candidates) {
        // The distance is at least the difference in length.
        const auto [shorter, longer] = std::minmax({name.size(), candidate.size()});
        if (longer - shorter >= best_distance) continue;
        const std::size_t edits = edit_distance(name, candidate);
        if (edits < best_distance) {
            best_distance = edits;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
    const std::string_view near = nearest(name, known);
    if (!near.empty()) return "did you mean '" + std::string(near) + "'?";
    std::string all;
    for (const std::string_view one : known) {
        all += (all.empty() ? "there are " : ", ") + std::string(one);
    }
    return all.empty() ? "there are none" : all;
}

}  // namespace webhooks
