#include <base/json_text.hpp>
#include <storage/audit_records.hpp>
#include <storage/shown_url.hpp>
#include <storage/subscription_members.hpp>
#include <vector>

namespace webhooks::storage::audit {
namespace {

std::string json_of(const std::string& text) {
    return json_string(text);
}
std::string json_of(std::int64_t number) {
    return std::to_string(number);
}
std::string json_of(int number) {
    return std::to_string(number);
}
std::string json_of(std::chrono::seconds duration) {
    return std::to_string(duration.count());
}
std::string json_of(bool flag) {
    return flag ? "true" : "false";
}
std::string json_of(Time time) {
    return json_string(time_text(time));
}
std::string json_of(Delivery delivery) {
    return json_string(to_string(delivery));
}
std::string json_of(RetryOn retry_on) {
    if (retry_on.is_everything()) return "null";
    std::string json;
    for (const FailureClass failure : all_failure_classes) {
        if (!retry_on.includes(failure)) continue;
        json += (json.empty() ? "" : ",") + json_string(name_of(failure));
    }
    return "[" + json + "]";
}
std::string json_of(Permissions permissions) {
    std::string json;
    for (const std::string_view name : names_in(permissions)) {
        json += (json.empty() ? "" : ",") + json_string(name);
    }
    return "[" + json + "]";
}
template <class T>
std::string json_of(const std::optional<T>& value) {
    return value ? json_of(*value) : "null";
}

/// The changes of a call that changes nothing.
constexpr std::string_view no_changes = "{}";

/// The differences between two versions of an object. Before it was made, and after it was deleted,
/// all values are null.
class Changes {
public:
    enum class Of : std::uint8_t { updated, made, deleted };
    explicit Changes(Of of = Of::updated) : of_(of) {}

    template <class T>
    Changes& value(std::string_view name, const T& before, const T& after) {
        if (before == after) return *this;
        members_.add_json(name, "[" + (of_ == Of::made ? "null" : json_of(before)) + "," +
                                    (of_ == Of::deleted ? "null" : json_of(after)) + "]");
        return *this;
    }
    /// Its values must not be told.
    template <class T>
    Changes& secret(std::string_view name, const T& before, const T& after) {
        return before == after ? *this : changed(name);
    }
    Changes& url(std::string_view name, const std::string& before, const std::string& after) {
        const std::string shown_before(without_query(before));
        const std::string shown_after(without_query(after));
        if (shown_before == shown_after) return secret(name, before, after);
        return value(name, shown_before, shown_after);
    }
    Changes& changed(std::string_view name) {
        members_.add(name, "changed");
        return *this;
    }
    std::string json() const { return members_.object(); }

private:
    const Of of_;
    JsonMembers members_;
};

std::string differences(Changes changes, const Subscription& before, const Subscription& after) {
    compare_members(before, after, changes);
    return changes.json();
}

std::string_view name_of(Credential::Kind kind) {
    switch (kind) {
        case Credential::Kind::key:
            return "key";
        case Credential::Kind::jwt:
            return "jwt";
        case Credential::Kind::portal:
            return "portal";
        case Credential::Kind::cli:
            return "cli";
        case Credential::Kind::host:
            break;
    }
    return "service";
}

AuditRecord record_of(const Principal& by, std::string_view action, std::string_view type,
                      std::string id) {
    AuditRecord record;
    record.actor_user_id = by.user_id();
    record.actor_kind = name_of(by.credential().kind);
    record.actor_id = by.credential().id;
    record.action = action;
    record.object_type = type;
    record.object_id = std::move(id);
    record.request_id = by.origin().request_id;
    record.address = by.origin().address;
    return record;
}

/// Only administrators may know of one with an operator's scope.
AuditRecord owned(AuditRecord record, const Subscription& subscription) {
    if (!subscription.operator_scope) record.user_id = subscription.user_id;
    record.subscription = subscription.id;
    return record;
}

AuditRecord about(const Principal& by, std::string_view action, const Subscription& subscription) {
    return owned(record_of(by, action, "subscription", std::to_string(subscription.id.value)),
                 subscription);
}

AuditRecord about(const Principal& by, std::string_view action, const Subscription& of,
                  EventId event) {
    return owned(record_of(by, action, "event", std::to_string(event.value)), of);
}

AuditRecord about(const Principal& by, std::string_view action, const ApiKeyRecord& key) {
    AuditRecord record = record_of(by, action, "api_key", std::to_string(key.id.value));
    record.user_id = key.user_id;
    record.subscription = key.subscription;
    return record;
}

AuditRecord about(const Principal& by, std::string_view action,
                  const PortalSessionRecord& session) {
    AuditRecord record = record_of(by, action, "portal_session", std::to_string(session.id.value));
    record.user_id = session.user_id;
    return record;
}

std::string_view name_of_change(const std::optional<EventType>& before, const EventType& after) {
    if (!before) return "event_type.created";
    if (after.retired_at) return "event_type.retired";
    return before->retired_at ? "event_type.revived" : "event_type.updated";
}

}  // namespace

Principal host() {
    return Principal::administrator({});
}

AuditRecord subscription_created(const Principal& by, const Subscription& made) {
    AuditRecord record = about(by, "subscription.created", made);
    record.changes = differences(Changes(Changes::Of::made), Subscription{}, made);
    return record;
}

std::optional<AuditRecord> subscription_updated(const Principal& by, const Subscription& before,
                                                const Subscription& after) {
    const std::string changes = differences(Changes(), before, after);
    if (changes == no_changes) return std::nullopt;
    AuditRecord record = about(by, "subscription.updated", after);
    if (before.operator_scope) record.user_id.clear();
    record.changes = changes;
    return record;
}

AuditRecord secret_rotated(const Principal& by, const Subscription& of) {
    AuditRecord record = about(by, "secret.rotated", of);
    record.changes = Changes().changed("secret").json();
    return record;
}

AuditRecord subscription_deleted(const Principal& by, const Subscription& gone) {
    AuditRecord record = about(by, "subscription.deleted", gone);
    record.changes = Changes(Changes::Of::deleted)
                         .value("name", gone.name, std::string())
                         .value("eventType", gone.event_type, std::string())
                         .value("url", std::string(without_query(gone.url)), std::string())
                         .json();
    return record;
}

AuditRecord subscription_deactivated(const Subscription& subscription) {
    AuditRecord record = about(host(), "subscription.deactivated", subscription);
    Changes changes;
    changes.value("isActive", true, false);
    if (subscription.deactivation_reason) {
        changes.value("deactivationReason", std::optional<std::string>(),
                      std::optional(std::string(to_string(*subscription.deactivation_reason))));
    }
    record.changes = changes.json();
    return record;
}

AuditRecord event_resent(const Principal& by, const Subscription& of, EventId event) {
    return about(by, "event.resent", of, event);
}

AuditRecord event_deleted(const Principal& by, const Subscription& of, EventId event) {
    return about(by, "event.deleted", of, event);
}

AuditRecord recovered(const Principal& by, const Subscription& of, const CreationPeriod& period,
                      std::size_t count) {
    AuditRecord record = about(by, "recover", of);
    record.changes = Changes(Changes::Of::made)
                         .value("since", std::optional<Time>(), std::optional(period.since))
                         .value("until", std::optional<Time>(), period.until)
                         .value("events", std::int64_t{0}, static_cast<std::int64_t>(count))
                         .json();
    return record;
}

AuditRecord event_type_changed(const Principal& by, const std::optional<EventType>& before,
                               const EventType& after) {
    AuditRecord record = record_of(by, name_of_change(before, after), "event_type", after.name);
    const EventType old = before.value_or(EventType{});
    const Deprecation none;
    const Deprecation was = old.deprecation.value_or(none);
    const Deprecation is = after.deprecation.value_or(none);
    Changes changes(before ? Changes::Of::updated : Changes::Of::made);
    record.changes =
        changes.value("description", old.description, after.description)
            .value("group", old.group, after.group)
            .secret("schema", old.schema, after.schema)
            .secret("example", old.example, after.example)
            .value("isDeprecated", old.deprecation.has_value(), after.deprecation.has_value())
            .value("successor", was.successor, is.successor)
            .value("note", was.note, is.note)
            .json();
    return record;
}

AuditRecord api_key_created(const Principal& by, const ApiKeyRecord& made) {
    AuditRecord record = about(by, "api_key.created", made);
    record.changes = Changes(Changes::Of::made)
                         .value("name", std::string(), made.name)
                         .value("permissions", Permissions(), made.permissions)
                         .value("expiresAt", std::optional<Time>(), made.expires_at)
                         .json();
    return record;
}

AuditRecord api_key_deleted(const Principal& by, const ApiKeyRecord& gone) {
    AuditRecord record = about(by, "api_key.deleted", gone);
    record.changes = Changes(Changes::Of::deleted)
                         .value("name", gone.name, std::string())
                         .value("permissions", gone.permissions, Permissions())
                         .value("expiresAt", gone.expires_at, std::optional<Time>())
                         .json();
    return record;
}

AuditRecord portal_session_created(const Principal& by, const PortalSessionRecord& made) {
    AuditRecord record = about(by, "portal_session.created", made);
    record.changes = Changes(Changes::Of::made)
                         .value("permissions", Permissions(), made.permissions)
                         .value("expiresAt", std::optional<Time>(), std::optional(made.expires_at))
                         .json();
    return record;
}

AuditRecord portal_session_started(const PortalSessionRecord& started, const Origin& from) {
    const Principal by = Principal::user(started.user_id)
                             .identified_by({.kind = Credential::Kind::portal,
                                             .id = std::to_string(started.id.value)})
                             .coming_from(from);
    return about(by, "portal_session.started", started);
}

AuditRecord portal_session_ended(const Principal& by, const PortalSessionRecord& ended) {
    return about(by, "portal_session.ended", ended);
}

AuditRecord data_key_rewrapped(const Principal& by, std::int64_t id, std::string_view before,
                               std::string_view after) {
    AuditRecord record = record_of(by, "keys.rewrapped", "data_key", std::to_string(id));
    record.changes = Changes().value("keyId", std::string(before), std::string(after)).json();
    return record;
}

AuditRecord user_shredded(const Principal& by, const std::string& user_id, std::size_t data_keys) {
    AuditRecord record = record_of(by, "user.shredded", "user", user_id);
    record.user_id = user_id;
    record.changes =
        Changes().value("dataKeys", static_cast<std::int64_t>(data_keys), std::int64_t{0}).json();
    return record;
}

}  // namespace webhooks::storage::audit
