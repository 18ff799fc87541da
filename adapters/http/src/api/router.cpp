#include "router.hpp"

#include <charconv>
#include <optional>
#include <vector>

#include "../ascii.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

struct Row {
    std::string_view method;
    std::string_view path;
    Operation operation;
};

constexpr std::string_view get = "GET", post = "POST", put = "PUT", del = "DELETE";

constexpr Row routes[] = {
    {get, "/v1/webhooks/subscriptions", Operation::list_subscriptions},
    {post, "/v1/webhooks/subscriptions", Operation::create_subscription},
    {get, "/v1/webhooks/subscriptions/{id}", Operation::get_subscription},
    {put, "/v1/webhooks/subscriptions/{id}", Operation::update_subscription},
    {del, "/v1/webhooks/subscriptions/{id}", Operation::delete_subscription},
    {get, "/v1/webhooks/event-types", Operation::list_event_types},
    {post, "/v1/webhooks/subscriptions/{id}/test", Operation::send_test_event},
    {get, "/v1/webhooks/subscriptions/{id}/events", Operation::list_events},
    {get, "/v1/webhooks/subscriptions/{id}/events/{eventId}", Operation::get_event},
    {del, "/v1/webhooks/subscriptions/{id}/events/{eventId}", Operation::delete_event},
    {post, "/v1/webhooks/subscriptions/{id}/events/{eventId}/retry", Operation::retry_event},
    {post, "/v1/webhooks/subscriptions/{id}/recover", Operation::recover},
    {post, "/v1/webhooks/subscriptions/{id}/rotate-secret", Operation::rotate_secret},
    {get, "/v1/webhooks/subscriptions/{id}/stats", Operation::get_statistics},
    {post, "/v1/webhooks/events", Operation::publish},
    {post, "/v1/webhooks/events/batch", Operation::publish_batch},
    {get, "/health/live", Operation::check_live},
    {get, "/health/ready", Operation::check_ready},
};

constexpr std::int64_t max_id = (std::int64_t{1} << 53) - 1;

std::optional<std::int64_t> parse_id(std::string_view text) {
    std::int64_t id = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || text.size() > 16 || !is_digit(text.front())) return {};
    const auto [stop, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc() || stop != end || id > max_id) return {};
    return id;
}

/// Takes one segment with its slash off the front. @pre `path` begins with a slash.
std::string_view take_segment(std::string_view& path) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

bool match_decoded(std::string_view pattern, std::string_view segment, Route& route) {
    if (pattern != "{id}" && pattern != "{eventId}") return iequals(pattern, segment);
    const auto id = parse_id(segment);
    if (!id) return false;
    (pattern == "{id}" ? route.id : route.event_id) = *id;
    return true;
}

bool match_segment(std::string_view pattern, std::string_view segment, Route& route) {
    // Hardly any has an escape, and each is looked at once for each route.
    if (segment.find('%') == std::string_view::npos) return match_decoded(pattern, segment, route);
    const auto decoded = percent_decode(segment, Blank::from_escape_alone);
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
    if (method == get) allow += ", HEAD";
}

}  // namespace

Route find_route(std::string_view method, std::string_view path) {
    const std::string_view wanted = method == "HEAD" ? get : method;
    Route route;
    for (const Row& row : routes) {
        if (!match_path(row.path, path, route)) continue;
        route.kind = Route::Kind::wrong_method;
        add_method(route.allow, row.method);
        if (row.method != wanted) continue;
        route.kind = Route::Kind::operation;
        route.operation = row.operation;
        return route;
    }
    return route;
}

bool is_health_path(std::string_view path) {
    constexpr std::string_view prefix = "/health/";
    return iequals(path.substr(0, prefix.size()), prefix);
}

}  // namespace webhooks::http
