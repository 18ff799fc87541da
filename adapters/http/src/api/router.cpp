#include "router.hpp"

#include <charconv>
#include <optional>

#include "../ascii.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

constexpr std::string_view base = "{base}";

constexpr std::int64_t max_id = (std::int64_t{1} << 53) - 1;

std::optional<std::int64_t> parse_id(std::string_view text) {
    std::int64_t id = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || text.size() > 16 || !is_digit(text.front())) return {};
    const auto [stop, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc() || stop != end || id > max_id) return {};
    return id;
}

/// Removes the first segment, with its slash, from the path. @pre `path` begins with a slash.
std::string_view take_segment(std::string_view& path) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

bool match_decoded(std::string_view pattern, std::string_view segment, Route& route) {
    // Most comparisons: each path is compared with the patterns of many operations.
    if (!pattern.starts_with('{')) return iequals(pattern, segment);
    const bool is_event = pattern == "{event}";
    if (pattern == "{hash}" || pattern == "{file}") {
        (pattern == "{hash}" ? route.asset_hash : route.asset_name) = segment;
        return true;
    }
    if (pattern == "{name}") {
        route.event_type = segment;
        // No type has the name of the catalog, which is an operation of its own.
        return !segment.empty() && !iequals(segment, "openapi.json");
    }
    std::int64_t* const place = pattern == "{id}"                    ? &route.id
                                : pattern == "{keyId}"               ? &route.key_id
                                : pattern == "{sessionId}"           ? &route.session_id
                                : pattern == "{eventId}" || is_event ? &route.event_id
                                                                     : nullptr;
    if (place == nullptr) return iequals(pattern, segment);
    const auto id = parse_id(segment);
    if (!id && is_event && segment.find('_') != std::string_view::npos) {
        route.webhook_id = segment;
        return true;
    }
    if (!id) return false;
    *place = *id;
    return true;
}

bool match_segment(std::string_view pattern, std::string_view segment, Route& route) {
    // Few segments contain an escape, and each one is compared with every route.
    if (segment.find('%') == std::string_view::npos) return match_decoded(pattern, segment, route);
    const auto decoded = percent_decode(segment, Blank::from_escape_only);
    return decoded && match_decoded(pattern, *decoded, route);
}

bool match_path(std::string_view pattern, std::string_view path, Route& route) {
    while (path.starts_with('/') && !pattern.empty()) {
        if (!match_segment(take_segment(pattern), take_segment(path), route)) return false;
    }
    return pattern.empty() && (path.empty() || path == "/");
}

void add_method(std::string& allow, std::string_view method) {
    if (!allow.empty()) allow += ", ";
    allow += method;
    if (method == "GET") allow += ", HEAD";
}

/// Removes the segments of a prefix from the front of a path.
bool match_segments(std::string_view prefix, std::string_view& path) {
    Route ignored;
    while (!prefix.empty()) {
        if (!path.starts_with('/')) return false;
        if (!match_segment(take_segment(prefix), take_segment(path), ignored)) return false;
    }
    return true;
}

}  // namespace

std::optional<std::string_view> below(std::string_view base_path, std::string_view path) {
    if (!match_segments(base_path, path)) return {};
    return path;
}

Route find_route(std::string_view method, std::string_view path, std::string_view base_path,
                 bool has_portal) {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const std::optional<std::string_view> rest = below(base_path, path);
    const auto matches = [&](const Operation& operation, Route& route) {
        if (operation.area != Area::api && !has_portal) return false;
        const bool has_base = operation.path.starts_with(base);
        if (has_base && !rest) return false;
        const std::string_view pattern = operation.path.substr(has_base ? base.size() : 0);
        return match_path(pattern, has_base ? *rest : path, route);
    };
    for (const Operation& operation : operations()) {
        if (operation.method != wanted) continue;
        Route route{.operation = &operation};
        if (matches(operation, route)) return route;
    }
    Route other;
    for (const Operation& operation : operations()) {
        if (matches(operation, other)) add_method(other.allow, operation.method);
    }
    return other;
}

bool is_health_path(std::string_view path) {
    return below("/health", path).value_or("").size() > 1;
}

bool is_portal_path(std::string_view path) {
    return below("/portal", path).has_value();
}

}  // namespace webhooks::http
