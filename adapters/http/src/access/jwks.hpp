#pragma once

#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

/// The keys of a JSON Web Key Set (RFC 7517) that verify tokens of a supported algorithm; others
/// are ignored.
/// @return invalid_argument, with a detail but without fields: no such set, no key that is usable,
/// or one that is broken.
Result<std::vector<JwtVerifier>> read_jwks(std::string_view text);

/// Whether each key can be selected: a name of its own, or a single key without one.
/// @return invalid_argument, with a detail but without fields.
Result<> check_names(const std::vector<JwtVerifier>& keys);

}  // namespace webhooks::http
