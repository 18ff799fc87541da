#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/series.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// Counts the attempts that are in storage, and what was filtered, until a batch takes the counts
/// along. Not thread-safe.
class RollupCollector {
public:
    /// Counts wait for at most this long: as much is lost in a crash.
    static constexpr std::chrono::seconds interval{10};
    /// The maximum number of subscriptions' rows that one batch takes along.
    static constexpr std::size_t max_rows = 500;

    /// @return the counts of these attempts
    DeliveryCounts add(const std::vector<AttemptRecord>& attempts, SteadyTime now);
    void add_filtered(const Filtered& filtered, Time published_at, SteadyTime now);
    /// What is due, up to `max_rows`, with its sums; the rest stays due.
    std::vector<Rollup> take_due(SteadyTime now);
    /// When something is due next; `SteadyTime::max()`: nothing is counted.
    SteadyTime due_at() const noexcept { return rows_.empty() ? SteadyTime::max() : due_at_; }
    /// Everything is due now.
    void flush() noexcept { due_at_ = SteadyTime::min(); }

private:
    struct Key {
        SubscriptionId subscription;
        Time start;

        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            const auto start = static_cast<std::size_t>(key.start.time_since_epoch().count());
            return std::hash<std::int64_t>()(key.subscription.value) ^ (start << 20);
        }
    };

    std::unordered_map<Key, DeliveryCounts, Hash> rows_;
    SteadyTime due_at_{};
};

}  // namespace webhooks::service
