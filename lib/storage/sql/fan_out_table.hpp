#pragma once

/// @file
/// Statements on what is left of fan-outs, for every SQL database. They run in the caller's
/// transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <string>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>

namespace webhooks::storage {

bool has_fan_outs(soci::session& sql);
/// Whether another append for this user must not be fanned out.
bool is_full(soci::session& sql, const std::string& user);
/// The last id before the first event that is still to be made; `newest` if there is none.
EventId last_before_fan_outs(soci::session& sql, EventId newest);
/// The same for the subscriptions of one user.
EventId last_before_fan_outs(soci::session& sql, EventId newest, const std::string& user);
/// A condition of a DELETE from webhooks_message: it has no events, and none are still to be made.
const std::string& is_without_events();
/// After a slice that made no event.
void erase_message_without_events(soci::session& sql, std::int64_t message);

}  // namespace webhooks::storage
