#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operations.hpp"

namespace webhooks::http {

/// What a method and a path lead to.
struct Route {
    /// Null if there is no such path, or not for this method.
    const Operation* operation = nullptr;
    std::int64_t id = 0;        ///< `{id}` of the path; 0 if it has none.
    std::int64_t event_id = 0;  ///< `{eventId}` of the path.
    std::string allow = {};     ///< For a wrong method: the right ones, for the Allow field.
};

/// Finds the route. Paths are read without regard to case, `%` escapes within a segment are
/// decoded, one trailing slash is tolerated; HEAD leads where GET does. An id is 1 to 16 plain
/// digits, at most 2^53 - 1; anything else in its place is no such path.
/// @param base_path what `{base}` stands for.
Route find_route(std::string_view method, std::string_view path, std::string_view base_path);

/// What of a path follows the base path, beginning with a slash or empty; nullopt if the path is
/// not below it.
std::optional<std::string_view> below(std::string_view base_path, std::string_view path);

/// Whether a path lies below `/health/`, where no credentials are asked for.
bool is_health_path(std::string_view path);

}  // namespace webhooks::http
