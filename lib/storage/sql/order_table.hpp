#pragma once

/// @file
/// Statements on the order of events with ordering keys, for every SQL database. A queue has the
/// events of one subscription and key that have not ended. One worker may hold some of a queue
/// (`worker_id`): the first of these has its turn, the others are only in its memory. They run in
/// the caller's transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// The advisory lock of PostgreSQL for queues with an ordering key, which some keys share. What
/// depends on the events of a queue is decided while its lock is held, until the transaction ends.
/// Locks are taken before rows are, and before ids are.
/// @param key an SQL expression.
inline std::string queue_lock(const std::string& key) {
    return "(('webhooks_ordered'::regclass::oid::bigint << 32) | (hashtextextended(" + key +
           " COLLATE \"C\", 0) & 255))";
}
/// Locks the queues of events. SQLite's transactions do not overlap.
void lock_queues(soci::session& sql, const std::vector<EventId>& events);

/// What the changes of a batch mean to queues: the members of BatchReceipt.
struct QueueChanges {
    std::vector<EventId> turns = {};
    std::vector<EventId> returned = {};
    std::size_t released = 0;
};

struct EventQueue {
    SubscriptionId subscription{};
    std::string key = {};
};

void enter_queue(soci::session& sql, const EventQueue& queue, EventId event);
/// A worker takes an event. @return false if it has to wait for another one: `keep_waiting`
bool take_turn(soci::session& sql, EventId event, WorkerId worker);
/// No worker can claim the row of an event until its turn comes.
void keep_waiting(soci::session& sql, SubscriptionId subscription, EventId event);
/// The worker that held an event, which has a row, no longer has it. With its turn, what the worker
/// holds behind it is returned.
void put_back(soci::session& sql, EventId event, Time now, QueueChanges& changes);
/// What a worker holds of a queue waits in storage.
void return_held(soci::session& sql, const EventQueue& queue, Time now, QueueChanges& changes);
/// If no worker holds any event of a queue, the first one can be claimed.
void release_first(soci::session& sql, const EventQueue& queue, QueueChanges& changes);
/// Whether a worker holds an event of a queue before this one.
bool is_held_before(soci::session& sql, const EventQueue& queue, EventId event);
/// An event that was deleted leaves its queue, unless it has its turn in a worker's memory.
void leave_deleted(soci::session& sql, EventId event, bool is_in_memory, Time now);
/// Events that were deleted before this time leave their queues, up to `limit`: their workers have
/// not reported their ends. A worker that holds more of a queue knows of it. @return their number
std::size_t release_deleted(soci::session& sql, Time deleted_before, std::size_t limit);
/// An event that was reopened returns to its place. One that is only reserved gives way to it. Does
/// nothing if the event has no ordering key.
void reenter_queue(soci::session& sql, EventId event);

/// Sets `Event::blocked_by` of those that wait for another one.
void set_blocked_by(soci::session& sql, std::span<Event> events);

/// The events that a claim of a worker took.
std::vector<EventId> claimed_in_order(soci::session& sql, WorkerId worker, std::int64_t number);

/// Releases what a dead worker had taken, up to `limit` events. What it had in its memory may be in
/// flight: it is due when its request must be over. @return their number
std::size_t hand_back_ordered(soci::session& sql, WorkerId dead, Time now, std::size_t limit);

}  // namespace webhooks::storage
