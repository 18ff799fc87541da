#include <storage/delivery_statistics.hpp>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/undelivered_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A worker's row is its own while the event is in its memory; if it is reserved, it can be taken.
constexpr const char* is_reachable = "(claimed_by <= 0 OR is_deferred = 1)";

/// Makes the row of an event due, if no worker has the event in its memory.
std::string reopening() {
    return "UPDATE webhooks_undelivered SET due_at = :due, tries = 0, claimed_by = 0, "
           "is_deferred = 0, is_requested = 1 "
           "WHERE subscription_id = :owner AND event_id = :id AND " +
           std::string(is_reachable);
}

/// What `reopen_undelivered` takes of a subscription, after an id.
std::string from_undelivered() {
    return " FROM webhooks_undelivered u JOIN webhooks_event e ON e.id = u.event_id "
           "WHERE u.subscription_id = :owner AND u.event_id > :behind AND u.attempts > 0 "
           "AND e.created_at >= :since AND e.created_at < :until AND " +
           std::string(is_reachable);
}

/// The bound values of `from_undelivered`.
class UndeliveredScope {
public:
    UndeliveredScope(SubscriptionId subscription, const CreationPeriod& period, EventId after)
        : owner_(subscription),
          behind_(after),
          since_(period.since),
          until_(period.until.value_or(Time::max())) {}

    void bind(soci::statement& query) const {
        query.exchange(use(owner_, "owner"));
        query.exchange(use(behind_, "behind"));
        query.exchange(use(since_, "since"));
        query.exchange(use(until_, "until"));
    }

private:
    const SubscriptionId owner_;
    const EventId behind_;
    const Time since_;
    const Time until_;
};

}  // namespace

Result<> reopen_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now) {
    lock_queues(sql, {event});
    soci::statement reopen(sql);
    reopen.exchange(use(now, "due"));
    reopen.exchange(use(subscription, "owner"));
    reopen.exchange(use(event, "id"));
    if (execute(reopen, reopening()) > 0) {
        reenter_queue(sql, event);
        return {};
    }
    // Without a row it is delivered, or still in the memory of the worker that appended it.
    soci::statement insert(sql);
    insert.exchange(use(subscription, "owner"));
    insert.exchange(use(event, "id"));
    insert.exchange(use(now, "due"));
    const std::size_t inserted =
        execute(insert,
                "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
                "attempts, tries, claimed_by, claim_number, is_deferred, is_requested) "
                "SELECT :owner, :id, :due, max(number), 0, 0, 0, 0, 1 "
                "FROM webhooks_attempt "
                "WHERE event_id = :id HAVING max(number) IS NOT NULL "
                "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered "
                "WHERE subscription_id = :owner AND event_id = :id)");
    if (inserted > 0) {
        reenter_queue(sql, event);
        return {};
    }
    return Error(Errc::conflict, "the event is being delivered");
}

Reopened reopen_undelivered(soci::session& sql, SubscriptionId subscription,
                            const CreationPeriod& period, EventId after, Time now,
                            std::size_t limit) {
    const UndeliveredScope scope(subscription, period, after);
    EventId id;
    std::vector<EventId> events;
    soci::statement query(sql);
    query.exchange(into(id));
    scope.bind(query);
    query.exchange(use(limit, "take"));
    for_each_row(query,
                 "SELECT u.event_id" + from_undelivered() + " ORDER BY u.event_id LIMIT :take",
                 [&] { events.push_back(id); });
    lock_queues(sql, events);
    // A worker may have claimed one since it was found.
    soci::statement reopen = prepared(sql, soci::details::st_repeatable_query, reopening(),
                                      use(now, "due"), use(subscription, "owner"), use(id, "id"));
    Reopened reopened;
    for (const EventId event : events) {
        id = event;
        reopen.execute(true);
        const auto count = static_cast<std::size_t>(reopen.get_affected_rows());
        if (count > 0) reenter_queue(sql, event);
        reopened.count += count;
    }
    if (events.size() == limit) reopened.next = events.back();
    return reopened;
}

std::size_t count_undelivered(soci::session& sql, SubscriptionId subscription,
                              const CreationPeriod& period) {
    const UndeliveredScope scope(subscription, period, {});
    std::size_t count = 0;
    soci::statement query(sql);
    query.exchange(into(count));
    scope.bind(query);
    for_each_row(query, "SELECT count(*)" + from_undelivered(), [] {});
    return count;
}

DeliveryStatistics read_statistics(soci::session& sql, SubscriptionId subscription, Time now) {
    const Time from = now - statistics_period;
    StatisticsBuilder builder;
    Time sent_at;
    std::chrono::microseconds duration{};
    Outcome outcome{};
    soci::statement query(sql);
    query.exchange(into(sent_at));
    query.exchange(into(duration));
    query.exchange(into(outcome));
    query.exchange(use(subscription, "owner"));
    query.exchange(use(max_events_in_statistics, "take"));
    query.exchange(use(from, "from"));
    for_each_row(query,
                 "SELECT a.sent_at, a.duration_us, a.outcome FROM "
                 "(SELECT e.id FROM " +
                     events_of(sql, "subscription_id = :owner") +
                     " ORDER BY e.id DESC LIMIT :take) e "
                     "JOIN webhooks_attempt a ON a.event_id = e.id WHERE a.sent_at > :from",
                 [&] { builder.add(sent_at, duration, outcome); });
    DeliveryStatistics statistics = builder.result();
    execute(sql,
            "SELECT (SELECT count(*) FROM webhooks_undelivered "
            "WHERE subscription_id = :owner AND due_at IS NOT NULL) + "
            "(SELECT count(*) FROM " +
                events_of(sql,
                          "subscription_id = :owner "
                          "AND id > (SELECT min(low_water) FROM webhooks_worker)") +
                " WHERE e.worker_id <> 0 AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered u "
                "WHERE u.subscription_id = e.subscription_id AND u.event_id = e.id) "
                "AND NOT EXISTS (SELECT 1 FROM webhooks_attempt a WHERE a.event_id = e.id))",
            into(statistics.waiting), use(subscription, "owner"));
    execute(sql,
            "SELECT CAST(coalesce(sum(filtered), 0) AS BIGINT), "
            "CAST(coalesce(sum(unjudged), 0) AS BIGINT) FROM webhooks_rollup "
            "WHERE subscription_id = :owner AND start > :from",
            into(statistics.filtered), into(statistics.unjudged), use(subscription, "owner"),
            use(from, "from"));
    return statistics;
}

}  // namespace webhooks::storage
