#include <algorithm>
#include <webhooks/series.hpp>

namespace webhooks {
namespace {

std::size_t place_of_status(const std::optional<int>& status) {
    if (!status || *status < 200 || *status >= 600) return 4;
    return static_cast<std::size_t>(*status / 100 - 2);
}

template <std::size_t size>
void add_each(std::array<std::int64_t, size>& sums, const std::array<std::int64_t, size>& more) {
    for (std::size_t i = 0; i < size; ++i) {
        sums[i] += more[i];
    }
}

}  // namespace

void DeliveryCounts::add(const Attempt& attempt) noexcept {
    switch (attempt.outcome) {
        case Outcome::cancelled:
            ++cancelled;
            return;
        case Outcome::expired:
            ++expired;
            return;
        case Outcome::delivered:
            ++delivered;
            break;
        case Outcome::exhausted:
            ++exhausted;
            [[fallthrough]];
        case Outcome::retry:
            ++failed;
    }
    ++statuses[place_of_status(attempt.status_code)];
    const auto bound = std::ranges::lower_bound(latency_bounds, attempt.duration);
    ++latencies[static_cast<std::size_t>(bound - latency_bounds.begin())];
}

DeliveryCounts& DeliveryCounts::operator+=(const DeliveryCounts& other) noexcept {
    delivered += other.delivered;
    failed += other.failed;
    exhausted += other.exhausted;
    cancelled += other.cancelled;
    expired += other.expired;
    filtered += other.filtered;
    unjudged += other.unjudged;
    add_each(statuses, other.statuses);
    add_each(latencies, other.latencies);
    return *this;
}

std::optional<std::chrono::microseconds> DeliveryCounts::latency_percentile(
    int percent) const noexcept {
    const double rank = static_cast<double>(attempts()) * percent / 100;
    double seen = 0;
    double lower = 0;
    for (std::size_t i = 0; i < latencies.size(); ++i) {
        // What is longer than the last bound counts as that.
        const auto bound = latency_bounds[std::min(i, latency_bounds.size() - 1)];
        const double upper = static_cast<double>(std::chrono::microseconds(bound).count());
        const double here = static_cast<double>(latencies[i]);
        if (here > 0 && seen + here >= rank) {
            const double micros = lower + (upper - lower) * (rank - seen) / here;
            return std::chrono::microseconds(static_cast<std::int64_t>(micros));
        }
        seen += here;
        lower = upper;
    }
    return std::nullopt;
}

}  // namespace webhooks
