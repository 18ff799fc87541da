#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// Decrypts what is stored, without asking anyone. If it is locked, its key is added to `missing`.
using OpenMessage = std::function<Message(const Message& stored, std::set<std::int64_t>& missing)>;

/// Judges the filters for what `webhooks_publish` has published and no other worker is judging, and
/// appends the events of those that let it through: unclaimed, and due as published.
/// @param filtered gets the subscriptions whose filters did not.
/// @param missing_keys gets the data keys of what stays, because it cannot be decrypted yet.
/// @return how many publications were judged: not all of them, if there is much to read.
std::size_t judge_unmatched(PostgresqlConnection& connection, const OpenMessage& open,
                            std::vector<SubscriptionId>& filtered,
                            std::set<std::int64_t>& missing_keys);

}  // namespace webhooks::storage
