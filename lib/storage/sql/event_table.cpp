#include <bit>
#include <storage/sql/event_table.hpp>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/feed_list.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/rollup_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A transaction that published before a subscription was deleted may be committed after it: its
/// events are looked for during this time.
constexpr std::chrono::hours longest_publication{1};

/// Deletes events and their attempts, and which of the messages have no other.
void erase_log(soci::session& sql, const IdList& events, const IdList& messages) {
    execute(sql, "DELETE FROM webhooks_attempt WHERE event_id IN " + events.text());
    execute(sql, "DELETE FROM webhooks_event WHERE id IN " + events.text());
    execute(sql, "DELETE FROM webhooks_message WHERE id IN " + messages.text() + " AND " +
                     is_without_events());
}

}  // namespace

bool event_exists(soci::session& sql, SubscriptionId subscription, EventId event) {
    int count = 0;
    execute(sql, "SELECT count(*) FROM webhooks_event WHERE id = :id AND subscription_id = :owner",
            into(count), use(event, "id"), use(subscription, "owner"));
    return count > 0;
}

std::optional<SubscriptionId> find_owner(soci::session& sql, EventId event,
                                         std::optional<std::uint64_t> worker_tag) {
    SubscriptionId owner;
    std::int64_t tag = 0;
    execute(sql, "SELECT subscription_id, worker_tag FROM webhooks_event WHERE id = :id",
            into(owner), into(tag), use(event, "id"));
    if (!sql.got_data()) return std::nullopt;
    if (worker_tag && *worker_tag != std::bit_cast<std::uint64_t>(tag)) return std::nullopt;
    return owner;
}

bool erase_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now) {
    std::int64_t message = 0;
    bool is_of_worker = false;
    lock_queues(sql, {event});
    // The event first: a transaction that gives it a row locks it, so it has either committed the
    // row or finds the event gone.
    execute(sql,
            "DELETE FROM webhooks_event WHERE id = :id "
            "RETURNING message_id, CASE WHEN worker_id = 0 THEN 0 ELSE 1 END",
            use(event, "id"), into(message), into(is_of_worker));
    soci::statement erase_attempts(sql);
    erase_attempts.exchange(use(event, "id"));
    const bool had_attempts =
        execute(erase_attempts, "DELETE FROM webhooks_attempt WHERE event_id = :id") > 0;
    bool is_claimed = false;
    bool is_deferred = false;
    execute(sql,
            "DELETE FROM webhooks_undelivered WHERE subscription_id = :owner AND event_id = :id "
            "RETURNING CASE WHEN claimed_by > 0 THEN 1 ELSE 0 END, is_deferred",
            use(subscription, "owner"), use(event, "id"), into(is_claimed), into(is_deferred));
    const bool is_held = sql.got_data() ? is_claimed : is_of_worker && !had_attempts;
    // Where its request may be in flight, the next one with its key waits for its end.
    leave_deleted(sql, event, is_held && !is_deferred, now);
    erase_message_without_events(sql, message);
    return is_held;
}

std::size_t erase_hidden_events(soci::session& sql, Time now, std::size_t limit) {
    const Time settled = now - longest_publication;
    SubscriptionId owner;
    bool is_settled = false;
    // SQLite uses an index of some rows only if their condition is there as it is.
    execute(sql,
            "SELECT id, CASE WHEN updated_at <= :settled THEN 1 ELSE 0 END "
            "FROM webhooks_subscription s WHERE deletion <> 0 AND deletion = 1 "
            "AND (updated_at <= :settled OR " +
                has_events(sql, "s.id") + ") LIMIT 1",
            into(owner), into(is_settled), use(settled, "settled"));
    if (!sql.got_data()) return 0;
    std::size_t count = 0;
    IdList events;
    IdList messages;
    EventId id;
    EventId last;
    std::int64_t message = 0;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(message));
    query.exchange(use(owner, "owner"));
    query.exchange(use(limit, "take"));
    for_each_row(query,
                 "SELECT e.id, e.message_id FROM " + events_of(sql, "subscription_id = :owner") +
                     " ORDER BY e.id LIMIT :take",
                 [&] {
                     ++count;
                     last = id;
                     events.add(id.value);
                     messages.add(message);
                 });
    if (!events.is_empty()) erase_log(sql, events, messages);
    for (const char* table : {"webhooks_undelivered", "webhooks_ordered"}) {
        execute(sql,
                std::string("DELETE FROM ") + table +
                    " WHERE subscription_id = :owner AND event_id <= :last",
                use(owner, "owner"), use(last, "last"));
    }
    if (count < limit && is_settled) {
        execute(sql, "UPDATE webhooks_subscription SET deletion = 2 WHERE id = :owner",
                use(owner, "owner"));
        erase_rollups(sql, owner);
    }
    return count;
}

std::size_t erase_old_events(soci::session& sql, Time now, std::chrono::seconds keep_for,
                             std::size_t limit, RetentionCursor& cursor) {
    const Time oldest_kept = now - keep_for;
    const EventId behind = cursor.start(now);
    std::size_t seen = 0;
    bool is_young = false;
    IdList events;
    IdList messages;
    EventId id;
    EventId last_erased;
    std::int64_t message = 0;
    Time created_at;
    bool waits = false;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(message));
    query.exchange(into(created_at));
    query.exchange(into(waits));
    query.exchange(use(behind, "behind"));
    query.exchange(use(limit, "take"));
    for_each_row(query,
                 "SELECT e.id, e.message_id, e.created_at, "
                 "CASE WHEN u.due_at IS NULL THEN 0 ELSE 1 END FROM webhooks_event e "
                 "LEFT JOIN webhooks_undelivered u "
                 "ON u.subscription_id = e.subscription_id AND u.event_id = e.id "
                 "WHERE e.id > :behind AND e.id <= coalesce((SELECT min(low_water) "
                 "FROM webhooks_worker), 9223372036854775807) ORDER BY e.id LIMIT :take",
                 [&] {
                     is_young = is_young || created_at >= oldest_kept;
                     if (is_young) return;
                     ++seen;
                     cursor.advance(id, waits);
                     if (waits) return;
                     events.add(id.value);
                     last_erased = id;
                     messages.add(message);
                 });
    if (seen < limit) cursor.finish(now);
    if (events.is_empty()) return seen;
    note_purge(sql, last_erased);
    execute(sql,
            "DELETE FROM webhooks_undelivered WHERE (subscription_id, event_id) IN "
            "(SELECT subscription_id, id FROM webhooks_event WHERE id IN " +
                events.text() + ")");
    erase_log(sql, events, messages);
    return seen;
}

std::size_t erase_keys(soci::session& sql, Time newest, std::size_t limit) {
    soci::statement erase(sql);
    erase.exchange(use(newest, "until"));
    erase.exchange(use(limit, "take"));
    return execute(erase,
                   "DELETE FROM webhooks_idempotency_key WHERE (scope, key) IN "
                   "(SELECT scope, key FROM webhooks_idempotency_key "
                   "WHERE created_at <= :until LIMIT :take)");
}

}  // namespace webhooks::storage
