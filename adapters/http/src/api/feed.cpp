#include <algorithm>
#include <charconv>
#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "documents.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

/// A whole number of at least `min`; a large one is read as `max`. @return nullopt if it is absent
/// or wrong.
std::optional<std::size_t> find_number(const QueryParameters& parameters, const char* name,
                                       std::size_t min, std::size_t max, FieldErrors& errors) {
    const std::optional<std::string> text = parameters.find(name, "", errors);
    if (!text) return {};
    const bool is_number = text->find_first_not_of("0123456789") == std::string::npos;
    std::size_t number = 0;
    const auto [stop, error] =
        std::from_chars(text->data(), text->data() + text->size(), number, 10);
    const bool is_large = error == std::errc::result_out_of_range;
    if (!is_number || (!is_large && number < min)) {
        errors.push_back({name, "must be a whole number of at least " + std::to_string(min)});
        return {};
    }
    return is_large ? max : std::min(number, max);
}

FeedQuery read_feed_query(const QueryParameters& parameters, FieldErrors& errors) {
    reject_empty(parameters, {"cursor", "since", "take"}, errors);
    FeedQuery query;
    query.cursor = parameters.find("cursor", "", errors).value_or("");
    query.since = find_time(parameters, "since", errors);
    query.take = find_number(parameters, "take", 1, max_feed_take, errors).value_or(query.take);
    return query;
}

void write_feed_event(json::Writer& writer, const FeedEvent& event) {
    writer.begin_object()
        .member("id", event.id.value)
        .member("webhookId", event.webhook_id)
        .member("eventType", event.event_type)
        .member("contentType", event.content_type)
        .member("payload", event.payload)
        .member("createdAt", format_time(event.created_at));
    if (event.deliver_at) writer.member("deliverAt", format_time(*event.deliver_at));
    if (event.is_payload_gone) writer.member("isPayloadGone", true);
    if (event.is_unreadable) writer.member("isUnreadable", true);
    writer.end_object();
}

/// A cursor that is too old: what to continue with.
Response gone(const FeedPage& page) {
    json::Writer writer;
    writer.begin_object()
        .member("cursor", page.cursor)
        .member("success", false)
        .member("message",
                "The retention has deleted events before they were read here: some of "
                "those after id " +
                    std::to_string(page.gap->after.value) + ", up to id " +
                    std::to_string(page.gap->until.value) +
                    ", may be missing. Continue with this cursor.")
        .end_object();
    return json_response(410, writer);
}

Response answer(const FeedPage& page) {
    if (page.gap) return gone(page);
    json::Writer writer;
    writer.begin_object().key("events").begin_array();
    for (const FeedEvent& event : page.events)
        write_feed_event(writer, event);
    writer.end_array().member("cursor", page.cursor).member("hasMore", page.has_more);
    return success(writer, std::to_string(page.events.size()) + " events.");
}

}  // namespace

Result<Response> read_feed(WebhookService& service, const Call& call) {
    FieldErrors errors;
    const FeedQuery query = read_feed_query(QueryParameters(call.query), errors);
    if (!errors.empty()) return Error(std::move(errors));
    const auto page = service.read_feed(call.caller, call.subscription, query);
    if (!page) return page.error();
    return answer(*page);
}

}  // namespace webhooks::http
