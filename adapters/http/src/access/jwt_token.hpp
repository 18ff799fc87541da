#pragma once

#include <string_view>
#include <vector>
#include <webhooks/principal.hpp>
#include <webhooks/time.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

/// Whether a text may be a token, rather than a key: it has two dots or more.
bool looks_like_jwt(std::string_view text);

/// Verifies a token and reads its claims. @return invalid_argument, with a message for the caller.
Result<Principal> read_jwt(std::string_view token, const std::vector<JwtVerifier>& keys,
                           const JwtOptions& options, Time now);

}  // namespace webhooks::http
