#pragma once

#include <optional>
#include <string>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// One change, and who made it. It holds no secret, value of a header, payload or query of a URL.
struct AuditRecord {
    AuditId id{};
    Time at{};
    std::string actor_user_id = {};  ///< Empty: the host itself.
    /// "key", "jwt", "portal", "cli" or "service", which is the host or the service itself.
    std::string actor_kind = {};
    std::string actor_id = {};  ///< As `Credential::id`.
    /// The object's type, a dot and what happened to it, such as "subscription.updated".
    /// docs/access.md lists them.
    std::string action = {};
    std::string object_type = {};
    std::string object_id = {};
    /// The object's owner. Empty: only administrators may see this record.
    std::string user_id = {};
    /// The subscription that it is or belongs to.
    std::optional<SubscriptionId> subscription = {};
    /// A JSON object with a member for each change: its values before and after, in an array, or
    /// "changed" instead of what is secret.
    std::string changes = "{}";
    std::string request_id = {};  ///< As `Origin::request_id`.
    std::string address = {};     ///< As `Origin::address`.
};

}  // namespace webhooks
