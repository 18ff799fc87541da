/// Reading the event log should cost the same however long the log is, and so should deleting a
/// subscription.

#include <algorithm>
#include <log.hpp>
#include <measure.hpp>

namespace bench {
namespace {

using namespace webhooks;
using Microseconds = std::chrono::duration<double, std::micro>;

Figures measure_list(const Bench& bench, Place place, std::int64_t events) {
    const auto storage = open_log(bench, place, {.events = events});
    // As a service does in a minute: other rows may have left events that are not indexed.
    while (storage->maintain({.limit = 1000}).value()) {
    }
    const auto first =
        std::ranges::min(storage->configuration(0).value().subscriptions, {}, &Subscription::id);
    const auto time = [&](const ListQuery& query) {
        return median_us([&] { storage->list_events(administrator(), first.id, query).value(); });
    };
    const ListQuery page;
    ListQuery deep;
    deep.after = events / 2;
    ListQuery count = ListQuery::parse({.filter = "isSuccess eq false"}, ListKind::events).value();
    count.take = 0;
    const ListQuery failures =
        ListQuery::parse({.filter = "isSuccess eq false", .sort = "id desc"}, ListKind::events)
            .value();
    const Principal owner = Principal::user(first.user_id);
    const double failures_us =
        median_us([&] { storage->list_all_events(owner, failures).value(); });
    return {{"page_us", time(page)},
            {"deep_page_us", time(deep)},
            {"count_us", time(count)},
            {"failures_us", failures_us}};
}

/// For a subscription with most of the events of a log, and for one with none.
Figures measure_delete(const Bench& bench, std::int64_t events) {
    const auto storage =
        open_log(bench, Place::sqlite, {.events = events, .subscriptions = 2, .is_used_up = true});
    const auto time_to_delete = [&](SubscriptionId id) {
        const auto start = std::chrono::steady_clock::now();
        storage->delete_subscription(administrator(), id).value();
        return Microseconds(std::chrono::steady_clock::now() - start).count();
    };
    const Subscription none =
        storage
            ->insert_subscription(Principal::administrator("admin"),
                                  {.name = "none", .event_type = event_type, .user_id = "none"})
            .value();
    const double none_us = time_to_delete(none.id);
    const auto many =
        std::ranges::max(storage->configuration(0).value().subscriptions, {}, &Subscription::id);
    return {{"many_us", time_to_delete(many.id)}, {"none_us", none_us}};
}

}  // namespace

void add_list_rows(Rows& rows, const Scale& scale) {
    for (const Place place : {Place::sqlite, Place::postgresql}) {
        const std::string name = place == Place::sqlite ? "list-sqlite-" : "list-postgresql-";
        for (const std::int64_t events : {scale.brief_log, scale.middle_log, scale.grown_log}) {
            Row row{
                .name = name + short_number(events),
                .what =
                    "a page of a subscription with 5,000 events, one in the middle of its "
                    "log, a filtered count, the failures of its user; " +
                    short_number(events) + " events in total",
                .measure = [=](const Bench& bench) { return measure_list(bench, place, events); },
                .needs_postgresql = place == Place::postgresql};
            if (row.needs_postgresql) {
                row.targets.push_back(
                    {.figure = "page_us", .bar = 1500, .aim = 500, .is_at_most = true});
            }
            if (events == scale.grown_log) {
                row.targets.push_back({.figure = "page_us",
                                       .versus = name + short_number(scale.brief_log),
                                       .bar = 1.4,
                                       .aim = 1.1,
                                       .is_at_most = true});
                row.targets.push_back({.figure = "failures_us",
                                       .versus = name + short_number(scale.brief_log),
                                       .bar = 1.5,
                                       .aim = 1.1,
                                       .is_at_most = true});
            }
            rows.push_back(std::move(row));
        }
    }
    rows.push_back({.name = "delete",
                    .what = "deleting a subscription with " + short_number(scale.middle_log / 10) +
                            " events, and one with none",
                    .measure = [events = scale.middle_log / 10](const Bench& bench) {
                        return measure_delete(bench, events);
                    }});
}

}  // namespace bench
