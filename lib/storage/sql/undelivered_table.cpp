#include <storage/delivery_statistics.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/undelivered_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A worker's row is its own while the event is in its memory; if it is deferred, it can be taken.
constexpr const char* is_reachable = "(claimed_by = 0 OR is_deferred = 1)";

}  // namespace

Result<> reopen_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now) {
    const long long owner = subscription.value;
    const long long id = event.value;
    const long long due = to_micros(now);
    soci::statement reopen =
        (sql.prepare << std::string("UPDATE webhooks_undelivered SET due_at = :due, tries = 0, "
                                    "claimed_by = 0, is_deferred = 0 "
                                    "WHERE subscription_id = :owner AND event_id = :id AND ") +
                            is_reachable,
         use(due, "due"), use(owner, "owner"), use(id, "id"));
    reopen.execute(true);
    if (reopen.get_affected_rows() > 0) return {};
    // Without a row it is delivered, or still in the memory of the worker that appended it.
    soci::statement insert =
        (sql.prepare << "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
                        "attempts, tries, claimed_by, claim_number, is_deferred) "
                        "SELECT :owner, :id, :due, max(number), 0, 0, 0, 0 FROM webhooks_attempt "
                        "WHERE event_id = :id HAVING max(number) IS NOT NULL "
                        "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered "
                        "WHERE subscription_id = :owner AND event_id = :id)",
         use(owner, "owner"), use(id, "id"), use(due, "due"));
    insert.execute(true);
    if (insert.get_affected_rows() > 0) return {};
    return Error(Errc::conflict, "the event is being delivered");
}

Reopened reopen_undelivered(soci::session& sql, SubscriptionId subscription, Time since,
                            EventId after, Time now, std::size_t limit) {
    const long long owner = subscription.value;
    const long long from = to_micros(since);
    const long long behind = after.value;
    const long long due = to_micros(now);
    const long long take = static_cast<long long>(limit);
    long long id = 0;
    std::vector<EventId> events;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(use(owner, "owner"));
    query.exchange(use(behind, "behind"));
    query.exchange(use(from, "from"));
    query.exchange(use(take, "take"));
    for_each_row(query,
                 std::string("SELECT u.event_id FROM webhooks_undelivered u "
                             "JOIN webhooks_event e ON e.id = u.event_id "
                             "WHERE u.subscription_id = :owner AND u.event_id > :behind "
                             "AND u.attempts > 0 AND e.created_at >= :from AND ") +
                     is_reachable + " ORDER BY u.event_id LIMIT :take",
                 [&] { events.push_back({id}); });
    // A worker may have claimed one since it was found.
    soci::statement reopen =
        (sql.prepare << std::string("UPDATE webhooks_undelivered SET due_at = :due, tries = 0, "
                                    "claimed_by = 0, is_deferred = 0 "
                                    "WHERE subscription_id = :owner AND event_id = :id AND ") +
                            is_reachable,
         use(due, "due"), use(owner, "owner"), use(id, "id"));
    Reopened reopened;
    for (const EventId event : events) {
        id = event.value;
        reopen.execute(true);
        reopened.count += static_cast<std::size_t>(reopen.get_affected_rows());
    }
    if (events.size() == limit) reopened.next = events.back();
    return reopened;
}

DeliveryStatistics read_statistics(soci::session& sql, SubscriptionId subscription, Time now) {
    const long long owner = subscription.value;
    const long long from = to_micros(now - statistics_period);
    const long long take = static_cast<long long>(max_events_in_statistics);
    StatisticsBuilder builder;
    long long sent_at = 0;
    long long duration = 0;
    int outcome = 0;
    soci::statement query(sql);
    query.exchange(into(sent_at));
    query.exchange(into(duration));
    query.exchange(into(outcome));
    query.exchange(use(owner, "owner"));
    query.exchange(use(take, "take"));
    query.exchange(use(from, "from"));
    for_each_row(query,
                 "SELECT a.sent_at, a.duration_us, a.outcome FROM "
                 "(SELECT id FROM webhooks_event WHERE subscription_id = :owner "
                 "ORDER BY id DESC LIMIT :take) e "
                 "JOIN webhooks_attempt a ON a.event_id = e.id WHERE a.sent_at > :from",
                 [&] {
                     builder.add(from_micros(sent_at), std::chrono::microseconds(duration),
                                 static_cast<Outcome>(outcome));
                 });
    DeliveryStatistics statistics = builder.result();
    long long waiting = 0;
    sql << "SELECT (SELECT count(*) FROM webhooks_undelivered "
           "WHERE subscription_id = :owner AND due_at IS NOT NULL) + "
           "(SELECT count(*) FROM webhooks_event e WHERE e.subscription_id = :owner "
           "AND e.id > (SELECT min(low_water) FROM webhooks_worker) "
           "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered u "
           "WHERE u.subscription_id = e.subscription_id AND u.event_id = e.id) "
           "AND NOT EXISTS (SELECT 1 FROM webhooks_attempt a WHERE a.event_id = e.id))",
        into(waiting), use(owner, "owner");
    statistics.waiting = waiting;
    return statistics;
}

}  // namespace webhooks::storage
