#pragma once

/// @file
/// Statements on single events and on old ones for every SQL database. They run in the caller's
/// transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <storage/retention_cursor.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

bool event_exists(soci::session& sql, SubscriptionId subscription, EventId event);
/// The subscription of an event. @param worker_tag if set, only of an event with this tag
std::optional<SubscriptionId> find_owner(soci::session& sql, EventId event,
                                         std::optional<std::uint64_t> worker_tag);
/// Deletes an event with its attempts and, after the last event of a message, the message.
/// @return whether a worker holds it, in memory or as reserved.
bool erase_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now);

/// Deletes up to `limit` events of a deleted subscription, and marks a subscription that has none
/// left and will get none.
/// @return the number of deleted events.
std::size_t erase_hidden_events(soci::session& sql, Time now, std::size_t limit);
/// Examines up to `limit` events that are older than `keep_for`, and deletes those that do not
/// wait.
/// @return the number of examined events.
std::size_t erase_old_events(soci::session& sql, Time now, std::chrono::seconds keep_for,
                             std::size_t limit, RetentionCursor& cursor);
/// Deletes up to `limit` idempotency keys that are not newer than `newest`. @return their number.
std::size_t erase_keys(soci::session& sql, Time newest, std::size_t limit);

}  // namespace webhooks::storage
