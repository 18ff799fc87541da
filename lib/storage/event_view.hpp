#pragma once

#include <webhooks/event.hpp>

namespace webhooks::storage {

/// True for the rows of an event's history that stand for a request.
inline bool is_request(Outcome outcome) {
    return outcome != Outcome::cancelled && outcome != Outcome::expired;
}

/// Makes an event tell of its latest attempt.
/// @param requests how many of its attempts were requests.
inline void show_latest(Event& event, Attempt latest, int requests) {
    event.status_code = latest.status_code;
    event.response = std::move(latest.response);
    event.error_message = std::move(latest.error_message);
    event.is_success = latest.outcome == Outcome::delivered;
    event.retry_count = requests > 1 ? requests - 1 : 0;
    // An event that ended without a request is told from an exhausted one by this.
    if (is_request(latest.outcome)) event.sent_at = latest.sent_at;
}

/// After `show_latest`: another attempt is due. An event that is sent again is not delivered yet.
inline void show_waiting(Event& event, Time due) {
    event.next_retry_at = due;
    event.is_success = false;
}

}  // namespace webhooks::storage
