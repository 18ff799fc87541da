#include <storage/delivery_statistics.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/undelivered_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A worker's row is its own while the event is in its memory; if it is deferred, it can be taken.
constexpr const char* is_reachable = "(claimed_by = 0 OR is_deferred = 1)";

/// What `reopen_undelivered` takes of a subscription, after an id.
const std::string from_undelivered =
    " FROM webhooks_undelivered u JOIN webhooks_event e ON e.id = u.event_id "
    "WHERE u.subscription_id = :owner AND u.event_id > :behind AND u.attempts > 0 "
    "AND e.created_at >= :since AND e.created_at < :until AND " +
    std::string(is_reachable);

/// The bound values of `from_undelivered`.
class UndeliveredScope {
public:
    UndeliveredScope(SubscriptionId subscription, const CreationPeriod& period, EventId after)
        : owner_(subscription.value),
          behind_(after.value),
          since_(to_micros(period.since)),
          until_(to_micros(period.until.value_or(Time::max()))) {}

    void bind(soci::statement& query) const {
        query.exchange(use(owner_, "owner"));
        query.exchange(use(behind_, "behind"));
        query.exchange(use(since_, "since"));
        query.exchange(use(until_, "until"));
    }

private:
    const long long owner_;
    const long long behind_;
    const long long since_;
    const long long until_;
};

}  // namespace

Result<> reopen_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now) {
    const long long owner = subscription.value;
    const long long id = event.value;
    const long long due = to_micros(now);
    soci::statement reopen =
        (sql.prepare << std::string("UPDATE webhooks_undelivered SET due_at = :due, tries = 0, "
                                    "claimed_by = 0, is_deferred = 0, is_requested = 1 "
                                    "WHERE subscription_id = :owner AND event_id = :id AND ") +
                            is_reachable,
         use(due, "due"), use(owner, "owner"), use(id, "id"));
    reopen.execute(true);
    if (reopen.get_affected_rows() > 0) return {};
    // Without a row it is delivered, or still in the memory of the worker that appended it.
    soci::statement insert =
        (sql.prepare << "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
                        "attempts, tries, claimed_by, claim_number, is_deferred, is_requested) "
                        "SELECT :owner, :id, :due, max(number), 0, 0, 0, 0, 1 "
                        "FROM webhooks_attempt "
                        "WHERE event_id = :id HAVING max(number) IS NOT NULL "
                        "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered "
                        "WHERE subscription_id = :owner AND event_id = :id)",
         use(owner, "owner"), use(id, "id"), use(due, "due"));
    insert.execute(true);
    if (insert.get_affected_rows() > 0) return {};
    return Error(Errc::conflict, "the event is being delivered");
}

Reopened reopen_undelivered(soci::session& sql, SubscriptionId subscription,
                            const CreationPeriod& period, EventId after, Time now,
                            std::size_t limit) {
    const long long owner = subscription.value;
    const UndeliveredScope scope(subscription, period, after);
    const long long due = to_micros(now);
    const long long take = static_cast<long long>(limit);
    long long id = 0;
    std::vector<EventId> events;
    soci::statement query(sql);
    query.exchange(into(id));
    scope.bind(query);
    query.exchange(use(take, "take"));
    for_each_row(query, "SELECT u.event_id" + from_undelivered + " ORDER BY u.event_id LIMIT :take",
                 [&] { events.push_back({id}); });
    // A worker may have claimed one since it was found.
    soci::statement reopen =
        (sql.prepare << std::string("UPDATE webhooks_undelivered SET due_at = :due, tries = 0, "
                                    "claimed_by = 0, is_deferred = 0, is_requested = 1 "
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

std::size_t count_undelivered(soci::session& sql, SubscriptionId subscription,
                              const CreationPeriod& period) {
    const UndeliveredScope scope(subscription, period, {});
    long long count = 0;
    soci::statement query(sql);
    query.exchange(into(count));
    scope.bind(query);
    for_each_row(query, "SELECT count(*)" + from_undelivered, [] {});
    return static_cast<std::size_t>(count);
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
