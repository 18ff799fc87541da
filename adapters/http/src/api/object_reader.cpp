#include "object_reader.hpp"

#include <algorithm>
#include <webhooks/suggestion.hpp>

#include "../json/values.hpp"
#include "answers.hpp"

namespace webhooks::http {
namespace {

/// More than any subscription may have; further ones need not be read.
constexpr std::size_t max_headers_read = max_errors;

std::optional<FailureClass> find_failure_class(std::string_view name) {
    const auto found = std::ranges::find(all_failure_classes, name,
                                         [](FailureClass failure) { return name_of(failure); });
    if (found == std::end(all_failure_classes)) return {};
    return *found;
}

std::string unknown_permission() {
    std::string text = "must be names of permissions:";
    for (const Permission permission : all_permissions)
        text += " " + std::string(name_of(permission));
    return text;
}

}  // namespace

ObjectReader::ObjectReader(json::Members members, std::string prefix, FieldErrors& errors,
                           Unknown unknown)
    : members_(std::move(members)), prefix_(std::move(prefix)), errors_(errors) {
    for (const json::Member& member : members_.all()) {
        if (!member.is_repeated) continue;
        add_error(member.name, "is given more than once (names are case-insensitive)");
    }
    if (unknown == Unknown::rejected) reject_unknown();
}

void ObjectReader::reject_unknown() const {
    if (members_.unknown().empty()) return;
    std::vector<std::string_view> known;
    for (const json::Member& member : members_.all())
        known.push_back(member.name);
    for (const std::string& name : members_.unknown())
        add_error(name, "is not a member here; " + suggestion(name, known));
}

std::optional<std::string_view> ObjectReader::raw(std::string_view name) const {
    const std::string_view value = members_.at(name).value;
    return value.empty() ? std::nullopt : std::optional(value);
}

std::optional<std::string_view> ObjectReader::given(std::string_view name) const {
    const auto value = raw(name);
    return value && !json::is_null(*value) ? value : std::nullopt;
}

bool ObjectReader::is_null(std::string_view name) const {
    const auto value = raw(name);
    return value && json::is_null(*value);
}

void ObjectReader::add_error(std::string_view name, std::string message) const {
    errors_.push_back({prefix_ + std::string(name), std::move(message)});
}

std::optional<std::string> ObjectReader::text(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    auto value = json::to_string(*found);
    if (!value) add_error(name, "must be a string");
    return value;
}

std::optional<int> ObjectReader::number(std::string_view name, int min, int max) const {
    const auto found = given(name);
    if (!found) return {};
    const auto value = json::to_integer(*found);
    if (value && *value >= min && *value <= max) return static_cast<int>(*value);
    add_error(name,
              "must be a whole number, " + std::to_string(min) + " to " + std::to_string(max));
    return {};
}

std::optional<std::int64_t> ObjectReader::id(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    const auto value = json::to_integer(*found);
    if (value && *value >= 1 && *value < std::int64_t{1} << 53) return value;
    add_error(name, "must be an id, a whole number from 1");
    return {};
}

std::optional<std::vector<std::string>> ObjectReader::texts(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    auto values = json::to_strings(*found);
    if (!values) add_error(name, "must be an array of strings");
    return values;
}

std::optional<bool> ObjectReader::flag(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    const auto value = json::to_bool(*found);
    if (!value) add_error(name, "must be true or false");
    return value;
}

std::optional<Time> ObjectReader::time(std::string_view name) const {
    const auto written = text(name);
    if (!written) return {};
    const auto value = parse_time(*written);
    if (!value) add_error(name, not_a_time);
    return value;
}

std::optional<RetryOn> ObjectReader::retry_on(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    const auto names = json::to_strings(*found);
    RetryOn retry_on = RetryOn::only({});
    bool is_valid = names.has_value();
    for (const std::string& written : names.value_or(std::vector<std::string>())) {
        const auto failure = find_failure_class(written);
        if (failure) retry_on.add(*failure);
        is_valid = is_valid && failure;
    }
    if (is_valid) return retry_on;
    add_error(name,
              "must be an array of '5xx', '429', '408' and 'network'; null retries every failure "
              "except 410");
    return {};
}

std::optional<Permissions> ObjectReader::permissions(std::string_view name) const {
    const auto names = texts(name);
    if (!names) return std::nullopt;
    Permissions permissions;
    for (const std::string& written : *names) {
        if (const auto permission = permission_by_name(written)) {
            permissions.add(*permission);
        } else {
            add_error(name, unknown_permission());
            return std::nullopt;
        }
    }
    return permissions;
}

std::optional<Headers> ObjectReader::headers(std::string_view name) const {
    const auto found = given(name);
    if (!found) return {};
    const auto as_text = json::to_string(*found);
    Headers headers;
    std::size_t seen = 0;
    const auto add = [&](std::string header, std::string_view written) {
        if (auto value = json::to_string(written)) {
            headers.push_back({std::move(header), *std::move(value)});
        } else {
            add_error(std::string(name) + "." + header, "must be a string");
        }
        return ++seen < max_headers_read;
    };
    if (json::visit_members(as_text ? *as_text : *found, add)) return headers;
    add_error(name, "must be an object of strings, or that object as JSON text");
    return {};
}

}  // namespace webhooks::http
