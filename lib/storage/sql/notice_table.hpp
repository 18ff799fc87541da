#pragma once

/// @file
/// Statements on notices that every SQL database understands. They run in the caller's transaction
/// and throw what SOCI throws.

#include <soci/soci.h>

#include <cstdint>
#include <vector>
#include <webhooks/storage/subscription_store.hpp>

namespace webhooks::storage {

/// Adds a notice under the next number. It locks the row of the state, after rows of events.
void give_notice(soci::session& sql, const Notice& notice, Time now);
std::vector<Notice> read_notices(soci::session& sql, std::int64_t after);
std::int64_t last_notice(soci::session& sql);
/// Deletes up to `limit` notices of `newest` and before. @return how many.
std::size_t erase_notices(soci::session& sql, Time newest, std::size_t limit);

}  // namespace webhooks::storage
