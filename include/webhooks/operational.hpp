#pragma once

/// @file
/// Events about subscriptions and workers themselves: docs/operational-events.md.

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Only the library publishes types that begin with this, and only patterns that begin with it
/// match them.
inline constexpr std::string_view operational_prefix = "webhook.";

/// Something that happened to a subscription or a worker.
struct OperationalEvent {
    std::string type;                                 ///< One of `operational_event_types`.
    Time time{};                                      ///< Storage's time.
    std::optional<SubscriptionId> subscription = {};  ///< Absent: it is about a worker.
    /// The JSON document that subscribers receive. It holds no secret, header, payload, response
    /// body or query string.
    std::string body;

    bool operator==(const OperationalEvent&) const = default;
};

/// The latest attempt of a failing endpoint.
struct LastAttempt {
    EventId event{};
    int number = 0;
    Time sent_at{};
    std::optional<int> status_code = {};
    std::optional<std::string> error_message = {};
};

/// The types of these events, sorted by name. They are registered from the start.
const std::vector<EventType>& operational_event_types();

}  // namespace webhooks
