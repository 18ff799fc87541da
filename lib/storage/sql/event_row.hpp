#pragma once

#include <soci/soci.h>

#include <optional>
#include <span>
#include <storage/sql/condition_sql.hpp>
#include <string>
#include <webhooks/event.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// How an event's fields are written, with times in milliseconds.
std::span<const Column> event_columns();

inline constexpr const char* latest_attempt =
    " LEFT JOIN webhooks_attempt a ON a.event_id = e.id AND a.number = "
    "(SELECT max(l.number) FROM webhooks_attempt l WHERE l.event_id = e.id)";
/// The same by one search of the index, for databases that know LATERAL.
inline constexpr const char* latest_attempt_lateral =
    " LEFT JOIN LATERAL (SELECT * FROM webhooks_attempt l WHERE l.event_id = e.id "
    "ORDER BY l.number DESC LIMIT 1) a ON TRUE";

inline constexpr const char* all_events = "webhooks_event e";

/// Events joined with the parts of their message, latest attempt and undelivered row that the joins
/// of columns name.
/// @param events as `e`
std::string from_events(const std::string& events, unsigned joins,
                        const char* attempts = latest_attempt);

/// An event with its latest attempt and its next due time.
struct EventRow {
    /// Where the columns come from that may be left out or are too large.
    struct Content {
        std::string payload = "m.payload";
        std::string payload_key = "m.key_id";
        std::string response = "a.response";
        std::string response_key = "a.key_id";
        std::string is_too_large = "0";
        const char* attempts = latest_attempt;
    };

    static std::string select(const Content& content);

    Event event;
    std::optional<Time> sent_at;
    std::optional<int> status_code;
    std::optional<std::string> response;
    std::optional<std::string> error_message;
    std::optional<Outcome> outcome;
    std::optional<Time> due_at;
    std::optional<std::int64_t> response_key;
    int requests = 0;
    int is_too_large = 0;  ///< Without payload and response, because of the rows before it.
    std::optional<std::string> ordering_key;
    bool is_of_no_worker = false;

    void define(soci::statement& query);
    /// The event that was read last; its texts are moved.
    Event take_event();
};

}  // namespace webhooks::storage
