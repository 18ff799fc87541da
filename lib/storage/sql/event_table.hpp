#pragma once

/// @file
/// Statements of the log's readers for every SQL database. They run in the caller's transaction and
/// throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <query/plan.hpp>
#include <storage/sql/condition_sql.hpp>
#include <storage/sweep.hpp>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// @param last events after this one are not returned.
Page<Event> list_events(soci::session& sql, const Dialect& dialect, SubscriptionId subscription,
                        const query::Plan& plan, std::optional<EventId> last);
/// The newest `max_included_events`, newest first.
std::vector<Event> newest_events(soci::session& sql, const Dialect& dialect,
                                 SubscriptionId subscription);

std::optional<EventHistory> find_event(soci::session& sql, SubscriptionId subscription,
                                       EventId event);
bool event_exists(soci::session& sql, SubscriptionId subscription, EventId event);
/// Deletes an event with its attempts and, after the last event of a message, the message.
void erase_event(soci::session& sql, SubscriptionId subscription, EventId event);

/// Deletes up to `limit` events of a deleted subscription, and marks a subscription that has none
/// left and will get none.
/// @return the number of deleted events.
std::size_t erase_hidden_events(soci::session& sql, Time now, std::size_t limit);
/// Examines up to `limit` events that are older than `keep_for`, and deletes those that do not
/// wait.
/// @return the number of examined events.
std::size_t erase_old_events(soci::session& sql, Time now, std::chrono::seconds keep_for,
                             std::size_t limit, Sweep& sweep);
/// Deletes up to `limit` idempotency keys that are not newer than `newest`. @return their number.
std::size_t erase_keys(soci::session& sql, Time newest, std::size_t limit);

}  // namespace webhooks::storage
