#pragma once

/// @file
/// Encrypted values as text. Functions may be called from any thread at once.

#include <encryption/aes_gcm.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/encryption.hpp>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>

namespace webhooks::encryption {

/// What a value is and whose: part of what its tag protects, so that it cannot be moved elsewhere.
/// No part contains U+0000.
using Context = std::initializer_list<std::string_view>;

/// 32 random bytes. @return internal if OpenSSL has none.
WEBHOOKS_EXPORT Result<Secret> make_key();

/// Seals and opens any number of values, for less time each than the functions below. Not
/// thread-safe; not to be used on both sides of a fork.
class WEBHOOKS_EXPORT Envelope {
public:
    /// @return base64 of a version, a random nonce, the ciphertext and the tag.
    Result<std::string> seal(const Secret& key, std::string_view plaintext, Context context);
    /// @return corrupt unless `text` is what `seal` returned for this key and context.
    Result<Secret> open(const Secret& key, std::string_view text, Context context);

private:
    std::optional<std::string> next_nonce();

    AesGcm cipher_;
    std::string nonces_;  ///< Random bytes, used from the end.
};

/// As in Envelope.
WEBHOOKS_EXPORT Result<std::string> seal(const Secret& key, std::string_view plaintext,
                                         Context context);
WEBHOOKS_EXPORT Result<Secret> open(const Secret& key, std::string_view text, Context context);

/// HMAC-SHA256 of a digest: who has only the result cannot tell whether a guessed content is right.
/// @param purpose keeps results for different purposes apart
WEBHOOKS_EXPORT std::string keyed_digest(const Secret& key, std::string_view purpose,
                                         std::string_view digest);

/// `KeyProvider::current` and `find`, checked: the host's code may throw, or return a wrong key.
/// @return unavailable if it threw; invalid_argument if the key is not as documented.
WEBHOOKS_EXPORT Result<EncryptionKey> current_key(KeyProvider& keys);
/// Also names the key in the error.
WEBHOOKS_EXPORT Result<EncryptionKey> find_key(KeyProvider& keys, const std::string& id);

/// @return whether it is an id as `EncryptionKey::id` documents.
bool is_key_id(std::string_view id);

}  // namespace webhooks::encryption
