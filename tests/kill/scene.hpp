#pragma once

/// @file
/// Shared by the worker programs and the tests that kill them.

#include <chrono>
#include <string>

namespace webhooks::testing {

inline constexpr const char* database = "webhooks.db";
/// One line for each acknowledged publication: its number and the ids of its events.
inline constexpr const char* publisher_log = "published.log";
inline constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The endpoints, as paths of the receiver and as names of the subscriptions to them.
inline constexpr const char* steady = "steady";  ///< Answers 200.
inline constexpr const char* flaky = "flaky";    ///< Answers 500 to the first request of an event.
inline constexpr const char* broken = "broken";  ///< Answers 500; it is tried twice.
/// Answers 200; its subscription is to operational events of all.
inline constexpr const char* listener = "listener";

/// Its subscription is only read.
inline constexpr const char* reader = "reader";

// For several workers on one database.

inline constexpr const char* shared_event_type = "order.created";
inline constexpr std::chrono::milliseconds shared_lease{1000};
/// As `publisher_log`, for the successive workers in a slot.
inline std::string shared_publisher_log(int slot) {
    return "published-" + std::to_string(slot) + ".log";
}
/// The ordering key of every tenth publication, one of 20; the others have none.
inline std::string shared_ordering_key(int number) {
    return number % 10 == 0 ? "queue-" + std::to_string(number / 10 % 20) : std::string();
}
/// A line for each time that results were fenced: the run, and their number.
inline constexpr const char* fence_log = "fenced.log";

/// Each publication is different, and some do not fit into a page of the database.
inline std::string payload_of(int number) {
    std::string text = "{\"number\":" + std::to_string(number) + ",\"text\":\"";
    for (int i = 0; i < number * 611 % 3000; ++i) {
        text += "ü";
    }
    return text + "\"}";
}

}  // namespace webhooks::testing
