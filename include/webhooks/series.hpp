#pragma once

/// @file
/// Counts of attempts over time. They are kept apart from the log, so that reading them costs the
/// same however long the log is, and they outlive its retention.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What happened in some period: the outcomes of its attempts, and what was filtered.
struct DeliveryCounts {
    /// Upper bounds of the first elements of `latencies`.
    static constexpr std::array<std::chrono::milliseconds, 12> latency_bounds = {
        std::chrono::milliseconds(5),     std::chrono::milliseconds(10),
        std::chrono::milliseconds(25),    std::chrono::milliseconds(50),
        std::chrono::milliseconds(100),   std::chrono::milliseconds(250),
        std::chrono::milliseconds(500),   std::chrono::milliseconds(1000),
        std::chrono::milliseconds(2500),  std::chrono::milliseconds(5000),
        std::chrono::milliseconds(10000), std::chrono::milliseconds(15000)};

    std::int64_t delivered = 0;
    std::int64_t failed = 0;     ///< Requests that were not delivered, whether retried or not.
    std::int64_t exhausted = 0;  ///< Those of the failed ones that were their event's last.
    std::int64_t cancelled = 0;  ///< Ended without a request, like the expired ones.
    std::int64_t expired = 0;
    /// Events that the filter did not let through: nothing else is kept of them.
    std::int64_t filtered = 0;
    /// Those of the filtered ones whose filter was not judged: `Filtered::unjudged`.
    std::int64_t unjudged = 0;
    /// Requests by status: 2xx, 3xx, 4xx, 5xx, and without a response.
    std::array<std::int64_t, 5> statuses = {};
    /// Requests by duration, each in the first bound that is not shorter; the last element counts
    /// the longer ones.
    std::array<std::int64_t, latency_bounds.size() + 1> latencies = {};

    /// Requests made.
    std::int64_t attempts() const noexcept { return delivered + failed; }
    void add(const Attempt& attempt) noexcept;
    DeliveryCounts& operator+=(const DeliveryCounts& other) noexcept;
    bool operator==(const DeliveryCounts&) const = default;

    /// Interpolated between the bounds. @param percent 1-100. @return nullopt without requests.
    std::optional<std::chrono::microseconds> latency_percentile(int percent) const noexcept;
};

/// Counts that begin at a time.
struct SeriesBucket {
    Time start{};
    DeliveryCounts counts = {};

    bool operator==(const SeriesBucket&) const = default;
};

/// What a worker counted of a subscription's attempts, or, without an id, of all. Buckets are
/// `rollup_width` long.
struct Rollup {
    SubscriptionId subscription{};
    SeriesBucket bucket = {};
};
inline constexpr std::chrono::minutes rollup_width{5};

inline constexpr std::size_t max_series_buckets = 1000;
/// Counts are kept for this long in buckets of 5 minutes, then of an hour, then of a day.
inline constexpr std::chrono::hours keep_five_minutes_for{48};
inline constexpr std::chrono::hours keep_hours_for{90 * 24};
inline constexpr std::chrono::hours keep_days_for{400 * 24};

/// Which counts to return.
struct SeriesQuery {
    /// Absent: 24 hours before `to`. The bounds are widened to whole buckets, in UTC.
    std::optional<Time> from = {};
    std::optional<Time> to = {};  ///< Absent or later than now: now.
    /// 5 minutes, an hour or a day. Absent: the shortest that makes at most 300 buckets of what is
    /// kept.
    std::optional<std::chrono::seconds> step = {};
};

/// Counts of consecutive periods of the same length.
struct DeliverySeries {
    Time from{};
    Time to{};
    std::chrono::seconds step{};
    /// False: it begins before counts were kept.
    bool is_complete = false;
    /// One for each step, in order, also where nothing was counted.
    std::vector<SeriesBucket> buckets = {};
};

}  // namespace webhooks
