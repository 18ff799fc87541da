#pragma once

/// @file
/// AES-256-GCM (NIST SP 800-38D) with nonces of 96 and tags of 128 bits.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/export.hpp>

struct evp_cipher_ctx_st;

namespace webhooks::encryption {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t nonce_size = 12;
inline constexpr std::size_t tag_size = 16;

/// Encrypts and decrypts any number of values, also under different keys. OpenSSL's contexts are
/// made once, which takes longer than to encrypt a short value. Not thread-safe.
class AesGcm {
public:
    AesGcm() = default;

    /// @param nonce never used before with this key.
    /// @param context authenticated, not encrypted.
    /// @param head what the result begins with, as it is.
    /// @return the head, the ciphertext and its tag; nullopt if OpenSSL fails or a size is wrong.
    std::optional<std::string> encrypt(std::string_view key, std::string_view nonce,
                                       std::string_view plaintext, std::string_view context,
                                       std::string_view head = {});
    /// @return nullopt unless the tag matches: no unverified plaintext leaves this function.
    std::optional<std::string> decrypt(std::string_view key, std::string_view nonce,
                                       std::string_view ciphertext_and_tag,
                                       std::string_view context);

private:
    struct WEBHOOKS_EXPORT Free {
        void operator()(evp_cipher_ctx_st* context) const noexcept;
    };
    using Context = std::unique_ptr<evp_cipher_ctx_st, Free>;

    // Null until the first use.
    Context encryption_;
    Context decryption_;
};

}  // namespace webhooks::encryption
