#include <base/hex.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/permissions_text.hpp>
#include <storage/sql/portal_session_table.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

PortalSessionId insert_portal_session(soci::session& sql, const PortalSessionRecord& session) {
    const std::string code_hash = to_hex(session.code_hash);
    const std::string permissions = permissions_to_text(session.permissions);
    PortalSessionId id;
    execute(sql,
            "INSERT INTO webhooks_portal_session "
            "(code_hash, user_id, permissions, code_expires_at, expires_at) "
            "VALUES (:code_hash, :user_id, :permissions, :code_expires_at, :expires_at) "
            "RETURNING id",
            use(code_hash, "code_hash"), use(session.user_id, "user_id"),
            use(permissions, "permissions"), use(session.code_expires_at, "code_expires_at"),
            use(session.expires_at, "expires_at"), into(id));
    return id;
}

/// The condition on the row makes a code work once: a second update of it finds it used.
std::optional<PortalSessionRecord> redeem_portal_code(soci::session& sql,
                                                      std::string_view code_hash,
                                                      std::string_view token_hash, Time now) {
    const std::string code = to_hex(code_hash);
    const std::string token = to_hex(token_hash);
    soci::statement update(sql);
    update.exchange(use(token, "token"));
    update.exchange(use(now, "used_at"));
    update.exchange(use(code, "code"));
    update.exchange(use(now, "code_end"));
    update.exchange(use(now, "session_end"));
    const std::size_t found =
        execute(update,
                "UPDATE webhooks_portal_session SET token_hash = :token, code_used_at = :used_at "
                "WHERE code_hash = :code AND code_used_at IS NULL "
                "AND code_expires_at > :code_end AND expires_at > :session_end");
    return found == 0 ? std::nullopt : find_portal_session(sql, token_hash);
}

std::optional<PortalSessionRecord> find_portal_session(soci::session& sql,
                                                       std::string_view token_hash) {
    const std::string token = to_hex(token_hash);
    PortalSessionRecord session;
    std::string code_hash;
    std::string permissions;
    soci::statement query(sql);
    query.exchange(into(session.id));
    query.exchange(into(code_hash));
    query.exchange(into(session.user_id));
    query.exchange(into(permissions));
    query.exchange(into(session.code_expires_at));
    query.exchange(into(session.expires_at));
    query.exchange(into(session.code_used_at));
    query.exchange(use(token, "token"));
    std::optional<PortalSessionRecord> found;
    for_each_row(query,
                 "SELECT id, code_hash, user_id, permissions, code_expires_at, expires_at, "
                 "code_used_at FROM webhooks_portal_session WHERE token_hash = :token",
                 [&] {
                     session.code_hash = from_hex(code_hash);
                     session.token_hash = token_hash;
                     session.permissions = permissions_from_text(permissions);
                     found = session;
                 });
    return found;
}

namespace {

std::vector<PortalSessionRecord> erase_where(soci::statement& erase, const char* condition) {
    PortalSessionRecord session;
    std::vector<PortalSessionRecord> erased;
    erase.exchange(into(session.id));
    erase.exchange(into(session.user_id));
    for_each_row(erase,
                 std::string("DELETE FROM webhooks_portal_session WHERE ") + condition +
                     " RETURNING id, user_id",
                 [&] { erased.push_back(session); });
    return erased;
}

}  // namespace

std::optional<PortalSessionRecord> delete_portal_session(soci::session& sql, PortalSessionId id) {
    soci::statement erase(sql);
    erase.exchange(use(id, "id"));
    const std::vector<PortalSessionRecord> erased = erase_where(erase, "id = :id");
    return erased.empty() ? std::nullopt : std::optional(erased.front());
}

std::vector<PortalSessionRecord> delete_portal_sessions(soci::session& sql,
                                                        const std::string& user_id) {
    soci::statement erase(sql);
    erase.exchange(use(user_id, "user_id"));
    return erase_where(erase, "user_id = :user_id");
}

std::size_t erase_portal_sessions(soci::session& sql, Time now, std::size_t limit) {
    soci::statement erase(sql);
    erase.exchange(use(now, "now"));
    erase.exchange(use(limit, "take"));
    return execute(erase,
                   "DELETE FROM webhooks_portal_session WHERE id IN (SELECT id "
                   "FROM webhooks_portal_session WHERE expires_at <= :now LIMIT :take)");
}

}  // namespace webhooks::storage
