#pragma once

/// @file
/// Statements of the log's readers that every SQL database understands. They run in the caller's
/// transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <query/plan.hpp>
#include <storage/sql/condition_sql.hpp>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/principal.hpp>

namespace webhooks::storage {

/// Which events a list is of: those of one subscription, or of all that the owner may see.
struct EventScope {
    Principal owner;  ///< With a subscription not looked at.
    std::optional<SubscriptionId> subscription = {};
};

/// @param last no event after this one is shown.
Page<Event> list_events(soci::session& sql, const Dialect& dialect, const EventScope& scope,
                        const query::Plan& plan, std::optional<EventId> last);
/// The newest `max_included_events`, newest first.
std::vector<Event> newest_events(soci::session& sql, const Dialect& dialect,
                                 SubscriptionId subscription);

std::optional<EventHistory> find_event(soci::session& sql, SubscriptionId subscription,
                                       EventId event);

}  // namespace webhooks::storage
