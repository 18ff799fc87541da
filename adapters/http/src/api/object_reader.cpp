#include "object_reader.hpp"

#include <algorithm>
#include <set>

#include "../ascii.hpp"
#include "../json/values.hpp"

namespace webhooks::http {
namespace {

std::optional<FailureClass> find_failure_class(std::string_view name) {
    const auto found = std::ranges::find(all_failure_classes, name, [](FailureClass failure) {
        return failure_class_name(failure);
    });
    if (found == std::end(all_failure_classes)) return {};
    return *found;
}

}  // namespace

std::string_view failure_class_name(FailureClass failure) {
    switch (failure) {
        case FailureClass::server_error:
            return "5xx";
        case FailureClass::too_many_requests:
            return "429";
        case FailureClass::request_timeout:
            return "408";
        case FailureClass::network:
            return "network";
    }
    return "unknown";
}

ObjectReader::ObjectReader(json::Members members, std::string prefix, FieldErrors& errors)
    : members_(std::move(members)), prefix_(std::move(prefix)), errors_(errors) {
    check_names();
}

void ObjectReader::check_names() {
    std::set<std::string> seen;
    std::set<std::string> repeated;
    for (const json::Member& member : members_) {
        std::string name = to_lower(member.name);
        if (!seen.insert(name).second && repeated.insert(std::move(name)).second) {
            add_error(member.name, "is given more than once; case does not tell names apart");
        }
    }
}

std::optional<std::string_view> ObjectReader::raw(std::string_view name) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const auto& member) { return iequals(member.name, name); });
    if (found == members_.end()) return {};
    return found->value;
}

bool ObjectReader::has(std::string_view name) const {
    const auto value = raw(name);
    return value && !json::is_null(*value);
}

bool ObjectReader::is_null(std::string_view name) const {
    const auto value = raw(name);
    return value && json::is_null(*value);
}

void ObjectReader::add_error(std::string_view name, std::string message) const {
    errors_.push_back({prefix_ + std::string(name), std::move(message)});
}

std::optional<std::string> ObjectReader::text(std::string_view name) const {
    if (!has(name)) return {};
    auto value = json::to_string(*raw(name));
    if (!value) add_error(name, "must be a string");
    return value;
}

std::optional<int> ObjectReader::number(std::string_view name, int least, int most) const {
    if (!has(name)) return {};
    const auto value = json::to_integer(*raw(name));
    if (value && *value >= least && *value <= most) return static_cast<int>(*value);
    add_error(name,
              "must be a whole number, " + std::to_string(least) + " to " + std::to_string(most));
    return {};
}

std::optional<bool> ObjectReader::flag(std::string_view name) const {
    if (!has(name)) return {};
    const auto value = json::to_bool(*raw(name));
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
    if (!has(name)) return {};
    const auto names = json::to_strings(*raw(name));
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
              "but 410");
    return {};
}

std::optional<Headers> ObjectReader::headers(std::string_view name) const {
    if (!has(name)) return {};
    const auto as_text = json::to_string(*raw(name));
    const auto members = json::parse_object(as_text ? *as_text : *raw(name));
    if (!members) {
        add_error(name, "must be an object of strings, or that object as JSON text");
        return {};
    }
    Headers headers;
    for (const json::Member& member : *members) {
        auto value = json::to_string(member.value);
        if (value) {
            headers.push_back({member.name, *std::move(value)});
        } else {
            add_error(std::string(name) + "." + member.name, "must be a string");
        }
    }
    return headers;
}

}  // namespace webhooks::http
