#include "body.hpp"

#include <set>

#include "answers.hpp"
#include "media_type.hpp"

namespace webhooks::http {

std::optional<Response> reject_media_type(const Call& call) {
    if (has_content_encoding(call.fields)) return failure(415, "The body must not be compressed.");
    if (count_fields(call.fields, "content-type") == 1 &&
        is_json_type(find_field(call.fields, "content-type"))) {
        return {};
    }
    return failure(415, "The content type must be application/json, in UTF-8.");
}

Error unreadable(const Error& error) {
    return Error(FieldErrors{{"body", error.detail()}});
}

Result<json::Members> parse_body(const Call& call, json::Names names, std::string_view raw_member) {
    auto members = json::parse_object(call.body, names, raw_member);
    if (!members) return unreadable(members.error());
    return members;
}

std::optional<Response> reject_media_type_of_any(const Call& call) {
    if (call.body.empty()) return {};
    return reject_media_type(call);
}

Result<json::Members> parse_body_if_any(const Call& call, json::Names names,
                                        std::string_view raw_member) {
    if (call.body.empty()) return json::Members(names);
    return parse_body(call, names, raw_member);
}

void add_errors(FieldErrors& errors, std::string_view prefix, const Result<>& validation) {
    if (validation) return;
    std::set<std::string> known;
    for (const FieldError& error : errors)
        known.insert(error.field);
    for (const FieldError& found : validation.error().fields()) {
        std::string path = std::string(prefix) + found.field;
        if (!known.contains(path)) errors.push_back({std::move(path), found.message});
    }
}

Error prefixed(std::string_view prefix, Error error) {
    FieldErrors fields;
    add_errors(fields, prefix, Result<>(error));
    return fields.empty() ? error : Error(error.code(), std::move(fields));
}

}  // namespace webhooks::http
