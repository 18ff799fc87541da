#include <base/bucket.hpp>
#include <storage/memory/memory_rollups.hpp>
#include <storage/rollup_counts.hpp>

namespace webhooks::storage {

void MemoryRollups::add(const std::vector<Rollup>& rollups) {
    for (const Rollup& rollup : rollups) {
        rows_[{rollup_width, rollup.bucket.start, rollup.subscription}] += rollup.bucket.counts;
    }
}

std::vector<SeriesBucket> MemoryRollups::read(
    const SeriesRange& range, const std::function<bool(SubscriptionId)>& includes) const {
    std::map<Time, DeliveryCounts> sums;
    for (const auto& [key, counts] : rows_) {
        const auto& [width, start, subscription] = key;
        if (start < range.from || start >= range.to || !includes(subscription)) continue;
        sums[bucket_of(start, range.step)] += counts;
    }
    std::vector<SeriesBucket> buckets;
    for (const auto& [start, counts] : sums) {
        buckets.push_back({.start = start, .counts = counts});
    }
    return buckets;
}

std::size_t MemoryRollups::tend(Time now, std::size_t limit) {
    std::size_t done = 0;
    const auto take_old = [&](std::chrono::seconds width, Time before, const auto& use) {
        auto place = rows_.lower_bound({width, Time::min(), {}});
        while (place != rows_.end() && done < limit && std::get<0>(place->first) == width &&
               std::get<1>(place->first) < before) {
            use(place->first, place->second);
            place = rows_.erase(place);
            ++done;
        }
    };
    for (const RollupMerge& merge : rollup_merges) {
        const Time before = bucket_of(now - merge.keep_for, merge.to);
        take_old(merge.from, before, [&](const Key& key, const DeliveryCounts& counts) {
            const Time start = bucket_of(std::get<1>(key), merge.to);
            rows_[{merge.to, start, std::get<2>(key)}] += counts;
        });
    }
    take_old(std::chrono::hours(24), now - keep_days_for, [](const auto&, const auto&) {});
    return done;
}

void MemoryRollups::erase(SubscriptionId subscription) {
    std::erase_if(rows_, [&](const auto& row) { return std::get<2>(row.first) == subscription; });
}

}  // namespace webhooks::storage
