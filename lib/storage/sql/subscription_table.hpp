#pragma once

/// @file
/// Statements on subscriptions and event types for every SQL database. They run in the caller's
/// transaction and throw what SOCI throws. They take and return secrets as they are stored
/// (subscription_cipher.hpp).

#include <soci/soci.h>

#include <optional>
#include <vector>
#include <webhooks/event_type.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Increments the revision. @return the new one.
Revision bump_revision(soci::session& sql);
Revision current_revision(soci::session& sql);

SubscriptionId insert_subscription(soci::session& sql, const Subscription& subscription);
std::optional<Subscription> find_subscription(soci::session& sql, const Principal& principal,
                                              SubscriptionId id);
void update_subscription(soci::session& sql, const Subscription& subscription);
/// Hides it and clears the user's data in it.
void hide_subscription(soci::session& sql, SubscriptionId id, Revision revision, Time now);
/// Merges it with what is stored, and adds a notice if other workers must know.
void write_state(soci::session& sql, const EndpointState& state, Time now);
/// Deactivates those that are still concerned. @return which ones; each has incremented the
/// revision.
std::vector<SubscriptionId> deactivate(soci::session& sql,
                                       const std::vector<Deactivation>& deactivations, Time now);
Configuration read_configuration(soci::session& sql, Revision since);

/// @return whether anything changed.
bool upsert_event_type(soci::session& sql, const EventType& type);

}  // namespace webhooks::storage
