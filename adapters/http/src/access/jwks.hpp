#pragma once

#include <cstdint>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

#include "jwt_key.hpp"

namespace webhooks::http {

/// Where a set of keys comes from.
enum class KeySetOrigin : std::uint8_t {
    file,
    published,  ///< Everyone can read it, so that it must have no symmetric key, which is a secret.
};

/// The keys of a JSON Web Key Set (RFC 7517) that verify tokens of a supported algorithm; others
/// are ignored.
/// @return invalid_argument, with a detail but without fields: no such set, no key that is usable,
/// one that is broken, or one that must not be published.
Result<std::vector<JwtVerifier>> read_jwks(std::string_view text, KeySetOrigin origin);

/// Whether each key can be selected: a name of its own, or a single key without one.
/// @return invalid_argument, with a detail but without fields.
Result<> check_names(const std::vector<JwtVerifier>& keys);

}  // namespace webhooks::http
