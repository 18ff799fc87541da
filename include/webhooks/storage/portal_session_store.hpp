#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/permissions.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A session of the portal as stored: never its code or its token.
struct PortalSessionRecord {
    PortalSessionId id{};
    std::string code_hash;  ///< SHA-256 of the code, 32 bytes.
    std::string token_hash =
        {};  ///< SHA-256 of the token, 32 bytes; empty before the code is used.
    std::string user_id;
    Permissions permissions = {};
    Time code_expires_at{};
    Time expires_at{};
    std::optional<Time> code_used_at = {};
};

/// The part of a Storage that stores sessions of the portal. A storage may lack it: the default
/// implementations return `unsupported`. webhooks/storage.hpp says what holds for all calls.
/// `maintain` deletes sessions that have ended.
class PortalSessionStore {
public:
    virtual ~PortalSessionStore() = default;

    /// Stores everything except `id`, which it assigns. @return conflict for a known `code_hash`.
    /// @param by the caller, here and below
    virtual Result<PortalSessionRecord> insert_portal_session(const Principal& by,
                                                              const PortalSessionRecord&);
    /// Uses up a code: of several calls at once for the same code, one succeeds.
    /// @return the session with the token; none if the code is unknown, was used, or has expired at
    /// `now`. @param from where the caller, whom the code identifies, is.
    virtual Result<std::optional<PortalSessionRecord>> redeem_portal_code(
        std::string_view code_hash, std::string_view token_hash, Time now, const Origin& from);
    /// Also one that has ended, until it is deleted.
    virtual Result<std::optional<PortalSessionRecord>> find_portal_session(
        std::string_view token_hash);
    /// @return not_found.
    virtual Result<> delete_portal_session(const Principal& by, PortalSessionId);
    /// Those of a user. @return their number.
    virtual Result<std::size_t> delete_portal_sessions(const Principal& by,
                                                       const std::string& user_id);
};

}  // namespace webhooks
