#include <storage/memory/memory_event.hpp>

#include <algorithm>
#include <storage/event_view.hpp>

namespace webhooks::storage {

Event MemoryEvent::view(EventId id) const {
    Event event = view_without_payload(id);
    event.payload = *message->payload;
    return event;
}

Event MemoryEvent::view_without_payload(EventId id) const {
    Event event{.id = id,
                .subscription_id = subscription,
                .event_type = message->event_type,
                .payload = {},
                .created_at = created_at,
                .ordering_key = message->ordering_key};
    if (!attempts.empty()) {
        const auto requests = std::ranges::count_if(
            attempts, [](const Attempt& attempt) { return is_request(attempt.outcome); });
        apply_latest_attempt(event, attempts.back(), static_cast<int>(requests));
    }
    event.is_success = event.is_success || is_pulled();
    if (has_due_row()) apply_next_retry(event, *row->due);
    return event;
}

HeldEvent MemoryEvent::held(EventId id) const {
    return {.id = id,
            .subscription = subscription,
            .worker_tag = worker_tag,
            .message = message,
            .attempts = row ? row->attempts : 0,
            .attempts_since_reopened = row ? row->attempts_since_reopened : 0,
            .has_row = row.has_value(),
            .created_at = created_at,
            .due = has_due_row() ? *row->due : created_at,
            .is_requested = row && row->is_requested};
}

}  // namespace webhooks::storage
