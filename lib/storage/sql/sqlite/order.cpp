#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/order.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

SqliteOrder::SqliteOrder(soci::session& sql)
    : sql_(sql),
      find_last_(sql,
                 "SELECT CASE WHEN o.deleted_at IS NULL THEN o.worker_id ELSE 0 END, (SELECT "
                 "u.is_deferred FROM webhooks_undelivered u "
                 "WHERE u.subscription_id = o.subscription_id AND u.event_id = o.event_id) "
                 "FROM webhooks_ordered o WHERE o.subscription_id = ? AND o.ordering_key = ? "
                 "ORDER BY o.event_id DESC LIMIT 1"),
      find_first_(sql,
                  "SELECT event_id, worker_id FROM webhooks_ordered "
                  "WHERE subscription_id = ? AND ordering_key = ? ORDER BY event_id LIMIT 1"),
      insert_(sql,
              "INSERT INTO webhooks_ordered (event_id, subscription_id, ordering_key, worker_id) "
              "VALUES (?, ?, ?, ?)"),
      erase_(sql,
             "DELETE FROM webhooks_ordered WHERE event_id = ? "
             "RETURNING subscription_id, ordering_key") {}

SqliteOrder::Place SqliteOrder::enter(const EventQueue& queue, EventId event, WorkerId worker,
                                      bool holds_it) {
    Place place = holds_it ? Place::turn : Place::waiting;
    if (holds_it) {
        find_last_.find(
            [&](const SqliteRow& last) {
                // One that is reserved is out of the worker's memory.
                const bool is_held = last.number(0) == worker.value && last.number(1) == 0;
                place = is_held ? Place::behind : Place::waiting;
            },
            queue.subscription, queue.key);
    }
    insert_.execute(event, queue.subscription, queue.key,
                    place == Place::waiting ? WorkerId{} : worker);
    return place;
}

void SqliteOrder::leave(EventId event, Time now, QueueChanges& changes) {
    EventQueue queue;
    const bool is_there = erase_.find(
        [&](const SqliteRow& row) {
            queue = {.subscription = {row.number(0)}, .key = std::string(row.text(1))};
        },
        event);
    if (!is_there) return;
    EventId first;
    bool is_held = false;
    const bool has_others = find_first_.find(
        [&](const SqliteRow& row) {
            first = {row.number(0)};
            is_held = row.number(1) != 0;
        },
        queue.subscription, queue.key);
    if (!has_others) return;
    if (is_held) {
        if (event < first) changes.turns.push_back(first);
        return;
    }
    if (is_held_before(sql_, queue, event)) return;
    return_held(sql_, queue, now, changes);
    release_first(sql_, queue, changes);
}

void SqliteOrder::leave_if_deleted(EventId event, Time now, QueueChanges& changes) {
    int count = 0;
    execute(sql_, "SELECT count(*) FROM webhooks_event WHERE id = :id", into(count),
            use(event, "id"));
    if (count == 0) leave(event, now, changes);
}

void SqliteOrder::reserve(EventId event, WorkerId worker, Time now, QueueChanges& changes) {
    EventQueue queue;
    execute(sql_,
            "UPDATE webhooks_ordered SET worker_id = 0 WHERE event_id = :id "
            "RETURNING subscription_id, ordering_key",
            into(queue.subscription), into(queue.key), use(event, "id"));
    if (!sql_.got_data()) return;
    return_held(sql_, queue, now, changes);
    if (take_turn(sql_, event, worker)) return;
    execute(sql_,
            "UPDATE webhooks_undelivered SET claimed_by = 0, is_deferred = 0 "
            "WHERE subscription_id = :owner AND event_id = :id",
            use(queue.subscription, "owner"), use(event, "id"));
    release_first(sql_, queue, changes);
}

}  // namespace webhooks::storage
