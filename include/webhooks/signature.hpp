#pragma once

/// @file
/// Signing and verifying as the Standard Webhooks specification has it. A receiver can use this
/// header on its own.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace webhooks {

/// A new secret: `whsec_` and the base64 of 32 random bytes.
/// @return internal when the machine gives no randomness.
Result<Secret> make_secret();

/// Whether `secret` may sign: 1-256 printable ASCII characters; one that begins with `whsec_` must
/// go on with padded base64 of 24-64 bytes.
/// @return invalid_argument with one FieldError "secret", which does not quote it.
Result<> check_secret(const Secret& secret);

/// Signs with one secret many times: the key is prepared once. Not for two threads at once.
class Signer {
public:
    /// @return as `check_secret`.
    static Result<Signer> create(const Secret& secret);

    Signer(Signer&&) noexcept;
    Signer& operator=(Signer&&) noexcept;
    ~Signer();

    /// `v1,` and the base64 of HMAC-SHA256 over "id.timestamp.body" (specification, "Signature
    /// scheme"). The key is, for a `whsec_` secret, the bytes behind it; else the secret's own.
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

/// Verifies in constant time, and refuses a timestamp further from `now` than `tolerance`.
/// @return invalid_argument when a header is missing or malformed, the time is off, or no
/// signature matches; the detail says which.
Result<> verify(const Secret& secret, const SignedMessage& message, Time now,
                std::chrono::seconds tolerance = std::chrono::minutes(5));

}  // namespace webhooks
