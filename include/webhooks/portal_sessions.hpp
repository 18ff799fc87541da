#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/storage/portal_session_store.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// How long a code of a session can be used.
inline constexpr std::chrono::minutes portal_code_lifetime{5};

/// What the portal shows.
enum class PortalView : std::uint8_t {
    user,  ///< The user's own subscriptions.
    /// Everyone's, for administrators. A session has this view if and only if it has the permission
    /// `administrator`.
    administrator,
};

/// What the portal shows to a principal.
PortalView view_of(const Principal&);

/// A session that is to be made.
struct PortalSessionDraft {
    std::string user_id;                  ///< 1-256 bytes of UTF-8.
    std::chrono::seconds lifetime{3600};  ///< 5 min - 24 h.
    /// Absent: all of a user's except `events:publish`. At least one; `administrator` is given by
    /// the view alone.
    std::optional<Permissions> permissions = {};
    PortalView view = PortalView::user;
};

struct CreatedPortalSession {
    Secret code;  ///< 43 characters of `[A-Za-z0-9_-]`: 256 random bits.
    PortalSessionRecord record;
};

struct StartedPortalSession {
    Secret token;  ///< `whp_` and 43 characters of `[A-Za-z0-9_-]`: 256 random bits.
    Principal principal;
};

/// Sessions of the portal. An administrator makes one for a user, who gets a link with a code. The
/// code works once, within `portal_code_lifetime`, and is exchanged for a token, which identifies
/// the user until the session ends. Storage holds only hashes of both, and nothing is cached: what
/// is revoked is rejected at once by every process. All member functions may be called from any
/// thread at once.
class PortalSessions {
public:
    /// @param storage a Storage, or another place of the host's own for sessions.
    /// @param clock tells whether a code or a session has expired. Absent: the system's.
    explicit PortalSessions(std::shared_ptr<PortalSessionStore> storage,
                            std::shared_ptr<Clock> clock = {});

    /// Makes a session. Whether the user has subscriptions is not checked.
    /// @return forbidden unless the maker is an administrator; invalid_argument that lists every
    /// invalid member.
    Result<CreatedPortalSession> create(const Principal& maker, const PortalSessionDraft&);
    /// Exchanges a code for a token. @return not_found for a code that does not exist, was used, or
    /// has expired. @param from where the caller is
    Result<StartedPortalSession> start(std::string_view code, const Origin& from = {});
    /// @return not_found for a token that does not exist, was revoked, or has expired.
    Result<Principal> authenticate(std::string_view token) const;
    /// Ends a session at once. @return forbidden unless the principal is an administrator;
    /// not_found.
    Result<> revoke(const Principal&, PortalSessionId);
    /// The same for all sessions of a user. @return their number; invalid_argument for a text that
    /// cannot be a user id.
    Result<std::size_t> revoke_all(const Principal&, const std::string& user_id);
    /// Ends the session that identified the principal. @return not_found for one that was
    /// identified otherwise.
    Result<> end(const Principal&);

private:
    std::shared_ptr<PortalSessionStore> storage_;
    std::shared_ptr<Clock> clock_;
};

/// Whether a credential looks like the token of a session, valid or not.
bool is_portal_token(std::string_view credential) noexcept;

}  // namespace webhooks
