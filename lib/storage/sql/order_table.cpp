#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/order_table.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

bool is_postgresql(soci::session& sql) {
    return sql.get_backend_name() == "postgresql";
}

struct Queue {
    SubscriptionId subscription{};
    std::string key = {};
};

/// The queue of an event, after a statement that ends in `RETURNING` or selects it.
std::optional<Queue> find_queue(soci::session& sql, const char* text, EventId event) {
    Queue queue;
    execute(sql, text, into(queue.subscription), into(queue.key), use(event, "id"));
    return sql.got_data() ? std::optional(queue) : std::nullopt;
}

/// If nothing of a queue is taken, its first event can be claimed.
void release_next(soci::session& sql, const Queue& queue) {
    execute(sql,
            "UPDATE webhooks_undelivered SET claimed_by = 0 "
            "WHERE subscription_id = :owner AND claimed_by = -1 AND event_id = "
            "(SELECT min(event_id) FROM webhooks_ordered "
            "WHERE subscription_id = :owner AND ordering_key = :key) "
            "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered WHERE subscription_id = :owner "
            "AND ordering_key = :key AND worker_id <> 0)",
            use(queue.subscription, "owner"), use(queue.key, "key"));
}

/// An event of the queue that is only reserved for its worker is taken no longer.
void free_reserved(soci::session& sql, const Queue& queue) {
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

struct TakenEvent {
    EventId id{};
    SubscriptionId subscription{};
    std::chrono::seconds timeout{0};  ///< Of its subscription.
    bool is_deleted = false;
};

std::vector<TakenEvent> taken_by(soci::session& sql, WorkerId worker, std::size_t limit) {
    std::vector<TakenEvent> events;
    TakenEvent event;
    std::int64_t timeout = 0;
    soci::statement query(sql);
    query.exchange(into(event.id));
    query.exchange(into(event.subscription));
    query.exchange(into(timeout));
    query.exchange(into(event.is_deleted));
    query.exchange(use(worker, "worker"));
    query.exchange(use(limit, "take"));
    for_each_row(query,
                 "SELECT o.event_id, o.subscription_id, coalesce(s.timeout_seconds, 0), "
                 "CASE WHEN e.id IS NULL THEN 1 ELSE 0 END FROM webhooks_ordered o "
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
bool release_row(soci::session& sql, const TakenEvent& event, WorkerId dead, Time due) {
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

void enter_queue(soci::session& sql, SubscriptionId subscription, const std::string& key,
                 EventId event) {
    execute(sql,
            "INSERT INTO webhooks_ordered (event_id, subscription_id, ordering_key, worker_id) "
            "VALUES (:id, :owner, :key, 0) ON CONFLICT DO NOTHING",
            use(event, "id"), use(subscription, "owner"), use(key, "key"));
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

void put_back(soci::session& sql, EventId event) {
    const std::optional<Queue> queue =
        find_queue(sql,
                   "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id "
                   "RETURNING subscription_id, ordering_key",
                   event);
    if (queue) release_next(sql, *queue);
}

void leave_queue(soci::session& sql, EventId event) {
    const std::optional<Queue> queue =
        find_queue(sql,
                   "DELETE FROM webhooks_ordered WHERE event_id = :id "
                   "RETURNING subscription_id, ordering_key",
                   event);
    if (queue) release_next(sql, *queue);
}

void leave_if_deleted(soci::session& sql, EventId event) {
    int count = 0;
    execute(sql, "SELECT count(*) FROM webhooks_event WHERE id = :id", into(count),
            use(event, "id"));
    if (count == 0) leave_queue(sql, event);
}

void reenter_queue(soci::session& sql, EventId event) {
    const std::optional<Queue> queue =
        find_queue(sql,
                   "SELECT e.subscription_id, m.ordering_key FROM webhooks_event e "
                   "JOIN webhooks_message m ON m.id = e.message_id "
                   "WHERE e.id = :id AND m.ordering_key IS NOT NULL",
                   event);
    if (!queue) return;
    enter_queue(sql, queue->subscription, queue->key, event);
    execute(sql, "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id",
            use(event, "id"));
    free_reserved(sql, *queue);
    release_next(sql, *queue);
}

void give_way(soci::session& sql, EventId event) {
    const std::optional<Queue> queue =
        find_queue(sql,
                   "SELECT w.subscription_id, w.ordering_key FROM webhooks_ordered w "
                   "WHERE w.event_id = :id AND EXISTS (SELECT 1 FROM webhooks_ordered o "
                   "WHERE o.subscription_id = w.subscription_id "
                   "AND o.ordering_key = w.ordering_key AND o.event_id < w.event_id)",
                   event);
    if (!queue) return;
    free_reserved(sql, *queue);
    release_next(sql, *queue);
}

void set_blocked_by(soci::session& sql, std::span<Event> events) {
    IdList waiting;
    for (const Event& event : events) {
        if (!event.ordering_key.empty() && event.next_retry_at) waiting.add(event.id.value);
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
                 "AND o.event_id < w.event_id), (SELECT o.event_id FROM webhooks_ordered o "
                 "WHERE o.subscription_id = w.subscription_id AND o.ordering_key = w.ordering_key "
                 "AND o.worker_id <> 0)) "
                 "FROM webhooks_ordered w WHERE w.worker_id = 0 AND w.event_id IN " +
                     waiting.text(),
                 [&] { in_front[id] = front; });
    for (Event& event : events) {
        const auto found = in_front.find(event.id);
        if (found != in_front.end()) event.blocked_by = found->second;
    }
}

std::vector<EventId> claimed_in_order(soci::session& sql, WorkerId worker, std::int64_t number) {
    std::vector<EventId> events;
    EventId id;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(use(worker, "self"));
    query.exchange(use(number, "claim"));
    for_each_row(query,
                 "SELECT o.event_id FROM webhooks_ordered o JOIN webhooks_undelivered u "
                 "ON u.subscription_id = o.subscription_id AND u.event_id = o.event_id "
                 "WHERE o.worker_id = :self AND o.worker_id <> 0 AND u.claimed_by = :self "
                 "AND u.is_deferred = 0 AND u.claim_number = :claim",
                 [&] { events.push_back(id); });
    return events;
}

std::size_t hand_back_ordered(soci::session& sql, WorkerId dead, Time now, std::size_t limit) {
    std::vector<EventId> found;
    for (const TakenEvent& event : taken_by(sql, dead, limit)) {
        found.push_back(event.id);
    }
    if (found.empty()) return 0;
    lock_queues(sql, found);
    // Some may have been reopened or deleted meanwhile.
    for (const TakenEvent& event : taken_by(sql, dead, limit)) {
        if (!std::ranges::binary_search(found, event.id)) continue;
        if (event.is_deleted) {
            leave_queue(sql, event.id);
            continue;
        }
        const Time due = now + deadline_of_ordered(event.timeout);
        if (!release_row(sql, event, dead, due)) insert_row(sql, event.id, due);
        put_back(sql, event.id);
    }
    return found.size();
}

}  // namespace webhooks::storage
