#pragma once

#include <optional>
#include <string_view>

namespace webhooks::http {

/// Host and port as in RFC 3986, or empty; whether they name this server is not checked.
bool is_authority(std::string_view text);

/// The parts of a request target (RFC 9112, section 3.2).
struct Target {
    std::string_view path;   ///< As sent; "*" in asterisk form.
    std::string_view query;  ///< What follows the first `?`, as sent.
};

/// @return parts of `text`, which is in origin, absolute or asterisk form; nullopt if it is not, or
/// if it contains a control character, a space, `#` or a non-ASCII byte.
std::optional<Target> split_target(std::string_view text);

}  // namespace webhooks::http
