#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/order_table.hpp>
#include <utility>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

bool is_postgresql(soci::session& sql) {
    return sql.get_backend_name() == "postgresql";
}

/// The queue of an event, after a statement that ends in `RETURNING` or selects it.
std::optional<EventQueue> find_queue(soci::session& sql, const char* text, EventId event) {
    EventQueue queue;
    execute(sql, text, into(queue.subscription), into(queue.key), use(event, "id"));
    return sql.got_data() ? std::optional(queue) : std::nullopt;
}

/// An event of the queue that is only reserved for its worker is held no longer.
void free_reserved(soci::session& sql, const EventQueue& queue) {
    EventId reserved;
    execute(sql,
            "SELECT o.event_id FROM webhooks_ordered o JOIN webhooks_undelivered u "
            "ON u.subscription_id = o.subscription_id AND u.event_id = o.event_id "
            "WHERE o.subscription_id = :owner AND o.ordering_key = :key AND o.worker_id <> 0 "
            "AND u.is_deferred = 1",
            into(reserved), use(queue.subscription, "owner"), use(queue.key, "key"));
    if (!sql.got_data()) return;
    // Its worker may claim it meanwhile.
    soci::statement free(sql);
    free.exchange(use(queue.subscription, "owner"));
    free.exchange(use(reserved, "id"));
    const std::size_t freed =
        execute(free,
                "UPDATE webhooks_undelivered SET claimed_by = 0, is_deferred = 0 "
                "WHERE subscription_id = :owner AND event_id = :id AND is_deferred = 1");
    if (freed == 0) return;
    execute(sql, "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id",
            use(reserved, "id"));
}

/// The ids that a query selects. @param uses are bound in the order of their places
template <class... Uses>
std::vector<EventId> event_ids(soci::session& sql, const char* text, const Uses&... uses) {
    std::vector<EventId> events;
    EventId event;
    soci::statement query(sql);
    query.exchange(into(event));
    (query.exchange(uses), ...);
    for_each_row(query, text, [&] { events.push_back(event); });
    return events;
}

struct HeldOrdered {
    EventId id{};
    SubscriptionId subscription{};
    std::chrono::seconds timeout{0};  ///< Of its subscription.
    bool is_deleted = false;
};

std::vector<HeldOrdered> held_by(soci::session& sql, WorkerId worker, std::size_t limit) {
    std::vector<HeldOrdered> events;
    HeldOrdered event;
    std::int64_t timeout = 0;
    soci::statement query(sql);
    query.exchange(into(event.id));
    query.exchange(into(event.subscription));
    query.exchange(into(timeout));
    query.exchange(into(event.is_deleted));
    query.exchange(use(worker, "worker"));
    query.exchange(use(limit, "take"));
    for_each_row(
        query,
        "SELECT o.event_id, o.subscription_id, coalesce(s.timeout_seconds, 0), "
        "CASE WHEN e.id IS NULL THEN 1 ELSE 0 END FROM webhooks_ordered o " +
            std::string(is_postgresql(sql) ? "" : "INDEXED BY webhooks_ordered_held ") +
            "LEFT JOIN webhooks_event e ON e.id = o.event_id "
            "LEFT JOIN webhooks_subscription s ON s.id = o.subscription_id "
            "WHERE o.worker_id = :worker AND o.worker_id <> 0 ORDER BY o.event_id LIMIT :take",
        [&] {
            event.timeout = std::chrono::seconds(timeout);
            events.push_back(event);
        });
    return events;
}

/// The row that a lost worker had claimed can be claimed by others.
/// @param due unless it was reserved: when. @return false if it has none
bool release_row(soci::session& sql, const HeldOrdered& event, WorkerId dead, Time due) {
    soci::statement release(sql);
    release.exchange(use(due, "due"));
    release.exchange(use(dead, "dead"));
    release.exchange(use(event.subscription, "owner"));
    release.exchange(use(event.id, "id"));
    return execute(release,
                   "UPDATE webhooks_undelivered SET claimed_by = 0, is_deferred = 0, "
                   "is_requested = 0, "
                   "due_at = CASE is_deferred WHEN 1 THEN due_at ELSE :due END "
                   "WHERE claimed_by = :dead AND subscription_id = :owner AND event_id = :id") > 0;
}

/// It is not deleted meanwhile.
void insert_row(soci::session& sql, EventId event, Time due) {
    execute(sql,
            std::string("INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
                        "attempts, tries, claimed_by, claim_number, is_deferred) "
                        "SELECT subscription_id, id, :due, 0, 0, 0, 0, 0 FROM webhooks_event "
                        "WHERE id = :id") +
                (is_postgresql(sql) ? " FOR KEY SHARE" : ""),
            use(due, "due"), use(event, "id"));
}

}  // namespace

void lock_queues(soci::session& sql, const std::vector<EventId>& events) {
    if (events.empty() || !is_postgresql(sql)) return;
    IdList ids;
    for (const EventId event : events) {
        ids.add(event.value);
    }
    execute(sql, "SELECT pg_advisory_xact_lock(l.id) FROM (SELECT DISTINCT " +
                     queue_lock("k.ordering_key") +
                     " AS id FROM (SELECT ordering_key FROM webhooks_ordered WHERE event_id IN " +
                     ids.text() +
                     " UNION SELECT m.ordering_key FROM webhooks_event e "
                     "JOIN webhooks_message m ON m.id = e.message_id WHERE e.id IN " +
                     ids.text() + " AND m.ordering_key IS NOT NULL) k ORDER BY id) l");
}

void enter_queue(soci::session& sql, const EventQueue& queue, EventId event) {
    execute(sql,
            "INSERT INTO webhooks_ordered (event_id, subscription_id, ordering_key, worker_id) "
            "VALUES (:id, :owner, :key, 0) ON CONFLICT DO NOTHING",
            use(event, "id"), use(queue.subscription, "owner"), use(queue.key, "key"));
}

bool take_turn(soci::session& sql, EventId event, WorkerId worker) {
    soci::statement take(sql);
    take.exchange(use(worker, "self"));
    take.exchange(use(event, "id"));
    return execute(take,
                   "UPDATE webhooks_ordered SET worker_id = :self WHERE event_id = :id "
                   "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered o "
                   "WHERE o.subscription_id = webhooks_ordered.subscription_id "
                   "AND o.ordering_key = webhooks_ordered.ordering_key "
                   "AND o.event_id < webhooks_ordered.event_id) "
                   "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered o "
                   "WHERE o.subscription_id = webhooks_ordered.subscription_id "
                   "AND o.ordering_key = webhooks_ordered.ordering_key AND o.worker_id <> 0)") > 0;
}

void keep_waiting(soci::session& sql, SubscriptionId subscription, EventId event) {
    execute(sql,
            "UPDATE webhooks_undelivered SET claimed_by = -1 "
            "WHERE subscription_id = :owner AND event_id = :id",
            use(subscription, "owner"), use(event, "id"));
}

void release_first(soci::session& sql, const EventQueue& queue, QueueChanges& changes) {
    soci::statement release(sql);
    release.exchange(use(queue.subscription, "owner"));
    release.exchange(use(queue.key, "key"));
    changes.released +=
        execute(release,
                "UPDATE webhooks_undelivered SET claimed_by = 0 "
                "WHERE subscription_id = :owner AND claimed_by = -1 AND event_id = "
                "(SELECT min(event_id) FROM webhooks_ordered "
                "WHERE subscription_id = :owner AND ordering_key = :key) "
                "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered WHERE subscription_id = :owner "
                "AND ordering_key = :key AND worker_id <> 0)");
}

bool is_held_before(soci::session& sql, const EventQueue& queue, EventId event) {
    int is_held = 0;
    execute(sql,
            "SELECT count(*) FROM (SELECT 1 FROM webhooks_ordered WHERE subscription_id = :owner "
            "AND ordering_key = :key AND worker_id <> 0 AND event_id < :id LIMIT 1) h",
            into(is_held), use(queue.subscription, "owner"), use(queue.key, "key"),
            use(event, "id"));
    return is_held > 0;
}

void return_held(soci::session& sql, const EventQueue& queue, Time now, QueueChanges& changes) {
    for (const EventId returned :
         event_ids(sql,
                   "SELECT event_id FROM webhooks_ordered WHERE subscription_id = :owner "
                   "AND ordering_key = :key AND worker_id <> 0 ORDER BY event_id",
                   use(queue.subscription, "owner"), use(queue.key, "key"))) {
        soci::statement keep(sql);
        keep.exchange(use(queue.subscription, "owner"));
        keep.exchange(use(returned, "id"));
        const bool has_row = execute(keep,
                                     "UPDATE webhooks_undelivered SET claimed_by = -1 "
                                     "WHERE subscription_id = :owner AND event_id = :id") > 0;
        if (!has_row) {
            insert_row(sql, returned, now);
            keep_waiting(sql, queue.subscription, returned);
        }
        execute(sql, "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id",
                use(returned, "id"));
        changes.returned.push_back(returned);
    }
}

void put_back(soci::session& sql, EventId event, Time now, QueueChanges& changes) {
    const std::optional<EventQueue> queue =
        find_queue(sql,
                   "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id "
                   "RETURNING subscription_id, ordering_key",
                   event);
    if (!queue) return;
    if (is_held_before(sql, *queue, event)) {
        return keep_waiting(sql, queue->subscription, event);
    }
    return_held(sql, *queue, now, changes);
    release_first(sql, *queue, changes);
}

void leave_deleted(soci::session& sql, EventId event, bool is_in_memory, Time now) {
    const std::optional<EventQueue> queue = find_queue(
        sql, "SELECT subscription_id, ordering_key FROM webhooks_ordered WHERE event_id = :id",
        event);
    if (!queue) return;
    if (is_in_memory && !is_held_before(sql, *queue, event)) {
        return execute(sql, "UPDATE webhooks_ordered SET deleted_at = :now WHERE event_id = :id",
                       use(now, "now"), use(event, "id"));
    }
    execute(sql, "DELETE FROM webhooks_ordered WHERE event_id = :id", use(event, "id"));
    QueueChanges unused;
    release_first(sql, *queue, unused);
}

std::size_t release_deleted(soci::session& sql, Time deleted_before, std::size_t limit) {
    const std::vector<EventId> deleted =
        event_ids(sql,
                  "SELECT event_id FROM webhooks_ordered o WHERE deleted_at < :before "
                  "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered q "
                  "WHERE q.subscription_id = o.subscription_id "
                  "AND q.ordering_key = o.ordering_key AND q.worker_id <> 0 "
                  "AND q.event_id <> o.event_id) ORDER BY deleted_at LIMIT :take",
                  use(deleted_before, "before"), use(limit, "take"));
    lock_queues(sql, deleted);
    for (const EventId id : deleted) {
        leave_deleted(sql, id, false, {});
    }
    return deleted.size();
}

void reenter_queue(soci::session& sql, EventId event) {
    const std::optional<EventQueue> queue =
        find_queue(sql,
                   "SELECT e.subscription_id, m.ordering_key FROM webhooks_event e "
                   "JOIN webhooks_message m ON m.id = e.message_id "
                   "WHERE e.id = :id AND m.ordering_key IS NOT NULL",
                   event);
    if (!queue) return;
    enter_queue(sql, *queue, event);
    execute(sql, "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id",
            use(event, "id"));
    free_reserved(sql, *queue);
    QueueChanges unused;
    release_first(sql, *queue, unused);
}

void set_blocked_by(soci::session& sql, std::span<Event> events) {
    IdList waiting;
    for (const Event& event : events) {
        if (!event.ordering_key.empty() && !event.is_success) waiting.add(event.id.value);
    }
    if (waiting.is_empty()) return;
    std::map<EventId, std::optional<EventId>> in_front;
    EventId id;
    std::optional<EventId> front;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(front));
    for_each_row(query,
                 "SELECT w.event_id, coalesce((SELECT max(o.event_id) FROM webhooks_ordered o "
                 "WHERE o.subscription_id = w.subscription_id AND o.ordering_key = w.ordering_key "
                 "AND o.event_id < w.event_id), (SELECT min(o.event_id) FROM webhooks_ordered o "
                 "WHERE o.subscription_id = w.subscription_id AND o.ordering_key = w.ordering_key "
                 "AND o.worker_id <> 0)) "
                 "FROM webhooks_ordered w WHERE (w.worker_id = 0 "
                 "OR EXISTS (SELECT 1 FROM webhooks_ordered o "
                 "WHERE o.subscription_id = w.subscription_id AND o.ordering_key = w.ordering_key "
                 "AND o.worker_id <> 0 AND o.event_id < w.event_id)) AND w.event_id IN " +
                     waiting.text(),
                 [&] { in_front[id] = front; });
    for (Event& event : events) {
        const auto found = in_front.find(event.id);
        if (found != in_front.end()) event.blocked_by = found->second;
    }
}

std::vector<EventId> claimed_in_order(soci::session& sql, WorkerId worker, std::int64_t number) {
    return event_ids(sql,
                     "SELECT o.event_id FROM webhooks_ordered o JOIN webhooks_undelivered u "
                     "ON u.subscription_id = o.subscription_id AND u.event_id = o.event_id "
                     "WHERE o.worker_id = :self AND o.worker_id <> 0 AND u.claimed_by = :self "
                     "AND u.is_deferred = 0 AND u.claim_number = :claim",
                     use(worker, "self"), use(number, "claim"));
}

std::size_t hand_back_ordered(soci::session& sql, WorkerId dead, Time now, std::size_t limit) {
    std::vector<EventId> found;
    for (const HeldOrdered& event : held_by(sql, dead, limit)) {
        found.push_back(event.id);
    }
    if (found.empty()) return 0;
    lock_queues(sql, found);
    // Some may have been reopened or deleted meanwhile.
    std::map<std::pair<SubscriptionId, std::string>, EventQueue> queues;
    for (const HeldOrdered& event : held_by(sql, dead, limit)) {
        if (!std::ranges::binary_search(found, event.id)) continue;
        const Time due = now + deadline_of_ordered(event.timeout);
        if (!event.is_deleted && !release_row(sql, event, dead, due)) {
            insert_row(sql, event.id, due);
        }
        const EventQueue queue = *find_queue(
            sql,
            event.is_deleted ? "DELETE FROM webhooks_ordered WHERE event_id = :id "
                               "RETURNING subscription_id, ordering_key"
                             : "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id "
                               "RETURNING subscription_id, ordering_key",
            event.id);
        keep_waiting(sql, event.subscription, event.id);
        queues.try_emplace({queue.subscription, queue.key}, queue);
    }
    QueueChanges unused;
    for (const auto& [name, queue] : queues) {
        release_first(sql, queue, unused);
    }
    return found.size();
}

}  // namespace webhooks::storage
