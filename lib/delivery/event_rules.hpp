#pragma once

#include <delivery/endpoint.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/storage/delivery_log.hpp>

/// @file
/// What an event and its endpoint say about whether and how it is attempted.

namespace webhooks::delivery {

inline bool is_test(const HeldEvent& event) {
    return event.message && event.message->event_type == test_event_type;
}

/// A resend was requested: the event has a history, and is sent as a probe.
inline bool is_reopened(const HeldEvent& event) {
    return event.is_requested && event.attempts > 0;
}

/// It waits for others, and others for it.
inline bool is_ordered(const HeldEvent& event) {
    return event.message && !event.message->ordering_key.empty();
}

inline bool is_expired(const HeldEvent& event, Time now) {
    return event.message && event.message->expires_at && now >= *event.message->expires_at;
}

inline constexpr const char* payload_destroyed = "cancelled: its payload was destroyed";

/// @return null if the event should be attempted.
inline const char* reason_to_cancel(const HeldEvent& event, const Endpoint* endpoint) {
    if (!endpoint) return "cancelled: the subscription was deleted";
    if (!endpoint->is_active && !is_test(event))
        return "cancelled: the subscription is deactivated";
    const PayloadState payload = event.message ? event.message->state : PayloadState::readable;
    if (payload == PayloadState::destroyed) return payload_destroyed;
    if (payload == PayloadState::corrupt) return "cancelled: its stored payload was changed";
    return nullptr;
}

}  // namespace webhooks::delivery
