#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <base/thrown.hpp>
#include <encryption/envelope.hpp>
#include <signing/bytes.hpp>
#include <signing/digest.hpp>
#include <signing/hmac.hpp>
#include <signing/openssl_errors.hpp>

namespace webhooks::encryption {
namespace {

constexpr char version = 1;
constexpr std::size_t nonces_at_once = 16;

std::optional<std::string> random(std::size_t size) {
    const signing::ErrorQueueGuard guard;
    std::string text(size, '\0');
    if (RAND_bytes(signing::bytes(text), static_cast<int>(size)) != 1) return {};
    return text;
}

Error cannot_encrypt() {
    return {Errc::internal, "OpenSSL cannot encrypt"};
}

Error is_corrupt() {
    return {Errc::corrupt, "a stored value does not match its authentication tag"};
}

/// The version, and each part after a zero byte.
std::string authenticated(Context context) {
    std::size_t size = 1;
    for (const std::string_view part : context) {
        size += 1 + part.size();
    }
    std::string text;
    text.reserve(size);
    text.push_back(version);
    for (const std::string_view part : context) {
        text.append(1, '\0').append(part);
    }
    return text;
}

/// Calls the host's code.
template <class Call>
Result<EncryptionKey> checked(Call call) {
    try {
        Result<EncryptionKey> key = call();
        if (key && (!is_key_id(key->id) || key->bytes.reveal().size() != key_size)) {
            return Error(Errc::invalid_argument,
                         "EncryptionOptions::keys returned a key that is not 32 bytes long, or has "
                         "an id that is not 1-64 of A-Z, a-z, 0-9, '.', '_' and '-'");
        }
        return key;
    } catch (...) {
        return Error(Errc::unavailable,
                     "EncryptionOptions::keys threw: " + std::string(what_was_thrown()));
    }
}

}  // namespace

bool is_key_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

Result<Secret> make_key() {
    std::optional<std::string> bytes = random(key_size);
    if (!bytes) return cannot_encrypt();
    return Secret(*std::move(bytes));
}

/// Many at a time: a call of the random number generator takes as long as to encrypt a short value.
std::optional<std::string> Envelope::next_nonce() {
    if (nonces_.empty()) {
        std::optional<std::string> bytes = random(nonces_at_once * nonce_size);
        if (!bytes) return {};
        nonces_ = *std::move(bytes);
    }
    std::string nonce = nonces_.substr(nonces_.size() - nonce_size);
    nonces_.resize(nonces_.size() - nonce_size);
    return nonce;
}

Result<std::string> Envelope::seal(const Secret& key, std::string_view plaintext, Context context) {
    const std::optional<std::string> nonce = next_nonce();
    if (!nonce) return cannot_encrypt();
    const std::optional<std::string> sealed =
        cipher_.encrypt(key.reveal(), *nonce, plaintext, authenticated(context), version + *nonce);
    if (!sealed) return cannot_encrypt();
    return signing::base64_encode(*sealed);
}

Result<Secret> Envelope::open(const Secret& key, std::string_view text, Context context) {
    const std::optional<std::string> value = signing::base64_decode(text);
    if (!value || value->size() < 1 + nonce_size + tag_size || value->front() != version) {
        return is_corrupt();
    }
    const std::string_view rest = std::string_view(*value).substr(1);
    std::optional<std::string> plaintext = cipher_.decrypt(
        key.reveal(), rest.substr(0, nonce_size), rest.substr(nonce_size), authenticated(context));
    if (!plaintext) return is_corrupt();
    return Secret(*std::move(plaintext));
}

Result<std::string> seal(const Secret& key, std::string_view plaintext, Context context) {
    return Envelope().seal(key, plaintext, context);
}

Result<Secret> open(const Secret& key, std::string_view text, Context context) {
    return Envelope().open(key, text, context);
}

std::string keyed_digest(const Secret& key, std::string_view purpose, std::string_view digest) {
    std::optional<signing::HmacSha256> hmac = signing::HmacSha256::create(key.reveal());
    const std::optional<std::string> keyed = hmac ? hmac->compute({purpose, digest}) : std::nullopt;
    // Without OpenSSL nothing can be encrypted either, so that the publication is rejected.
    return keyed.value_or(std::string(digest.size(), '\0'));
}

Result<EncryptionKey> current_key(KeyProvider& keys) {
    return checked([&] { return keys.current(); });
}

Result<EncryptionKey> find_key(KeyProvider& keys, const std::string& id) {
    Result<EncryptionKey> key = checked([&] { return keys.find(id); });
    if (key) return key;
    return Error(key.error().code(),
                 "the encryption key '" + id + "' protects data in this database, and " +
                     (key.error() == Errc::not_found ? "EncryptionOptions::keys does not have it"
                                                     : key.error().detail()));
}

}  // namespace webhooks::encryption
