#pragma once

/// @file
/// Statements of the log's readers for every SQL database. They run in the caller's transaction and
/// throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <query/plan.hpp>
#include <storage/sql/condition_sql.hpp>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/principal.hpp>

namespace webhooks::storage {

/// The events of a list: those of one subscription, or of all that the owner may see.
struct EventScope {
    Principal owner;  ///< Ignored with a subscription.
    std::optional<SubscriptionId> subscription = {};
};

/// A statement that `Dialect::execute` executes by its name.
struct ListStatement {
    const char* name;
    std::string text;
};

/// `page` reads the events $1, with payloads if $3 and responses if $4, up to the one with which
/// these have more than $2 bytes: a client library that holds a whole result in memory is not sent
/// more than a page may have. The others find, and count, all events of a subscription.
std::vector<ListStatement> list_statements(const Dialect& dialect);

/// @param last events after this one are not returned.
/// @return page_too_large()
Result<Page<Event>> list_events(soci::session& sql, const Dialect& dialect, const EventScope& scope,
                                const query::Plan& plan, std::optional<EventId> last);
/// The newest `max_included_events`, newest first.
/// @param size of the page that they are on
/// @return page_too_large()
Result<std::vector<Event>> newest_events(soci::session& sql, const Dialect& dialect,
                                         SubscriptionId subscription, query::PageSize& size);

std::optional<EventHistory> find_event(soci::session& sql, SubscriptionId subscription,
                                       EventId event);

}  // namespace webhooks::storage
