#pragma once

#include <webhooks/event.hpp>

namespace webhooks::storage {

/// What an event adds to the size of a page.
inline std::size_t content_bytes(const Event& event) {
    return event.payload.size() + (event.response ? event.response->size() : 0);
}

/// True for the outcomes of attempts that made a request.
inline bool is_request(Outcome outcome) {
    return outcome != Outcome::cancelled && outcome != Outcome::expired;
}

/// Sets the state of an event to that of its latest attempt.
/// @param requests the number of its attempts that made a request.
inline void apply_latest_attempt(Event& event, Attempt latest, int requests) {
    event.status_code = latest.status_code;
    event.response = std::move(latest.response);
    event.error_message = std::move(latest.error_message);
    event.is_success = latest.outcome == Outcome::delivered;
    event.retry_count = requests > 1 ? requests - 1 : 0;
    // Distinguishes an event that ended without a request from an exhausted one.
    if (is_request(latest.outcome)) event.sent_at = latest.sent_at;
}

/// After `apply_latest_attempt`: another attempt is due. A resent event is not delivered yet.
inline void apply_next_retry(Event& event, Time due) {
    event.next_retry_at = due;
    event.is_success = false;
}

}  // namespace webhooks::storage
