#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <webhooks/principal.hpp>
#include <webhooks/series.hpp>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::storage {

/// The counts of a row, by column.
inline constexpr std::array count_columns = {
    "delivered",  "failed",     "exhausted",   "cancelled", "expired",   "status_2xx", "status_3xx",
    "status_4xx", "status_5xx", "status_none", "latency_1", "latency_2", "latency_3",  "latency_4",
    "latency_5",  "latency_6",  "latency_7",   "latency_8", "latency_9", "latency_10", "latency_11",
    "latency_12", "latency_13", "filtered",    "unjudged"};

/// In the order of `count_columns`. `Counts` is DeliveryCounts, const or not.
template <class Counts, class Visit>
void for_each_count(Counts& counts, Visit visit) {
    for (auto* count : {&counts.delivered, &counts.failed, &counts.exhausted, &counts.cancelled,
                        &counts.expired}) {
        visit(*count);
    }
    for (auto& count : counts.statuses) {
        visit(count);
    }
    for (auto& count : counts.latencies) {
        visit(count);
    }
    visit(counts.filtered);
    visit(counts.unjudged);
}

static_assert(count_columns.size() == 7 + std::tuple_size_v<decltype(DeliveryCounts::statuses)> +
                                          std::tuple_size_v<decltype(DeliveryCounts::latencies)>);

/// The part of a scope that the principal may see, except that a subscription may be another
/// user's. Without a user and a subscription: everyone's.
inline SeriesScope visible_part(const SeriesScope& scope, const Principal& principal) {
    SeriesScope part = scope;
    if (!part.subscription) part.subscription = principal.subscription();
    if (!principal.is_administrator()) part.user_id = principal.user_id();
    return part;
}

/// How counts are merged: those of `from` that began long enough ago become ones of `to`.
struct RollupMerge {
    std::chrono::seconds from;
    std::chrono::seconds to;
    std::chrono::hours keep_for;
};
inline constexpr std::array<RollupMerge, 2> rollup_merges = {
    {{rollup_width, std::chrono::hours(1), keep_five_minutes_for},
     {std::chrono::hours(1), std::chrono::hours(24), keep_hours_for}}};

}  // namespace webhooks::storage
