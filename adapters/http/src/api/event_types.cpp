#include <webhooks/webhook_service.hpp>

#include "../ascii.hpp"
#include "../json/values.hpp"
#include "answers.hpp"
#include "body.hpp"
#include "documents.hpp"
#include "object_reader.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

constexpr const char* type_prefix = "eventType.";
/// The times are the server's: they are there so that what was read can be written back.
const json::Names type_members = {"name",      "description",  "group",       "schema",
                                  "example",   "isDeprecated", "deprecation", "retiredAt",
                                  "createdAt", "updatedAt"};

Response answer(const EventType& type, std::string_view message) {
    json::Writer writer;
    write(writer.begin_object().key("eventType"), type);
    return success(writer, message);
}

std::optional<Deprecation> read_deprecation(const ObjectReader& reader, FieldErrors& errors) {
    const std::optional<bool> is_deprecated = reader.flag("isDeprecated");
    if (!reader.has("deprecation")) {
        return is_deprecated.value_or(false) ? std::optional<Deprecation>(Deprecation())
                                             : std::nullopt;
    }
    if (is_deprecated == false) {
        reader.add_error("deprecation", "must be left out unless isDeprecated is true");
    }
    auto members = json::parse_object(*reader.raw("deprecation"), {"successor", "note", "since"});
    if (!members) {
        reader.add_error("deprecation", "must be an object");
        return std::nullopt;
    }
    const ObjectReader inner(*std::move(members), std::string(type_prefix) + "deprecation.",
                             errors);
    Deprecation deprecation;
    deprecation.successor = inner.text("successor").value_or("");
    deprecation.note = inner.text("note").value_or("");
    return deprecation;
}

EventType read_type(const ObjectReader& reader, FieldErrors& errors) {
    const auto as_written = [&](const char* name) {
        return reader.has(name) ? std::string(*reader.raw(name)) : std::string();
    };
    EventType type;
    type.name = reader.text("name").value_or("");
    if (!reader.has("name")) reader.add_error("name", "is required");
    type.description = reader.text("description").value_or("");
    type.group = reader.text("group").value_or("");
    type.schema = as_written("schema");
    type.example = as_written("example");
    type.deprecation = read_deprecation(reader, errors);
    return type;
}

/// Reads `{"eventType":{...}}`. @param errors receives those of the members.
Result<EventType> read_type_body(const Call& call, FieldErrors& errors) {
    auto body = json::parse_nested_object(call.body, "eventType", type_members, "example");
    if (!body) return unreadable(body.error());
    const ObjectReader outer(body->members, "", errors);
    if (!outer.has("eventType")) {
        outer.add_error("eventType", "is required");
    } else if (!body->inner) {
        outer.add_error("eventType", "must be an object");
    }
    if (!errors.empty() || !body->inner) return Error(std::move(errors));
    return read_type(ObjectReader(*std::move(body->inner), type_prefix, errors), errors);
}

/// Whether If-None-Match names an entity tag, or any.
bool names_tag(const Fields& fields, const std::string& quoted_tag) {
    for (const Field& field : fields) {
        if (!iequals(field.name, "if-none-match")) continue;
        if (field.value == "*" || field.value.find(quoted_tag) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

Principal as_reader_of_types(const Principal& caller) {
    return caller.is_administrator() ? caller : Principal::user(caller.user_id());
}

Result<Response> list_event_types(WebhookService& service, const Call& call) {
    const QueryParameters parameters(call.query);
    FieldErrors errors;
    EventTypeQuery query;
    query.group = parameters.find("group", "", errors);
    query.include_retired = find_flag(parameters, "retired", errors);
    if (!errors.empty()) return Error(std::move(errors));
    const auto types = service.event_types(call.caller, query);
    if (!types) return types.error();
    json::Writer writer;
    writer.begin_object().key("eventTypes").begin_array();
    for (const EventType& type : *types)
        write(writer, type);
    writer.end_array();
    return success(writer, std::to_string(types->size()) + " event types.");
}

Result<Response> get_event_type(WebhookService& service, const Call& call) {
    FieldErrors errors;
    const bool with_retired = find_flag(QueryParameters(call.query), "retired", errors);
    if (!errors.empty()) return Error(std::move(errors));
    const auto type = service.event_type(call.caller, std::string(call.event_type), with_retired);
    // What a retired one was replaced by is no secret, other than the objects of users.
    if (!type && type.error() == Errc::not_found) return failure(404, type.error().detail());
    if (!type) return type.error();
    return answer(*type, "The event type was found.");
}

Result<Response> get_event_catalog(WebhookService& service, const Call& call) {
    const auto catalog = service.event_catalog(call.caller);
    if (!catalog) return catalog.error();
    const std::string tag = '"' + (*catalog)->tag + '"';
    Response response{.status = 200,
                      .fields = {{"ETag", tag}, {"Cache-Control", "private, no-cache"}}};
    if (names_tag(call.fields, tag)) {
        response.status = 304;
    } else {
        response.fields.push_back({"Content-Type", "application/json; charset=utf-8"});
        response.body = (*catalog)->document;
    }
    return response;
}

Result<Response> register_event_type(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    FieldErrors errors;
    auto type = read_type_body(call, errors);
    if (!type) return type.error();
    add_errors(errors, type_prefix, service.validate(*type));
    if (!errors.empty()) return Error(std::move(errors));
    const auto registered = service.register_event_type(call.caller, *std::move(type));
    if (!registered) return prefixed(type_prefix, registered.error());
    return answer(*registered, "The event type is registered.");
}

Result<Response> retire_event_type(WebhookService& service, const Call& call) {
    FieldErrors errors;
    const bool force = find_flag(QueryParameters(call.query), "force", errors);
    if (!errors.empty()) return Error(std::move(errors));
    const auto retired =
        service.retire_event_type(call.caller, std::string(call.event_type), force);
    if (!retired && retired.error() == Errc::not_found) {
        return failure(404, retired.error().detail());
    }
    if (!retired) return retired.error();
    json::Writer writer;
    return success(writer.begin_object(), "The event type was retired.");
}

}  // namespace webhooks::http
