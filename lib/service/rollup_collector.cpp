#include <base/bucket.hpp>
#include <map>
#include <service/rollup_collector.hpp>

namespace webhooks::service {

DeliveryCounts RollupCollector::add(const std::vector<AttemptRecord>& attempts, SteadyTime now) {
    if (rows_.empty()) due_at_ = now + interval;
    DeliveryCounts sum;
    for (const AttemptRecord& record : attempts) {
        const Key key{.subscription = record.subscription,
                      .start = bucket_of(record.attempt.sent_at, rollup_width)};
        rows_[key].add(record.attempt);
        sum.add(record.attempt);
    }
    return sum;
}

void RollupCollector::add_filtered(const Filtered& filtered, Time published_at, SteadyTime now) {
    if (rows_.empty()) due_at_ = now + interval;
    const Time start = bucket_of(published_at, rollup_width);
    for (const SubscriptionId subscription : filtered.subscriptions) {
        ++rows_[{.subscription = subscription, .start = start}].filtered;
    }
    for (const SubscriptionId subscription : filtered.unjudged) {
        ++rows_[{.subscription = subscription, .start = start}].unjudged;
    }
}

std::vector<Rollup> RollupCollector::take_due(SteadyTime now) {
    std::vector<Rollup> taken;
    if (now < due_at()) return taken;
    std::map<Time, DeliveryCounts> sums;
    while (!rows_.empty() && taken.size() < max_rows) {
        const auto& [key, counts] = *rows_.begin();
        taken.push_back(
            {.subscription = key.subscription, .bucket = {.start = key.start, .counts = counts}});
        sums[key.start] += counts;
        rows_.erase(rows_.begin());
    }
    for (const auto& [start, counts] : sums) {
        taken.push_back({.subscription = {}, .bucket = {.start = start, .counts = counts}});
    }
    return taken;
}

}  // namespace webhooks::service
