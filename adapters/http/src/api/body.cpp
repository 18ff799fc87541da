#include "body.hpp"

#include <set>

#include "answers.hpp"
#include "media_type.hpp"

namespace webhooks::http {

std::optional<Response> refuse_media_type(const Request& request) {
    if (has_coded_body(request.fields)) return failure(415, "The body must not be compressed.");
    if (count_fields(request.fields, "content-type") == 1 &&
        is_json_type(find_field(request.fields, "content-type"))) {
        return {};
    }
    return failure(415, "The content type must be application/json, in UTF-8.");
}

Error unreadable(const Error& error) {
    return Error(Faults{{"body", error.detail()}});
}

Result<json::Members> parse_body(const Request& request, std::string_view raw_member) {
    auto members = json::parse_object(request.body, raw_member);
    if (!members) return unreadable(members.error());
    return members;
}

std::optional<Response> refuse_media_type_of_any(const Request& request) {
    if (request.body.empty()) return {};
    return refuse_media_type(request);
}

Result<json::Members> parse_body_if_any(const Request& request, std::string_view raw_member) {
    if (request.body.empty()) return json::Members{};
    return parse_body(request, raw_member);
}

Error merge_faults(Faults reader_faults, const Error& service_error, std::string_view prefix,
                   std::string_view not_asked) {
    if (!(service_error == Errc::invalid_argument)) return service_error;
    std::set<std::string_view> known;
    for (const FieldError& fault : reader_faults) {
        known.insert(fault.field);
    }
    Faults all = reader_faults;
    for (const FieldError& found : service_error.fields()) {
        const std::string path = std::string(prefix) + found.field;
        const std::string_view parent = std::string_view(path).substr(0, path.rfind('.'));
        const bool is_known = known.contains(path) || known.contains(parent);
        const bool was_asked = reader_faults.empty() || !found.field.ends_with(not_asked);
        if (!is_known && was_asked) all.push_back({path, found.message});
    }
    return all.empty() ? service_error : Error(std::move(all));
}

}  // namespace webhooks::http
