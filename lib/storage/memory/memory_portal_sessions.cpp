#include <algorithm>
#include <storage/memory/memory_portal_sessions.hpp>

namespace webhooks::storage {

Result<PortalSessionRecord> MemoryPortalSessions::insert(PortalSessionRecord draft) {
    const bool is_known = std::ranges::any_of(
        sessions_, [&](const auto& entry) { return entry.second.code_hash == draft.code_hash; });
    if (is_known) return Error(Errc::conflict, "the code exists");
    draft.id = {++last_id_};
    sessions_[draft.id] = draft;
    return draft;
}

std::optional<PortalSessionRecord> MemoryPortalSessions::redeem(std::string_view code_hash,
                                                                std::string_view token_hash,
                                                                Time now) {
    for (auto& [id, session] : sessions_) {
        if (session.code_hash != code_hash) continue;
        if (session.code_used_at || session.code_expires_at <= now || session.expires_at <= now) {
            return std::nullopt;
        }
        session.token_hash = token_hash;
        session.code_used_at = now;
        return session;
    }
    return std::nullopt;
}

std::optional<PortalSessionRecord> MemoryPortalSessions::find(std::string_view token_hash) const {
    if (token_hash.empty()) return std::nullopt;  // As before the code of a session was used.
    const auto found = std::ranges::find_if(
        sessions_, [&](const auto& entry) { return entry.second.token_hash == token_hash; });
    return found == sessions_.end() ? std::nullopt : std::optional(found->second);
}

Result<PortalSessionRecord> MemoryPortalSessions::erase(PortalSessionId id) {
    auto found = sessions_.extract(id);
    if (found.empty()) return Error(Errc::not_found, "no such session");
    return std::move(found.mapped());
}

std::vector<PortalSessionRecord> MemoryPortalSessions::erase_of(const std::string& user_id) {
    std::vector<PortalSessionRecord> erased;
    std::erase_if(sessions_, [&](const auto& entry) {
        if (entry.second.user_id != user_id) return false;
        erased.push_back(entry.second);
        return true;
    });
    return erased;
}

std::size_t MemoryPortalSessions::erase_old(Time now) {
    return std::erase_if(sessions_,
                         [&](const auto& entry) { return entry.second.expires_at <= now; });
}

}  // namespace webhooks::storage
