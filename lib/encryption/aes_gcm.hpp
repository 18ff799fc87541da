#pragma once

/// @file
/// AES-256-GCM (NIST SP 800-38D) with nonces of 96 and tags of 128 bits.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::encryption {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t nonce_size = 12;
inline constexpr std::size_t tag_size = 16;

/// @param nonce never used before with this key.
/// @param context authenticated, not encrypted.
/// @return the ciphertext and its tag; nullopt if OpenSSL fails or a size is wrong.
std::optional<std::string> aes_gcm_encrypt(std::string_view key, std::string_view nonce,
                                           std::string_view plaintext, std::string_view context);
/// @return nullopt unless the tag matches: no unverified plaintext leaves this function.
std::optional<std::string> aes_gcm_decrypt(std::string_view key, std::string_view nonce,
                                           std::string_view ciphertext_and_tag,
                                           std::string_view context);

}  // namespace webhooks::encryption
