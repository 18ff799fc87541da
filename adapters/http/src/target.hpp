#pragma once

#include <optional>
#include <string_view>

namespace webhooks::http {

/// Host and port as RFC 3986 spells them, or empty; whether they name this server is not checked.
bool is_authority(std::string_view text);

/// A request target (RFC 9112, section 3.2), taken apart.
struct Target {
    std::string_view path;   ///< As it was sent; "*" in asterisk form.
    std::string_view query;  ///< What follows the first `?`, as it was sent.
};

/// @return pieces of `text`, which is in origin, absolute or asterisk form; nullopt if it is not,
/// or has a control character, a blank, `#` or a byte beyond ASCII.
std::optional<Target> split_target(std::string_view text);

}  // namespace webhooks::http
