#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <tuple>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Counts of attempts, merged as they become older. Not thread-safe.
class MemoryRollups {
public:
    void add(const std::vector<Rollup>& rollups);
    /// The sums of the subscriptions that are included.
    std::vector<SeriesBucket> read(const SeriesRange& range,
                                   const std::function<bool(SubscriptionId)>& includes) const;
    /// As `tend_rollups` of the SQL storages.
    std::size_t tend(Time now, std::size_t limit);
    void erase(SubscriptionId subscription);

private:
    /// The length, the beginning, and whose.
    using Key = std::tuple<std::chrono::seconds, Time, SubscriptionId>;
    std::map<Key, DeliveryCounts> rows_;
};

}  // namespace webhooks::storage
