#pragma once

/// @file
/// How the events of a subscription are found. PostgreSQL has an index of them. That of SQLite is
/// brought up to date a range of ids at a time (docs/decisions/0053-an-index-by-ranges.md), so the
/// newest events are looked through.

#include <soci/soci.h>

#include <string>

namespace webhooks::storage {

/// The events of some subscriptions, as a part of FROM with the name `e`. It has the columns id,
/// subscription_id, message_id, worker_id and created_at.
/// @param scope a condition on subscription_id, and any on id: those that it does not limit may all
/// be read
std::string events_of(soci::session& sql, const std::string& scope);

/// A statement that counts them.
std::string count_of(soci::session& sql, const std::string& scope);

/// A condition: the subscription with the id in this column, which is of an outer query, has
/// events. May be asked for many subscriptions in one statement.
std::string has_events(soci::session& sql, const std::string& subscription);

/// Rows of `(id, newest)`: events of subscriptions that are watched for newer ones, with the newest
/// of each among them.
/// @param watch a table with the columns `id`, of a subscription, `after` and `until`: events from
/// after that id, up to and with the other
std::string newest_events_of(soci::session& sql, const std::string& watch);

}  // namespace webhooks::storage
