#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

/// What was signed, and by which key.
struct VerifiedJws {
    std::string payload;
    std::string key_id;
};

/// Verifies a JSON Web Signature in compact form (RFC 7515).
/// @return invalid_argument, with a message for the caller.
Result<VerifiedJws> verify_jws(std::string_view token, const std::vector<JwtVerifier>& keys);

/// Whether a token names a key that is not among these.
bool names_unknown_key(std::string_view token, const std::vector<JwtVerifier>& keys);

}  // namespace webhooks::http
