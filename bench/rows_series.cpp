/// Charts should cost the same however long the event log is.

#include <algorithm>
#include <log.hpp>
#include <measure.hpp>

namespace bench {
namespace {

using namespace webhooks;

constexpr std::int64_t buckets = 300;
/// This many events make the counts of one more subscription.
constexpr std::int64_t events_each = 5000;
constexpr std::size_t rollups_in_batch = 3000;

SeriesRange range_until(Time now) {
    const Time to = std::chrono::floor<std::chrono::hours>(now);
    return {.from = to - buckets * rollup_width, .to = to, .step = rollup_width};
}

DeliveryCounts some_counts() {
    DeliveryCounts counts{.delivered = 95, .failed = 5, .exhausted = 1};
    counts.statuses = {95, 0, 1, 3, 1};
    counts.latencies = {10, 20, 30, 20, 10, 5, 4, 1};
    return counts;
}

/// Counts of each of these subscriptions, and of all, in each bucket.
void fill(Storage& storage, const std::vector<SubscriptionId>& subscriptions,
          const SeriesRange& range) {
    const WorkerId worker = storage.register_worker(std::chrono::hours(1)).value().id;
    Batch batch{.number = storage.heartbeat(worker).value().last_batch + 1};
    const auto write = [&] {
        storage.write(worker, batch).value();
        batch.rollups.clear();
        ++batch.number;
    };
    for (const SubscriptionId id : subscriptions) {
        for (Time start = range.from; start < range.to; start += rollup_width) {
            batch.rollups.push_back(
                {.subscription = id, .bucket = {.start = start, .counts = some_counts()}});
        }
        if (batch.rollups.size() >= rollups_in_batch) write();
    }
    write();
    storage.retire_worker(worker).value();
}

Figures measure_series(const Bench& bench, Place place, std::int64_t events) {
    const auto storage = open_log(bench, place, {.events = events});
    std::vector<Subscription> subscriptions = storage->configuration(0).value().subscriptions;
    std::ranges::sort(subscriptions, {}, &Subscription::id);
    const Subscription& watched = subscriptions.front();
    const SeriesRange range =
        range_until(std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now()));
    const SeriesScope of_one{.subscription = watched.id};
    const SeriesScope of_user{.user_id = watched.user_id};
    const auto read = [&](const SeriesScope& scope) {
        return storage->series(administrator(), scope, range).value().buckets.size();
    };
    // A long log is used again by later runs.
    if (read(of_one) < static_cast<std::size_t>(buckets)) {
        std::vector<SubscriptionId> ids{SubscriptionId{}};
        for (const Subscription& subscription : subscriptions) {
            if (static_cast<std::int64_t>(ids.size()) > 1 + events / events_each) break;
            ids.push_back(subscription.id);
        }
        fill(*storage, ids, range);
    }
    return {{"series_us", median_us([&] { read(of_one); })},
            {"all_us", median_us([&] { read({}); })},
            {"user_us", median_us([&] { read(of_user); })}};
}

}  // namespace

void add_series_rows(Rows& rows, const Scale& scale) {
    for (const Place place : {Place::sqlite, Place::postgresql}) {
        const std::string name = place == Place::sqlite ? "series-sqlite-" : "series-postgresql-";
        for (const std::int64_t events : {scale.brief_log, scale.grown_log}) {
            Row row{
                .name = name + short_number(events),
                .what =
                    "300 buckets of the counts over time of a subscription, of all, and of "
                    "its user; " +
                    short_number(events) + " events in the log",
                .measure = [=](const Bench& bench) { return measure_series(bench, place, events); },
                .needs_postgresql = place == Place::postgresql};
            if (events == scale.grown_log) {
                row.targets = {
                    {.figure = "series_us", .bar = 20'000, .aim = 10'000, .is_at_most = true},
                    {.figure = "series_us",
                     .versus = name + short_number(scale.brief_log),
                     .bar = 1.5,
                     .aim = 1.1,
                     .is_at_most = true}};
            }
            rows.push_back(std::move(row));
        }
    }
}

}  // namespace bench
