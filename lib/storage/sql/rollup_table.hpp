#pragma once

/// @file
/// Statements on counts of attempts for every SQL database. They run in the caller's transaction
/// and throw what SOCI throws.

#include <soci/soci.h>

#include <string>
#include <vector>
#include <webhooks/principal.hpp>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::storage {

/// "INSERT INTO … (columns) VALUES-OR-SELECT ON CONFLICT …": adds to a row that exists.
std::string adding_to_rollups(const std::string& rows);
void add_rollups(soci::session& sql, WorkerId worker, const std::vector<Rollup>& rollups);

/// As `Storage::series`, for a scope that the caller may see.
std::vector<SeriesBucket> read_rollups(soci::session& sql, const SeriesScope& scope,
                                       const SeriesRange& range);
/// Since when a schema has counts.
Time counted_since(soci::session& sql);

/// Merges old counts into longer buckets, and deletes the oldest, up to `limit` rows each.
/// @return the number of rows examined.
std::size_t tend_rollups(soci::session& sql, Time now, std::size_t limit);
/// Deletes those of a subscription.
void erase_rollups(soci::session& sql, SubscriptionId subscription);

}  // namespace webhooks::storage
