#pragma once

/// @file
/// Statements on event types for every SQL database. They run in the caller's transaction and throw
/// what SOCI throws.

#include <soci/soci.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/event_type.hpp>

namespace webhooks::storage {

std::optional<EventType> find_event_type(soci::session& sql, const std::string& name);
/// Those that changed after a revision, sorted by name.
std::vector<EventType> list_event_types(soci::session& sql, Revision since);
/// Inserts it, or replaces the one of its name.
void write_event_type(soci::session& sql, const EventType& type);
/// The number of active subscriptions that have exactly this type.
std::size_t count_subscriptions_to(soci::session& sql, const std::string& event_type);

}  // namespace webhooks::storage
