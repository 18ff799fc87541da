#pragma once

/// @file
/// Signing and verifying as defined by the Standard Webhooks specification. A receiver can use this
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
/// @return internal if the random number generator fails.
Result<Secret> make_secret(Random& random = *system_random());

/// A new Ed25519 private key: `whsk_` and the base64 of its 32-byte seed and its public key. It
/// signs like a secret; a receiver that only verifies needs only its `public_key`.
/// @return internal if the random number generator fails, or OpenSSL has no Ed25519.
Result<Secret> make_signing_key(Random& random = *system_random());

/// The public key that verifies the signatures of a `whsk_` key: `whpk_` and the base64 of 32
/// bytes. It is not secret; give it to receivers.
/// @return invalid_argument with one FieldError "secret", which does not quote it.
Result<Secret> public_key(const Secret& private_key);

/// Whether `secret` can sign: 1-256 printable ASCII characters. The prefix determines its kind
/// (specification, "Signature scheme"):
/// - `whsec_` must be followed by padded base64 of 24-64 bytes, the HMAC-SHA256 key.
/// - `whsk_` must be followed by padded base64 of an Ed25519 private key: 64 bytes, its seed
///   followed by its public key, as in libsodium and the Svix server; or only the 32-byte seed, as
///   in the specification's Go library.
/// - `whpk_` is a public key and cannot sign.
/// - Anything else is an HMAC-SHA256 key consisting of its own bytes.
/// @return invalid_argument with one FieldError "secret", which does not quote it.
Result<> check_secret(const Secret& secret);

/// Whether `key` can verify: any key that can sign, or `whpk_` and padded base64 of 32 bytes.
/// @return as `check_secret`.
Result<> check_verification_key(const Secret& key);

/// Signs with one secret many times: the key is prepared once. Not thread-safe.
class Signer {
public:
    /// @return as `check_secret`.
    static Result<Signer> create(const Secret& secret);

    Signer(Signer&&) noexcept;
    Signer& operator=(Signer&&) noexcept;
    ~Signer();

    /// `v1,` and the base64 of HMAC-SHA256 over "id.timestamp.body"; for a `whsk_` secret, `v1a,`
    /// and the base64 of the Ed25519 signature (RFC 8032) of the same text. Specification,
    /// "Signature scheme".
    /// @param timestamp Unix seconds in decimal.
    Result<std::string> sign(std::string_view id, std::string_view timestamp,
                             std::string_view body);

private:
    struct Key;
    explicit Signer(std::unique_ptr<Key>) noexcept;

    std::unique_ptr<Key> key_;
};

/// The parts of a request that a receiver verifies: three headers and the exact bytes of the body.
struct SignedMessage {
    std::string_view id;         ///< `webhook-id`
    std::string_view timestamp;  ///< `webhook-timestamp`
    std::string_view signature;  ///< `webhook-signature`; one match is enough.
    std::string_view body;
};

/// Verifies with a key of any kind that `check_verification_key` accepts. Rejects a timestamp that
/// differs from `now` by more than `tolerance`. Considers only signatures of the key's own version:
/// `v1` for HMAC, compared in constant time; `v1a` for Ed25519, of which at most ten are tried. One
/// match is enough (specification, "Webhook headers").
/// @return invalid_argument if a header is missing or malformed, the time differs too much, no
/// signature matches, or the key is invalid; the detail says which.
Result<> verify(const Secret& key, const SignedMessage& message, Time now,
                std::chrono::seconds tolerance = std::chrono::minutes(5));

}  // namespace webhooks
