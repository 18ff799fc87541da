#pragma once

/// @file
/// Statements on sessions of the portal for every SQL database. They throw what SOCI throws.

#include <soci/soci.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/storage/portal_session_store.hpp>

namespace webhooks::storage {

PortalSessionId insert_portal_session(soci::session& sql, const PortalSessionRecord& session);
std::optional<PortalSessionRecord> redeem_portal_code(soci::session& sql,
                                                      std::string_view code_hash,
                                                      std::string_view token_hash, Time now);
std::optional<PortalSessionRecord> find_portal_session(soci::session& sql,
                                                       std::string_view token_hash);
/// @return what it deleted: id and user only, here and below.
std::optional<PortalSessionRecord> delete_portal_session(soci::session& sql, PortalSessionId id);
std::vector<PortalSessionRecord> delete_portal_sessions(soci::session& sql,
                                                        const std::string& user_id);
/// Those that have ended. @return the number of them, at most `limit`.
std::size_t erase_portal_sessions(soci::session& sql, Time now, std::size_t limit);

}  // namespace webhooks::storage
