// The part of SqlStorage for API keys, sessions of the portal and the audit log.

#include <storage/audit_records.hpp>
#include <storage/sql/api_key_table.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/portal_session_table.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/subscription_table.hpp>

namespace webhooks::storage {

// ---- API keys.

Result<ApiKeyRecord> SqlStorage::insert_api_key(const Principal& by, const ApiKeyRecord& draft) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<ApiKeyRecord> {
        ApiKeyRecord key = draft;
        key.created_at = now(sql);
        key.id = storage::insert_api_key(sql, key);
        insert_audit(sql, audit::api_key_created(by, key), key.created_at);
        return key;
    });
}

Result<std::optional<ApiKeyRecord>> SqlStorage::find_api_key(std::string_view hash) {
    return run(Purpose::read, [&](soci::session& sql) -> Result<std::optional<ApiKeyRecord>> {
        return storage::find_api_key(sql, hash);
    });
}

Result<std::vector<ApiKeyRecord>> SqlStorage::list_api_keys() {
    return run(Purpose::read, [&](soci::session& sql) -> Result<std::vector<ApiKeyRecord>> {
        return storage::list_api_keys(sql);
    });
}

Result<> SqlStorage::delete_api_key(const Principal& by, ApiKeyId id) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<> {
        const std::optional<ApiKeyRecord> gone = storage::delete_api_key(sql, id);
        if (!gone) return Error(Errc::not_found, "no such key");
        insert_audit(sql, audit::api_key_deleted(by, *gone), now(sql));
        return {};
    });
}

Result<> SqlStorage::note_api_key_use(ApiKeyId id, Time time) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<> {
        storage::note_api_key_use(sql, id, time);
        return {};
    });
}

// ---- Sessions of the portal.

Result<PortalSessionRecord> SqlStorage::insert_portal_session(const Principal& by,
                                                              const PortalSessionRecord& draft) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<PortalSessionRecord> {
        PortalSessionRecord session = draft;
        session.id = storage::insert_portal_session(sql, session);
        insert_audit(sql, audit::portal_session_created(by, session), now(sql));
        return session;
    });
}

Result<std::optional<PortalSessionRecord>> SqlStorage::redeem_portal_code(
    std::string_view code_hash, std::string_view token_hash, Time now, const Origin& from) {
    using Answer = Result<std::optional<PortalSessionRecord>>;
    return run(Purpose::change, [&](soci::session& sql) -> Answer {
        std::optional<PortalSessionRecord> started =
            storage::redeem_portal_code(sql, code_hash, token_hash, now);
        if (started) {
            insert_audit(sql, audit::portal_session_started(*started, from), this->now(sql));
        }
        return started;
    });
}

Result<std::optional<PortalSessionRecord>> SqlStorage::find_portal_session(
    std::string_view token_hash) {
    using Answer = Result<std::optional<PortalSessionRecord>>;
    return run(Purpose::read, [&](soci::session& sql) -> Answer {
        return storage::find_portal_session(sql, token_hash);
    });
}

Result<> SqlStorage::delete_portal_session(const Principal& by, PortalSessionId id) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<> {
        const std::optional<PortalSessionRecord> ended = storage::delete_portal_session(sql, id);
        if (!ended) return Error(Errc::not_found, "no such session");
        insert_audit(sql, audit::portal_session_ended(by, *ended), now(sql));
        return {};
    });
}

Result<std::size_t> SqlStorage::delete_portal_sessions(const Principal& by,
                                                       const std::string& user_id) {
    return run(Purpose::change, [&](soci::session& sql) -> Result<std::size_t> {
        const std::vector<PortalSessionRecord> ended =
            storage::delete_portal_sessions(sql, user_id);
        for (const PortalSessionRecord& session : ended) {
            insert_audit(sql, audit::portal_session_ended(by, session), now(sql));
        }
        return ended.size();
    });
}

// ---- The audit log.

Result<Page<AuditRecord>> SqlStorage::list_audit(const Principal& principal,
                                                 const ListQuery& list) {
    const Result<query::Plan> plan = query::make_plan(list, ListKind::audit);
    if (!plan) return plan.error();
    return run(
        Purpose::query,
        [&](soci::session& sql) -> Result<Page<AuditRecord>> {
            const std::optional<SubscriptionId> only = principal.subscription();
            if (only && !storage::find_subscription(sql, principal, *only)) {
                return Page<AuditRecord>();
            }
            return storage::list_audit(sql, dialect_, principal, *plan);
        },
        list.stop);
}

}  // namespace webhooks::storage
