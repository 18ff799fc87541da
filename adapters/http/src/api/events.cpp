#include <webhooks/webhook_service.hpp>

#include "../json/values.hpp"
#include "answers.hpp"
#include "body.hpp"
#include "list_answer.hpp"
#include "media_type.hpp"
#include "object_reader.hpp"
#include "operations.hpp"

namespace webhooks::http {
namespace {

/// A member and parameter that comes with a later issue.
constexpr const char* later_member = "orderingKey";
constexpr const char* not_yet = "is not available yet";

void write_event_ids(json::Writer& writer, const PublishReceipt& receipt) {
    writer.key("eventIds").begin_array();
    for (const EventId id : receipt.event_ids)
        writer.value(id.value);
    writer.end_array();
}

Response answer(const PublishReceipt& receipt) {
    json::Writer writer;
    writer.begin_object();
    write_event_ids(writer, receipt);
    const std::size_t count = receipt.event_ids.size();
    return success(writer,
                   receipt.is_replay ? "This was published before."
                   : count == 0      ? "The event matches no active subscription."
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

/// Empty is not absent: an administrator's event must not reach everyone by a slip.
std::string text_unless_empty(const ObjectReader& reader, const char* name) {
    const std::optional<std::string> text = reader.text(name);
    if (text && text->empty()) reader.fault(name, "must not be empty; leave it out");
    return text.value_or("");
}

/// `{"eventType":...,"payload":...}`: the payload's bytes go out as they were written.
Publication read_object(json::Members members, std::string prefix, Faults& faults) {
    const ObjectReader reader(std::move(members), std::move(prefix), faults);
    for (const char* name : {"eventType", "payload"}) {
        if (!reader.raw(name)) reader.fault(name, "is required");
    }
    if (reader.has(later_member)) reader.fault(later_member, not_yet);
    return {.event_type = reader.text("eventType").value_or(""),
            .payload = std::string(reader.raw("payload").value_or("")),
            .user_id = text_unless_empty(reader, "userId"),
            .idempotency_key = text_unless_empty(reader, "idempotencyKey"),
            .deliver_at = reader.time("deliverAt"),
            .expires_at = reader.time("expiresAt")};
}

/// `{"events":[...]}`, each as `read_object` has it.
Result<std::vector<Publication>> read_batch(const Request& request, Faults& faults) {
    auto body =
        json::parse_list_object(request.body, "events", max_publications_in_batch, "payload");
    if (!body) return unreadable(body.error());
    const ObjectReader reader(std::move(body->members), "", faults);
    const bool is_list = reader.has("events") && reader.raw("events")->starts_with('[');
    if (!is_list || body->list.empty() || body->list.size() > max_publications_in_batch) {
        reader.fault("events", "must be an array of 1 to " +
                                   std::to_string(max_publications_in_batch) + " objects");
    }
    if (!faults.empty()) return Error(faults);
    std::vector<Publication> batch;
    batch.reserve(body->list.size());
    for (std::size_t i = 0; i < body->list.size(); ++i) {
        const std::string path = "events[" + std::to_string(i) + "]";
        if (body->list[i]) {
            batch.push_back(read_object(*std::move(body->list[i]), path + ".", faults));
        } else {
            faults.push_back({path, "must be an object"});
            batch.emplace_back();
        }
    }
    return batch;
}

std::optional<Time> find_time(const QueryParameters& parameters, const char* name, Faults& faults) {
    const std::optional<std::string> text = parameters.find(name, "", faults);
    if (!text) return {};
    const std::optional<Time> time = parse_time(*text);
    if (!time) {
        faults.push_back({name, std::string(not_a_time) + "; write the '+' of an offset as %2B"});
    }
    return time;
}

/// The raw form: the body is the payload, and the query says the rest.
Publication read_raw(const Request& request, std::string event_type,
                     const QueryParameters& parameters, Faults& faults) {
    if (parameters.find(later_member, "", faults)) faults.push_back({later_member, not_yet});
    return {.event_type = std::move(event_type),
            .payload = request.body,
            .content_type = std::string(find_field(request.fields, "content-type")),
            .user_id = parameters.find("userId", "", faults).value_or(""),
            .idempotency_key = parameters.find("idempotencyKey", "", faults).value_or(""),
            .deliver_at = find_time(parameters, "deliverAt", faults),
            .expires_at = find_time(parameters, "expiresAt", faults)};
}

std::optional<Response> refuse_raw_type(const Request& request) {
    if (has_coded_body(request.fields)) return failure(415, "The body must not be compressed.");
    if (count_fields(request.fields, "content-type") == 1) return {};
    return failure(415, "A raw body must come with its content type.");
}

/// Answers what became of a publication, or reports all that is wrong.
template <class Receipt>
auto answer_with(Faults faults, Done done) {
    return [faults = std::move(faults), done = std::move(done)](Result<Receipt> receipt) {
        if (receipt) return done(answer(*receipt));
        done(merge_faults(faults, receipt.error(), "", "contentType"));
    };
}

/// Publishes unless there are faults. An empty content type is one that the service never accepts:
/// so it names the faults it finds itself, and publishes nothing.
void finish(WebhookService& service, const Principal& caller, Publication publication,
            Faults faults, Done done) {
    if (!faults.empty()) publication.content_type.clear();
    service.async_publish(caller, std::move(publication),
                          answer_with<PublishReceipt>(std::move(faults), std::move(done)));
}

}  // namespace

void publish(WebhookService& service, const Call& call, Done done) {
    const QueryParameters parameters(call.request.query);
    Faults faults;
    if (auto type = parameters.find("eventType", "", faults)) {
        if (auto refused = refuse_raw_type(call.request)) return done(std::move(*refused));
        Publication raw = read_raw(call.request, std::move(*type), parameters, faults);
        return finish(service, call.caller, std::move(raw), std::move(faults), std::move(done));
    }
    if (auto refused = refuse_media_type(call.request)) return done(std::move(*refused));
    auto members = parse_body(call.request, "payload");
    if (!members) return done(members.error());
    Publication publication = read_object(*std::move(members), "", faults);
    finish(service, call.caller, std::move(publication), std::move(faults), std::move(done));
}

void publish_batch(WebhookService& service, const Call& call, Done done) {
    if (auto refused = refuse_media_type(call.request)) return done(std::move(*refused));
    Faults faults;
    auto batch = read_batch(call.request, faults);
    if (!batch) return done(batch.error());
    if (!faults.empty()) batch->front().content_type.clear();
    service.async_publish_batch(
        call.caller, *std::move(batch),
        answer_with<std::vector<PublishReceipt>>(std::move(faults), std::move(done)));
}

Result<Response> send_test_event(WebhookService& service, const Call& call) {
    if (auto refused = refuse_media_type_of_any(call.request)) return std::move(*refused);
    const auto members = parse_body_if_any(call.request, "payload");
    if (!members) return members.error();
    Faults faults;
    const ObjectReader reader(*members, "", faults);
    if (!faults.empty()) return Error(std::move(faults));
    std::optional<std::string> payload;
    if (reader.has("payload")) payload = *reader.raw("payload");
    const auto sent = service.send_test_event(call.caller, call.subscription, std::move(payload));
    if (!sent) return sent.error();
    json::Writer writer;
    writer.begin_object()
        .member("success", true)
        .member("message", "The test event is on its way.")
        .member("eventId", sent->value)
        .end_object();
    return json_response(200, writer);
}

Result<Response> list_events(WebhookService& service, const Call& call) {
    const auto query = read_list_query(call.request.query, ListKind::events);
    if (!query) return query.error();
    const auto page = service.events(call.caller, call.subscription, *query);
    if (!page) return page.error();
    return list_answer(*page, *query, "events", "totalEventsCount");
}

Result<Response> get_event(WebhookService& service, const Call& call) {
    const auto history = service.event(call.caller, call.subscription, call.event);
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
