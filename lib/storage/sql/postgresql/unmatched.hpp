#pragma once

#include <cstddef>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Judges the filters for what `webhooks_publish` has published and no other worker is judging, and
/// appends the events of those that let it through: unclaimed, and due as published.
/// @param filtered gets the subscriptions whose filters did not.
/// @return how many publications were judged: not all of them, if there is much to read.
std::size_t judge_unmatched(PostgresqlConnection& connection,
                            std::vector<SubscriptionId>& filtered);

/// Judges what `webhooks_publish` has published with the ordering keys of a batch: its events come
/// before those of the batch. The queues are locked, and the batch has no ids yet.
/// @return the subscriptions whose filters let it not through: `send_filtered` counts them
std::vector<SubscriptionId> judge_ordered(PostgresqlConnection& connection, const Batch& batch);
void send_filtered(PostgresqlConnection& connection, WorkerId worker,
                   const std::vector<SubscriptionId>& filtered, Time now);

}  // namespace webhooks::storage
