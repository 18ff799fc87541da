#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http {

/// Decodes base64url without padding (RFC 7515, section 2). @return nullopt for any other
/// character, a length that is impossible, and bits that are not used but not zero.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace webhooks::http
