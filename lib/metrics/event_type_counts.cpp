#include <metrics/event_type_counts.hpp>

namespace webhooks::metrics {
namespace {

constexpr std::array outcomes = {"delivered", "retry", "exhausted", "cancelled", "expired"};

}  // namespace

void EventTypeCounts::add(std::string_view event_type, Outcome outcome) noexcept {
    const std::scoped_lock lock(mutex_);
    ++counts_of(event_type)[static_cast<std::size_t>(outcome) - 1];
}

EventTypeCounts::Counts& EventTypeCounts::counts_of(std::string_view event_type) noexcept {
    const auto found = types_.find(event_type);
    if (found != types_.end()) return found->second;
    if (types_.size() == max_types) return others_;
    try {
        return types_.emplace(event_type, Counts{}).first->second;
    } catch (...) {
        return others_;
    }
}

MetricFamily EventTypeCounts::collect() const {
    MetricFamily family{.name = "webhooks_event_type_attempts",
                        .help = "Attempts by the type of their event, of the first 50 types."};
    const auto add = [&](const std::string& type, const Counts& counts) {
        for (std::size_t i = 0; i < counts.size(); ++i) {
            family.samples.push_back({.labels = {{"event_type", type}, {"outcome", outcomes[i]}},
                                      .value = static_cast<double>(counts[i])});
        }
    };
    const std::scoped_lock lock(mutex_);
    for (const auto& [type, counts] : types_) {
        add(type, counts);
    }
    add("other", others_);
    return family;
}

}  // namespace webhooks::metrics
