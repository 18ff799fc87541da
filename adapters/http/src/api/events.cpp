#include <algorithm>
#include <webhooks/webhook_service.hpp>

#include "../access/request_limits.hpp"
#include "../ascii.hpp"
#include "../json/values.hpp"
#include "answers.hpp"
#include "body.hpp"
#include "list_answer.hpp"
#include "media_type.hpp"
#include "object_reader.hpp"
#include "operations.hpp"
#include "publication.hpp"

namespace webhooks::http {
namespace {

/// What the query has of a raw publication. `eventType` says that the body is raw.
constexpr const char* raw_parameters[] = {"userId", "idempotencyKey", "deliverAt", "expiresAt",
                                          "orderingKey"};

constexpr const char* idempotency_header = "Idempotency-Key";

void write_event_ids(json::Writer& writer, const PublishReceipt& receipt) {
    writer.key("eventIds").begin_array();
    for (const EventId id : receipt.event_ids)
        writer.value(id.value);
    writer.end_array();
}

/// Ignored, a parameter of the raw form would change who receives the event, and when.
void reject_raw_parameters(const QueryParameters& parameters, FieldErrors& errors) {
    for (const char* name : raw_parameters) {
        if (!parameters.has(name)) continue;
        errors.push_back({name,
                          "is a parameter only next to 'eventType', for a raw body; in a JSON "
                          "body it is a member of the event"});
    }
}

Response answer(const PublishReceipt& receipt) {
    json::Writer writer;
    writer.begin_object();
    write_event_ids(writer, receipt);
    const std::size_t count = receipt.event_ids.size();
    return success(writer,
                   receipt.is_replay ? "This event was already published."
                   : count == 0      ? "The event matches no active subscription by type and "
                                       "filter. Posted as JSON to .../events/match, it says why."
                                     : "The event was published.",
                   202);
}

Response answer(const std::vector<PublishReceipt>& receipts) {
    json::Writer writer;
    writer.begin_object().key("receipts").begin_array();
    for (const PublishReceipt& receipt : receipts) {
        writer.begin_object();
        write_event_ids(writer, receipt);
        writer.end_object();
    }
    writer.end_array();
    return success(writer, "The events were published.", 202);
}

Result<Response> answer(const Result<Page<Event>>& page, const ListQuery& query) {
    if (!page) return page.error();
    return list_answer(*page, query, "events", "totalEventsCount");
}

std::string name_of(std::size_t index) {
    return "events[" + std::to_string(index) + "]";
}

/// A publication of a batch, and the errors found while reading it.
struct PublicationText {
    std::optional<Publication> publication;
    FieldErrors errors;
};

PublicationText read_item(std::optional<json::Members> members, const std::string& name) {
    PublicationText text;
    if (members) {
        text.publication = read_publication(*std::move(members), name + ".", text.errors);
    } else {
        text.errors.push_back({name, "must be an object"});
    }
    return text;
}

/// Ignored, it would promise what does not hold.
void reject_idempotency_header(const Fields& fields, FieldErrors& errors) {
    if (count_fields(fields, idempotency_header) == 0) return;
    errors.push_back({idempotency_header,
                      "is for a single event; in a batch, give each event its own member "
                      "'idempotencyKey'"});
}

/// `{"events":[...]}`, each as in `read_publication`. Stops at the last error that is reported.
Result<std::vector<PublicationText>> read_batch(const Call& call) {
    auto body = json::parse_list_object(call.body, "events", max_publications_in_batch,
                                        publication_names, "payload");
    if (!body) return unreadable(body.error());
    FieldErrors errors;
    reject_idempotency_header(call.fields, errors);
    const ObjectReader reader(std::move(body->members), "", errors);
    const bool is_list = reader.has("events") && reader.raw("events")->starts_with('[');
    if (!is_list || body->list.empty() || body->list.size() > max_publications_in_batch) {
        reader.add_error("events", "must be an array of 1 to " +
                                       std::to_string(max_publications_in_batch) + " objects");
    }
    if (!errors.empty()) return Error(std::move(errors));
    std::vector<PublicationText> batch;
    batch.reserve(body->list.size());
    std::size_t error_count = 0;
    for (auto& members : body->list) {
        batch.push_back(read_item(std::move(members), name_of(batch.size())));
        error_count += batch.back().errors.size();
        if (error_count >= max_errors) break;
    }
    return batch;
}

/// The raw form: the body is the payload, and the query has the rest.
Publication read_raw(const Call& call, std::string event_type, const QueryParameters& parameters,
                     FieldErrors& errors) {
    reject_empty(parameters,
                 {"eventType", "userId", "idempotencyKey", "deliverAt", "expiresAt", "orderingKey"},
                 errors);
    return {.event_type = std::move(event_type),
            .payload = call.body,
            .content_type = std::string(find_field(call.fields, "content-type")),
            .user_id = parameters.find("userId", "", errors).value_or(""),
            .idempotency_key = parameters.find("idempotencyKey", "", errors).value_or(""),
            .deliver_at = find_time(parameters, "deliverAt", errors),
            .expires_at = find_time(parameters, "expiresAt", errors),
            .ordering_key = parameters.find("orderingKey", "", errors).value_or("")};
}

std::optional<Response> reject_raw_type(const Call& call) {
    if (has_content_encoding(call.fields)) return failure(415, "The body must not be compressed.");
    if (count_fields(call.fields, "content-type") == 1) return {};
    return failure(415, "A raw body needs exactly one content-type header.");
}

/// The trace of a request. More than one `traceparent` is none.
std::optional<TraceContext> read_trace(const Fields& fields) {
    if (count_fields(fields, "traceparent") != 1) return std::nullopt;
    std::string state;
    for (const Field& field : fields) {
        if (!iequals(field.name, "tracestate")) continue;
        state.append(state.empty() ? "" : ",").append(field.value);
    }
    return TraceContext::parse(find_field(fields, "traceparent"), state);
}

/// The header says the same as the member or parameter `idempotencyKey`, with or without quotes
/// (draft-ietf-httpapi-idempotency-key-header): many clients know only the header.
void read_idempotency_header(const Fields& fields, Publication& publication, FieldErrors& errors) {
    const std::size_t count = count_fields(fields, idempotency_header);
    if (count == 0) return;
    std::string_view key = find_field(fields, idempotency_header);
    if (key.size() > 1 && key.starts_with('"') && key.ends_with('"')) {
        key = key.substr(1, key.size() - 2);
    }
    std::string& known = publication.idempotency_key;
    if (count > 1) {
        errors.push_back({idempotency_header, "must occur once"});
    } else if (key.empty()) {
        errors.push_back({idempotency_header, not_empty});
    } else if (!known.empty() && known != key) {
        errors.push_back({idempotency_header, "differs from 'idempotencyKey'; send one of them"});
    } else {
        known = key;
    }
}

/// Responds with the result of a publication.
template <class Receipt>
auto answer_with(Done done) {
    return [done = std::move(done)](Result<Receipt> receipt) {
        if (!receipt) return done(receipt.error());
        done(answer(*receipt));
    };
}

/// Publishes, unless the reader found errors: then validation adds the service's errors.
void finish(WebhookService& service, const Principal& caller, Publication publication,
            FieldErrors errors, Done done) {
    if (!errors.empty()) {
        add_errors(errors, "", service.validate(publication));
        return done(Error(std::move(errors)));
    }
    service.async_publish(caller, std::move(publication),
                          answer_with<PublishReceipt>(std::move(done)));
}

/// All errors of a batch in which the reader found some, in the order of the publications, up to
/// the number reported.
Error errors_of(const WebhookService& service, const std::vector<PublicationText>& batch) {
    FieldErrors all;
    for (std::size_t i = 0; i < batch.size() && all.size() < max_errors; ++i) {
        FieldErrors errors = batch[i].errors;
        if (batch[i].publication) {
            add_errors(errors, name_of(i) + ".", service.validate(*batch[i].publication));
        }
        all.insert(all.end(), errors.begin(), errors.end());
    }
    return Error(std::move(all));
}

/// The body of a test event: a payload, or the example of an event type. Absent: the service's own.
std::optional<std::string> read_test_payload(const WebhookService& service, const Principal& caller,
                                             const ObjectReader& reader) {
    const std::optional<std::string> event_type = reader.text("eventType");
    if (!event_type) {
        return reader.has("payload") ? std::optional<std::string>(*reader.raw("payload"))
                                     : std::nullopt;
    }
    if (reader.has("payload")) reader.add_error("eventType", "must be left out next to 'payload'");
    const auto type = service.event_type(as_reader_of_types(caller), *event_type);
    if (!type) {
        reader.add_error("eventType", "is not a registered event type, or was retired");
        return std::nullopt;
    }
    return type->example.empty() ? std::nullopt : std::optional(type->example);
}

}  // namespace

void publish(WebhookService& service, const Call& call, Done done) {
    const QueryParameters parameters(call.query);
    FieldErrors errors;
    auto type = parameters.find("eventType", "", errors);
    if (parameters.has("eventType")) {
        if (auto rejected = reject_raw_type(call)) return done(std::move(*rejected));
        Publication raw = read_raw(call, std::move(type).value_or(""), parameters, errors);
        raw.trace = read_trace(call.fields);
        read_idempotency_header(call.fields, raw, errors);
        return finish(service, call.caller, std::move(raw), std::move(errors), std::move(done));
    }
    if (auto rejected = reject_media_type(call)) return done(std::move(*rejected));
    auto members = parse_body(call, publication_names, "payload");
    if (!members) return done(members.error());
    reject_raw_parameters(parameters, errors);
    Publication publication = read_publication(*std::move(members), "", errors);
    publication.trace = read_trace(call.fields);
    read_idempotency_header(call.fields, publication, errors);
    finish(service, call.caller, std::move(publication), std::move(errors), std::move(done));
}

void publish_batch(WebhookService& service, const Call& call, Done done) {
    if (auto rejected = reject_media_type(call)) return done(std::move(*rejected));
    auto batch = read_batch(call);
    if (!batch) return done(batch.error());
    const bool is_right =
        std::ranges::all_of(*batch, [](const auto& text) { return text.errors.empty(); });
    if (!is_right) return done(errors_of(service, *batch));
    call.limits.count_batch(call.caller, batch->size(), std::chrono::steady_clock::now());
    std::vector<Publication> publications;
    publications.reserve(batch->size());
    const std::optional<TraceContext> trace = read_trace(call.fields);
    for (PublicationText& text : *batch) {
        publications.push_back(*std::move(text.publication));
        publications.back().trace = trace;
    }
    service.async_publish_batch(call.caller, std::move(publications),
                                answer_with<std::vector<PublishReceipt>>(std::move(done)));
}

Result<Response> send_test_event(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type_of_any(call)) return std::move(*rejected);
    const auto members = parse_body_if_any(call, {"payload", "eventType"}, "payload");
    if (!members) return members.error();
    FieldErrors errors;
    const ObjectReader reader(*members, "", errors, Unknown::ignored);
    std::optional<std::string> payload = read_test_payload(service, call.caller, reader);
    if (!errors.empty()) {
        const auto found = service.subscription(call.caller, call.subscription);
        return found || found.error() != Errc::not_found ? Error(std::move(errors)) : found.error();
    }
    const auto sent = service.send_test_event(call.caller, call.subscription, std::move(payload));
    if (!sent) return sent.error();
    json::Writer writer;
    writer.begin_object()
        .member("success", true)
        .member("message", "The test event is queued.")
        .member("eventId", sent->value)
        .end_object();
    return json_response(200, writer);
}

Result<Response> list_events(WebhookService& service, const Call& call) {
    const auto query = read_list_query(call.query, ListKind::events, call.stop);
    if (!query) return query.error();
    return answer(service.events(call.caller, call.subscription, *query), *query);
}

Result<Response> list_all_events(WebhookService& service, const Call& call) {
    const auto query = read_list_query(call.query, ListKind::events, call.stop);
    if (!query) return query.error();
    return answer(service.all_events(call.caller, *query), *query);
}

Result<Response> get_event(WebhookService& service, const Call& call) {
    const auto history = service.event(call.caller, call.subscription, call.event);
    if (!history) return history.error();
    json::Writer writer;
    write(writer.begin_object().key("event"), *history);
    return success(writer, "The event was found.");
}

Result<Response> get_any_event(WebhookService& service, const Call& call) {
    const auto history = call.webhook_id.empty() ? service.event(call.caller, call.event)
                                                 : service.event(call.caller, call.webhook_id);
    if (!history) return history.error();
    json::Writer writer;
    write(writer.begin_object().key("event"), *history);
    return success(writer, "The event was found.");
}

Result<Response> delete_event(WebhookService& service, const Call& call) {
    const auto deleted = service.delete_event(call.caller, call.subscription, call.event);
    if (!deleted) return deleted.error();
    json::Writer writer;
    return success(writer.begin_object(), "The event was deleted.");
}

}  // namespace webhooks::http
