#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace webhooks::signing {

/// An Ed25519 key (RFC 8032), parsed once: a pair, or only its public half. Its `const` member
/// functions may be called from any thread at once.
class Ed25519Key {
public:
    /// The size in bytes of a seed, and of a public key.
    static constexpr std::size_t size = 32;

    /// The pair of a seed, which RFC 8032 calls the private key.
    /// @pre `seed` has `size` bytes. @return nullopt if OpenSSL has no Ed25519.
    static std::optional<Ed25519Key> from_seed(std::string_view seed);
    /// @pre `public_key` has `size` bytes. @return nullopt if OpenSSL has no Ed25519.
    static std::optional<Ed25519Key> from_public_key(std::string_view public_key);

    const std::string& public_key() const noexcept { return public_key_; }

    /// 64 raw bytes. @return nullopt if OpenSSL fails, or without the private half.
    std::optional<std::string> sign(std::string_view message) const;
    /// Whether `signature`, of any size, is this key's signature of `message`.
    bool verifies(std::string_view signature, std::string_view message) const;

private:
    struct Free {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    using Handle = std::unique_ptr<evp_pkey_st, Free>;

    static std::optional<Ed25519Key> of(Handle key);
    Ed25519Key(Handle key, std::string public_key) noexcept
        : key_(std::move(key)), public_key_(std::move(public_key)) {}

    Handle key_;
    std::string public_key_;
};

}  // namespace webhooks::signing
