#pragma once

#include <cstddef>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>
#include <webhooks/ids.hpp>

namespace webhooks::storage {

/// Judges the filters for what `webhooks_publish` has published and no other worker is judging, and
/// appends the events of those that let it through: unclaimed, and due as published.
/// @param filtered gets the subscriptions whose filters did not.
/// @return how many publications were judged: not all of them, if there is much to read.
std::size_t judge_unmatched(PostgresqlConnection& connection,
                            std::vector<SubscriptionId>& filtered);

}  // namespace webhooks::storage
