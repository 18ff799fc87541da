#pragma once

/// @file
/// Statements for operators for every SQL database. They run in the caller's transaction and throw
/// what SOCI throws.

#include <soci/soci.h>

#include <string>
#include <vector>
#include <webhooks/storage/operator_view.hpp>

namespace webhooks::storage {

std::size_t count_users(soci::session& sql);
/// @param has_expired a condition on a row of webhooks_worker at time `:now`
/// @param heartbeat_at an expression, when it was heard of last
std::vector<WorkerState> read_workers(soci::session& sql, Time now, const std::string& has_expired,
                                      const std::string& heartbeat_at);
int schema_version(soci::session& sql);
/// As `Storage::users`.
std::vector<UserSummary> read_users(soci::session& sql, Time now, const std::string& after,
                                    std::size_t take);

}  // namespace webhooks::storage
