// The part of MemoryStorage for API keys, sessions of the portal and the audit log.

#include <query/evaluate_list.hpp>
#include <storage/audit_records.hpp>
#include <storage/memory/memory_storage.hpp>

namespace webhooks::storage {

// ---- API keys.

Result<ApiKeyRecord> MemoryStorage::insert_api_key(const Principal& by, const ApiKeyRecord& draft) {
    const std::scoped_lock lock(mutex_);
    const Time now = clock_->now();
    Result<ApiKeyRecord> made = api_keys_.insert(draft, now);
    if (made) audit_.add(audit::api_key_created(by, *made), now);
    return made;
}

Result<std::optional<ApiKeyRecord>> MemoryStorage::find_api_key(std::string_view hash) {
    const std::scoped_lock lock(mutex_);
    return api_keys_.find(hash);
}

Result<std::vector<ApiKeyRecord>> MemoryStorage::list_api_keys() {
    const std::scoped_lock lock(mutex_);
    return api_keys_.all();
}

Result<> MemoryStorage::delete_api_key(const Principal& by, ApiKeyId id) {
    const std::scoped_lock lock(mutex_);
    const Result<ApiKeyRecord> gone = api_keys_.erase(id);
    if (!gone) return gone.error();
    audit_.add(audit::api_key_deleted(by, *gone), clock_->now());
    return {};
}

Result<> MemoryStorage::note_api_key_use(ApiKeyId id, Time time) {
    const std::scoped_lock lock(mutex_);
    api_keys_.note_use(id, time);
    return {};
}

// ---- Sessions of the portal.

Result<PortalSessionRecord> MemoryStorage::insert_portal_session(const Principal& by,
                                                                 const PortalSessionRecord& draft) {
    const std::scoped_lock lock(mutex_);
    Result<PortalSessionRecord> made = portal_sessions_.insert(draft);
    if (made) audit_.add(audit::portal_session_created(by, *made), clock_->now());
    return made;
}

Result<std::optional<PortalSessionRecord>> MemoryStorage::redeem_portal_code(
    std::string_view code_hash, std::string_view token_hash, Time now, const Origin& from) {
    const std::scoped_lock lock(mutex_);
    std::optional<PortalSessionRecord> started =
        portal_sessions_.redeem(code_hash, token_hash, now);
    if (started) audit_.add(audit::portal_session_started(*started, from), clock_->now());
    return started;
}

Result<std::optional<PortalSessionRecord>> MemoryStorage::find_portal_session(
    std::string_view token_hash) {
    const std::scoped_lock lock(mutex_);
    return portal_sessions_.find(token_hash);
}

Result<> MemoryStorage::delete_portal_session(const Principal& by, PortalSessionId id) {
    const std::scoped_lock lock(mutex_);
    const Result<PortalSessionRecord> ended = portal_sessions_.erase(id);
    if (!ended) return ended.error();
    audit_.add(audit::portal_session_ended(by, *ended), clock_->now());
    return {};
}

Result<std::size_t> MemoryStorage::delete_portal_sessions(const Principal& by,
                                                          const std::string& user_id) {
    const std::scoped_lock lock(mutex_);
    const std::vector<PortalSessionRecord> ended = portal_sessions_.erase_of(user_id);
    for (const PortalSessionRecord& session : ended) {
        audit_.add(audit::portal_session_ended(by, session), clock_->now());
    }
    return ended.size();
}

// ---- The audit log.

Result<Page<AuditRecord>> MemoryStorage::list_audit(const Principal& principal,
                                                    const ListQuery& query) {
    std::vector<AuditRecord> rows;
    {
        const std::scoped_lock lock(mutex_);
        const std::optional<SubscriptionId> only = principal.subscription();
        const bool is_gone = only && !subscriptions_.find(principal, *only);
        if (!is_gone) rows = audit_.visible(principal);
    }
    return query::evaluate(query, std::move(rows), budget_for(query.stop));
}

}  // namespace webhooks::storage
