#pragma once

#include <string>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A kind of event that the host publishes and users subscribe to.
struct EventType {
    /// 1-128 characters: segments of letters, digits, `_` and `-`, joined by dots, e.g.
    /// "order.created". `webhook.test` and everything that starts with `webhook.` is reserved for
    /// the library.
    std::string name;
    /// Human-readable; at most 1,024 bytes of UTF-8; may be empty.
    std::string description;

    bool operator==(const EventType&) const = default;
};

/// The type of the event that `WebhookService::send_test_event` sends.
inline constexpr std::string_view test_event_type = "webhook.test";

}  // namespace webhooks
