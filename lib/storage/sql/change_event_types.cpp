// The part of SqlStorage that changes event types.

#include <storage/audit_records.hpp>
#include <storage/event_type_change.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/event_type_table.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/subscription_table.hpp>

namespace webhooks::storage {
namespace {

/// @return as it is stored now.
EventType write_change(soci::session& sql, const Principal& by,
                       const std::optional<EventType>& before, EventType after) {
    after.revision = bump_revision(sql);
    write_event_type(sql, after);
    insert_audit(sql, audit::event_type_changed(by, before, after), after.updated_at);
    return after;
}

}  // namespace

Result<> SqlStorage::upsert_event_type(const EventType& type) {
    return run(Purpose::configure, [&](soci::session& sql) -> Result<> {
        const std::optional<EventType> before = find_event_type(sql, type.name);
        std::optional<EventType> after = declared(before, type, now(sql));
        if (after) write_change(sql, audit::host(), before, *std::move(after));
        return {};
    });
}

Result<EventType> SqlStorage::replace_event_type(const Principal& by, const EventType& type) {
    return run(Purpose::configure, [&](soci::session& sql) -> Result<EventType> {
        const std::optional<EventType> before = find_event_type(sql, type.name);
        std::optional<EventType> after = replaced(before, type, now(sql));
        if (!after) return *before;
        return write_change(sql, by, before, *std::move(after));
    });
}

Result<> SqlStorage::retire_event_type(const Principal& by, const std::string& name, bool force) {
    return run(Purpose::configure, [&](soci::session& sql) -> Result<> {
        const std::optional<EventType> before = find_event_type(sql, name);
        if (Result<> verdict = check_retirement(before, count_subscriptions_to(sql, name), force);
            !verdict) {
            return verdict;
        }
        EventType after = *before;
        after.retired_at = after.updated_at = now(sql);
        write_change(sql, by, before, std::move(after));
        return {};
    });
}

}  // namespace webhooks::storage
