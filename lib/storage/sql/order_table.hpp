#pragma once

/// @file
/// Statements on the order of events with ordering keys, for every SQL database. A queue has the
/// events of one subscription and key that have not ended; a worker takes one at a time, the first.
/// They run in the caller's transaction and throw what SOCI throws.

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

void enter_queue(soci::session& sql, SubscriptionId subscription, const std::string& key,
                 EventId event);
/// A worker takes an event. @return false if it has to wait for another one: `keep_waiting`
bool take_turn(soci::session& sql, EventId event, WorkerId worker);
/// No worker can claim the row of an event until its turn comes.
void keep_waiting(soci::session& sql, SubscriptionId subscription, EventId event);
/// The worker that has taken an event no longer has it: it or another one is next.
void put_back(soci::session& sql, EventId event);
/// An event has ended: the next one can be claimed.
void leave_queue(soci::session& sql, EventId event);
/// The same if it no longer exists.
void leave_if_deleted(soci::session& sql, EventId event);
/// An event that was reopened returns to its place. One that is only reserved gives way to it. Does
/// nothing if the event has no ordering key.
void reenter_queue(soci::session& sql, EventId event);

/// An event that is reserved gives way to an earlier one of its queue that was reopened before.
void give_way(soci::session& sql, EventId event);

/// Sets `Event::blocked_by` of those that wait for another one.
void set_blocked_by(soci::session& sql, std::span<Event> events);

/// The events that a claim of a worker took.
std::vector<EventId> claimed_in_order(soci::session& sql, WorkerId worker, std::int64_t number);

/// Releases what a dead worker had taken, up to `limit` events. What it had in its memory may be in
/// flight: it is due when its request must be over. @return their number
std::size_t hand_back_ordered(soci::session& sql, WorkerId dead, Time now, std::size_t limit);

}  // namespace webhooks::storage
