#pragma once

/// @file
/// What the audit log says of a change: one rule for all storages, which add `id` and `at`. Pure
/// functions.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/audit.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage::audit {

WEBHOOKS_EXPORT AuditRecord subscription_created(const Principal& by, const Subscription& made);
/// @return nullopt if nothing has changed
WEBHOOKS_EXPORT std::optional<AuditRecord> subscription_updated(const Principal& by,
                                                                const Subscription& before,
                                                                const Subscription& after);
WEBHOOKS_EXPORT AuditRecord secret_rotated(const Principal& by, const Subscription& of);
WEBHOOKS_EXPORT AuditRecord subscription_deleted(const Principal& by, const Subscription& gone);
/// By the service itself. @param subscription as it is now
WEBHOOKS_EXPORT AuditRecord subscription_deactivated(const Subscription& subscription);

WEBHOOKS_EXPORT AuditRecord event_resent(const Principal& by, const Subscription& of, EventId);
WEBHOOKS_EXPORT AuditRecord event_deleted(const Principal& by, const Subscription& of, EventId);
/// @param count the number of events that one transaction made due
WEBHOOKS_EXPORT AuditRecord recovered(const Principal& by, const Subscription& of,
                                      const CreationPeriod&, std::size_t count);

/// A call of the host, or the service's own work.
WEBHOOKS_EXPORT Principal host();

/// Registered or retired. @param before absent: there was none
WEBHOOKS_EXPORT AuditRecord event_type_changed(const Principal& by,
                                               const std::optional<EventType>& before,
                                               const EventType& after);

WEBHOOKS_EXPORT AuditRecord api_key_created(const Principal& by, const ApiKeyRecord& made);
WEBHOOKS_EXPORT AuditRecord api_key_deleted(const Principal& by, const ApiKeyRecord& gone);

WEBHOOKS_EXPORT AuditRecord portal_session_created(const Principal& by,
                                                   const PortalSessionRecord& made);
WEBHOOKS_EXPORT AuditRecord portal_session_started(const PortalSessionRecord& started,
                                                   const Origin& from);
WEBHOOKS_EXPORT AuditRecord portal_session_ended(const Principal& by,
                                                 const PortalSessionRecord& ended);

/// @param id of the data key, whose encryption key was `before`
WEBHOOKS_EXPORT AuditRecord data_key_rewrapped(const Principal& by, std::int64_t id,
                                               std::string_view before, std::string_view after);
/// @param data_keys how many were destroyed
WEBHOOKS_EXPORT AuditRecord user_shredded(const Principal& by, const std::string& user_id,
                                          std::size_t data_keys);

}  // namespace webhooks::storage::audit
