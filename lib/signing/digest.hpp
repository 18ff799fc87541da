#pragma once

/// @file
/// Digests, randomness and base64. Every function may be called from any thread at once.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>

namespace webhooks::signing {

/// SHA-256 (FIPS 180-4): 32 raw bytes.
WEBHOOKS_EXPORT std::string sha256(std::string_view data);

/// RFC 4648, section 4, with padding.
/// @param head what the result begins with, as it is.
std::string base64_encode(std::string_view data, std::string_view head = {});
/// RFC 4648, section 4, strictly: padded, nothing outside the alphabet, and only the canonical
/// encoding.
/// @return nullopt for any other text.
std::optional<std::string> base64_decode(std::string_view text);
/// RFC 4648, section 5, without padding.
std::string base64url_encode(std::string_view data);

/// Bytes suitable for keys. @return internal if the random number generator fails.
Result<std::string> random_bytes(std::size_t size, Random& random);

/// Whether two texts are equal, in a time that depends only on their sizes.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace webhooks::signing
