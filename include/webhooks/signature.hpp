#pragma once

/// @file
/// Signing and verifying as the Standard Webhooks specification has it. A receiver can use this
/// header on its own.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A new secret: `whsec_` and the base64 of 32 random bytes.
/// @return internal when there is no randomness.
Result<Secret> make_secret(Random& random = *system_random());

/// A new private key of Ed25519: `whsk_` and the base64 of its 32 bytes and of the public key's. It
/// signs as a secret does; who only verifies needs no more than its `public_key`.
/// @return internal when there is no randomness, or OpenSSL has no Ed25519.
Result<Secret> make_signing_key(Random& random = *system_random());

/// What verifies the signatures of a `whsk_` key: `whpk_` and the base64 of 32 bytes. It is no
/// secret; show it to whoever receives.
/// @return invalid_argument with one FieldError "secret", which does not quote it.
Result<Secret> public_key(const Secret& private_key);

/// Whether `secret` may sign: 1-256 printable ASCII characters. Prefixes say of which kind it is
/// (specification, "Signature scheme"):
/// - `whsec_` must go on with padded base64 of 24-64 bytes, the key of HMAC-SHA256.
/// - `whsk_` must go on with padded base64 of a private key of Ed25519: 64 bytes, its seed and the
///   public key that belongs to it, as libsodium and the Svix server have it; or the seed's 32
///   alone, as the specification's library for Go has it.
/// - `whpk_` is a public key and cannot sign.
/// - Anything else is a key of HMAC-SHA256 by its own bytes.
/// @return invalid_argument with one FieldError "secret", which does not quote it.
Result<> check_secret(const Secret& secret);

/// Whether `key` may verify: whatever may sign, or `whpk_` and padded base64 of 32 bytes.
/// @return as `check_secret`.
Result<> check_verification_key(const Secret& key);

/// Signs with one secret many times: the key is prepared once. Not for two threads at once.
class Signer {
public:
    /// @return as `check_secret`.
    static Result<Signer> create(const Secret& secret);

    Signer(Signer&&) noexcept;
    Signer& operator=(Signer&&) noexcept;
    ~Signer();

    /// `v1,` and the base64 of HMAC-SHA256 over "id.timestamp.body"; of a `whsk_` secret, `v1a,`
    /// and the base64 of the Ed25519 signature (RFC 8032) of the same. Specification, "Signature
    /// scheme".
    /// @param timestamp Unix seconds in decimal.
    Result<std::string> sign(std::string_view id, std::string_view timestamp,
                             std::string_view body);

private:
    struct Key;
    explicit Signer(std::unique_ptr<Key>) noexcept;

    std::unique_ptr<Key> key_;
};

/// What a receiver takes from a request: three headers and the body's exact bytes.
struct SignedMessage {
    std::string_view id;         ///< `webhook-id`
    std::string_view timestamp;  ///< `webhook-timestamp`
    std::string_view signature;  ///< `webhook-signature`; any one that matches suffices.
    std::string_view body;
};

/// Verifies with a key of any kind that `check_verification_key` accepts, and refuses a timestamp
/// further from `now` than `tolerance`. Of the signatures only those of the key's own version
/// count: `v1` for HMAC, which are compared in constant time, `v1a` for Ed25519, of which the first
/// ten are tried. One that matches suffices (specification, "Webhook headers").
/// @return invalid_argument when a header is missing or malformed, the time is off, no signature
/// matches, or the key is none; the detail says which.
Result<> verify(const Secret& key, const SignedMessage& message, Time now,
                std::chrono::seconds tolerance = std::chrono::minutes(5));

}  // namespace webhooks
