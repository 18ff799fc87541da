#pragma once

/// @file
/// Statements on subscriptions for every SQL database. They run in the caller's
/// transaction and throw what SOCI throws. They take and return secrets as they are stored
/// (subscription_cipher.hpp).

#include <soci/soci.h>

#include <optional>
#include <storage/operational_writer.hpp>
#include <vector>
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
/// Writes what a batch says of subscriptions, after its attempts: states are merged with what is
/// stored, subscribers hear of exhausted events and failing endpoints, and those subscriptions are
/// deactivated that are still concerned. Adds notices of what other workers must know.
/// @return the deactivated ones; each has incremented the revision.
std::vector<SubscriptionId> write_findings(soci::session& sql, const Batch& batch,
                                           OperationalWriter& writer);
Configuration read_configuration(soci::session& sql, Revision since);

}  // namespace webhooks::storage
