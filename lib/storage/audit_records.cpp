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

/// The differences between two versions of an object; before it was made, all values are null.
class Changes {
public:
    explicit Changes(bool is_new = false) : is_new_(is_new) {}

    template <class T>
    Changes& value(std::string_view name, const T& before, const T& after) {
        if (before == after) return *this;
        members_.add_json(name,
                          "[" + (is_new_ ? "null" : json_of(before)) + "," + json_of(after) + "]");
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
    const bool is_new_;
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

/// A call of the host, or the service's own work.
Principal host() {
    return Principal::administrator({});
}

}  // namespace

AuditRecord subscription_created(const Principal& by, const Subscription& made) {
    AuditRecord record = about(by, "subscription.created", made);
    record.changes = differences(Changes(true), Subscription{}, made);
    return record;
}

AuditRecord subscription_updated(const Principal& by, const Subscription& before,
                                 const Subscription& after) {
    AuditRecord record = about(by, "subscription.updated", after);
    if (before.operator_scope) record.user_id.clear();
    record.changes = differences(Changes(), before, after);
    return record;
}

AuditRecord secret_rotated(const Principal& by, const Subscription& of) {
    AuditRecord record = about(by, "secret.rotated", of);
    record.changes = Changes().changed("secret").json();
    return record;
}

AuditRecord subscription_deleted(const Principal& by, const Subscription& gone) {
    return about(by, "subscription.deleted", gone);
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
    record.changes = Changes(true)
                         .value("since", std::optional<Time>(), std::optional(period.since))
                         .value("until", std::optional<Time>(), period.until)
                         .value("events", std::int64_t{0}, static_cast<std::int64_t>(count))
                         .json();
    return record;
}

AuditRecord event_type_registered(const std::optional<EventType>& before, const EventType& after) {
    AuditRecord record = record_of(host(), before ? "event_type.updated" : "event_type.created",
                                   "event_type", after.name);
    record.changes =
        Changes(!before)
            .value("description", before.value_or(EventType{}).description, after.description)
            .json();
    return record;
}

AuditRecord api_key_created(const Principal& by, const ApiKeyRecord& made) {
    AuditRecord record = about(by, "api_key.created", made);
    record.changes = Changes(true)
                         .value("name", std::string(), made.name)
                         .value("permissions", Permissions(), made.permissions)
                         .value("expiresAt", std::optional<Time>(), made.expires_at)
                         .json();
    return record;
}

AuditRecord api_key_deleted(const Principal& by, const ApiKeyRecord& gone) {
    return about(by, "api_key.deleted", gone);
}

AuditRecord portal_session_created(const Principal& by, const PortalSessionRecord& made) {
    AuditRecord record = about(by, "portal_session.created", made);
    record.changes = Changes(true)
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

}  // namespace webhooks::storage::audit
