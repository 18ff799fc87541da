#include <query/field_tables.hpp>
#include <storage/event_view.hpp>
#include <storage/sql/event_row.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;

enum Join : unsigned { message = 1, attempt = 2, undelivered = 4, everything = 7 };

constexpr Column columns_of_events[] = {
    {"id", "e.id", 0},
    {"webhookSubscriptionId", "e.subscription_id", 0},
    {"eventType", "m.event_type", message},
    {"payload", "m.payload", message},
    {"statusCode", "a.status_code", attempt, true},
    {"response", "a.response", attempt, true},
    {"errorMessage", "a.error_message", attempt, true},
    // An event of no worker, or below every worker's low-water mark, without an undelivered row is
    // delivered. This avoids reading its attempts, each of which is on a different page in a long
    // log.
    {"isSuccess",
     "(CASE WHEN u.event_id IS NOT NULL THEN 0 "
     "WHEN e.worker_id = 0 OR e.id <= coalesce((SELECT min(low_water) FROM webhooks_worker), "
     "9223372036854775807) "
     "OR EXISTS (SELECT 1 FROM webhooks_attempt l WHERE l.event_id = e.id) THEN 1 ELSE 0 END)",
     undelivered},
    {"retryCount",
     "(SELECT CASE WHEN count(*) > 1 THEN count(*) - 1 ELSE 0 END FROM webhooks_attempt c "
     "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5))",
     0},
    {"sentAt", "(CASE WHEN a.outcome IN (4, 5) THEN NULL ELSE a.sent_at / 1000 END)", attempt,
     true},
    {"nextRetryAt", "(u.due_at / 1000)", undelivered, true},
    {"createdAt", "(e.created_at / 1000)", 0},
    {"orderingKey", "m.ordering_key", message, true},
};
static_assert(query::has_row_for_each<Column>(columns_of_events, query::event_fields));

}  // namespace

std::span<const Column> event_columns() {
    return columns_of_events;
}

std::string from_events(const std::string& events, unsigned joins, const char* attempts) {
    std::string text = " FROM " + events;
    if (joins & message) text += " JOIN webhooks_message m ON m.id = e.message_id";
    if (joins & attempt) text += attempts;
    if (joins & undelivered) {
        text +=
            " LEFT JOIN webhooks_undelivered u "
            "ON u.subscription_id = e.subscription_id AND u.event_id = e.id";
    }
    return text;
}

std::string EventRow::select(const Content& content) {
    return "SELECT e.id, e.subscription_id, e.created_at, m.event_type, " + content.payload +
           ", a.sent_at, a.status_code, " + content.response +
           ", a.error_message, a.outcome, u.due_at, " + content.payload_key + ", " +
           content.response_key +
           // Most events have one attempt.
           ", CASE WHEN a.number > 1 THEN (SELECT count(*) FROM webhooks_attempt c "
           "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5)) "
           "WHEN a.outcome NOT IN (4, 5) THEN 1 ELSE 0 END, " +
           content.is_too_large + ", m.ordering_key, CASE WHEN e.worker_id = 0 THEN 1 ELSE 0 END" +
           from_events(all_events, everything, content.attempts);
}

void EventRow::define(soci::statement& query) {
    query.exchange(into(event.id));
    query.exchange(into(event.subscription_id));
    query.exchange(into(event.created_at));
    query.exchange(into(event.event_type));
    query.exchange(into(event.payload));
    query.exchange(into(sent_at));
    query.exchange(into(status_code));
    query.exchange(into(response));
    query.exchange(into(error_message));
    query.exchange(into(outcome));
    query.exchange(into(due_at));
    query.exchange(into(event.payload_key_id));
    query.exchange(into(response_key));
    query.exchange(into(requests));
    query.exchange(into(is_too_large));
    query.exchange(into(ordering_key));
    query.exchange(into(is_of_no_worker));
}

Event EventRow::take_event() {
    Event complete = std::move(event);
    complete.response_key_id = response_key.value_or(0);
    complete.ordering_key = ordering_key.value_or("");
    if (outcome) {
        apply_latest_attempt(complete,
                             {.sent_at = sent_at.value_or(Time{}),
                              .status_code = status_code,
                              .response = std::move(response),
                              .error_message = std::move(error_message),
                              .outcome = *outcome},
                             requests);
    } else {
        // Only read from the feed, unless it waits.
        complete.is_success = is_of_no_worker;
    }
    if (due_at) apply_next_retry(complete, *due_at);
    return complete;
}

}  // namespace webhooks::storage
