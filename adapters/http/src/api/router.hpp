#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operations.hpp"

namespace webhooks::http {

/// The operation that a method and a path select.
struct Route {
    /// Null if there is no such path, or not with this method.
    const Operation* operation = nullptr;
    std::int64_t id = 0;          ///< `{id}` of the path; 0 if it has none.
    std::int64_t event_id = 0;    ///< `{eventId}` of the path, or `{event}` if it is a number.
    std::int64_t key_id = 0;      ///< `{keyId}` of the path.
    std::int64_t session_id = 0;  ///< `{sessionId}` of the path.
    std::string webhook_id = {};  ///< `{event}` of the path otherwise.
    std::string event_type = {};  ///< `{name}` of the path.
    std::string asset_hash = {};  ///< `{hash}` of the path.
    std::string asset_name = {};  ///< `{file}` of the path.
    std::string allow = {};       ///< For a wrong method: the allowed ones, for the Allow field.
};

/// Finds the route. Paths are case-insensitive, `%` escapes within a segment are decoded, one
/// trailing slash is accepted; HEAD has the routes of GET. An id is 1 to 16 plain digits, at most
/// 2^53 - 1; with anything else in its place there is no such path.
/// @param base_path replaces `{base}`.
/// @param has_portal without one, there are no operations of the portal.
Route find_route(std::string_view method, std::string_view path, std::string_view base_path,
                 bool has_portal);

/// The part of a path after the base path: empty, or beginning with a slash; nullopt if the path is
/// not below the base path.
std::optional<std::string_view> below(std::string_view base_path, std::string_view path);

/// Whether a path is below `/health/`, where no credentials are required.
bool is_health_path(std::string_view path);
/// Whether a path is `/portal` or below it.
bool is_portal_path(std::string_view path);

}  // namespace webhooks::http
