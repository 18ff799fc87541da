#include <base/ascii.hpp>
#include <signing/digest.hpp>
#include <signing/key_text.hpp>
#include <webhooks/signature.hpp>

namespace webhooks {
namespace signing {
namespace {

constexpr std::string_view hmac_prefix = "whsec_";
constexpr std::string_view private_prefix = "whsk_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::size_t max_text_bytes = 256;
constexpr std::size_t min_hmac_bytes = 24;
constexpr std::size_t max_hmac_bytes = 64;

Error secret_error(const char* message) {
    return Error(std::vector<FieldError>{{"secret", message}});
}

bool begins_with(const Secret& text, std::string_view prefix) {
    return text.reveal().starts_with(prefix);
}

/// The decoded rest after the prefix; empty if it is not base64.
Secret decode(const Secret& text, std::string_view prefix) {
    std::optional<std::string> decoded = base64_decode(text.reveal().substr(prefix.size()));
    return Secret(decoded ? std::move(*decoded) : std::string());
}

Secret encode(std::string_view prefix, std::string_view bytes) {
    const Secret text(base64_encode(bytes));
    return Secret(std::string(prefix).append(text.reveal()));
}

/// What libsodium calls the secret key: the seed followed by the public key.
Secret join(std::string_view seed, std::string_view public_key) {
    std::string both;
    both.reserve(seed.size() + public_key.size());  // Reallocation would leave a copy of the seed.
    both.append(seed).append(public_key);
    return Secret(std::move(both));
}

Result<Key> read_hmac_key(const Secret& text) {
    Secret key = decode(text, hmac_prefix);
    if (key.reveal().size() < min_hmac_bytes || key.reveal().size() > max_hmac_bytes) {
        return secret_error("must have padded base64 of 24 to 64 bytes after whsec_");
    }
    return Key(std::move(key));
}

Result<Key> ed25519_key(std::optional<Ed25519Key> key) {
    if (!key) return secret_error("needs Ed25519, which this OpenSSL does not support");
    return Key(std::move(*key));
}

Result<Key> read_private_key(const Secret& text) {
    const Secret bytes = decode(text, private_prefix);
    const bool is_seed = bytes.reveal().size() == Ed25519Key::size;
    if (!is_seed && bytes.reveal().size() != 2 * Ed25519Key::size) {
        return secret_error("must have padded base64 of 64 or 32 bytes after whsk_");
    }
    const std::string_view seed = bytes.reveal().substr(0, Ed25519Key::size);
    std::optional<Ed25519Key> key = Ed25519Key::from_seed(seed);
    if (key && !is_seed && bytes != join(seed, key->public_key())) {
        return secret_error("must have its own public key after its 32-byte seed");
    }
    return ed25519_key(std::move(key));
}

Result<Key> read_public_key(const Secret& text) {
    const Secret bytes = decode(text, public_prefix);
    if (bytes.reveal().size() != Ed25519Key::size) {
        return secret_error("must have padded base64 of 32 bytes after whpk_");
    }
    return ed25519_key(Ed25519Key::from_public_key(bytes.reveal()));
}

}  // namespace

Result<Key> read_signing_key(const Secret& text) {
    if (begins_with(text, public_prefix)) {
        return secret_error("must be a private key (whsk_); a public one (whpk_) cannot sign");
    }
    return read_verification_key(text);
}

Result<Key> read_verification_key(const Secret& text) {
    if (text.empty() || text.reveal().size() > max_text_bytes ||
        !ascii::is_printable(text.reveal())) {
        return secret_error("must be 1 to 256 printable ASCII characters");
    }
    if (begins_with(text, hmac_prefix)) return read_hmac_key(text);
    if (begins_with(text, private_prefix)) return read_private_key(text);
    if (begins_with(text, public_prefix)) return read_public_key(text);
    return Key(text);
}

}  // namespace signing

Result<Secret> make_secret(Random& random) {
    Result<std::string> bytes = signing::random_bytes(32, random);
    if (!bytes) return bytes.error();
    const Secret key(std::move(*bytes));
    return signing::encode(signing::hmac_prefix, key.reveal());
}

Result<Secret> make_signing_key(Random& random) {
    Result<std::string> bytes = signing::random_bytes(signing::Ed25519Key::size, random);
    if (!bytes) return bytes.error();
    const Secret seed(std::move(*bytes));
    const auto key = signing::Ed25519Key::from_seed(seed.reveal());
    if (!key) return Error(Errc::internal, "this OpenSSL does not support Ed25519");
    const Secret both = signing::join(seed.reveal(), key->public_key());
    return signing::encode(signing::private_prefix, both.reveal());
}

Result<Secret> public_key(const Secret& private_key) {
    if (!signing::begins_with(private_key, signing::private_prefix)) {
        return signing::secret_error("must begin with whsk_ to have a public key");
    }
    const Result<signing::Key> key = signing::read_signing_key(private_key);
    if (!key) return key.error();
    return signing::encode(signing::public_prefix,
                           std::get<signing::Ed25519Key>(*key).public_key());
}

Result<> check_secret(const Secret& secret) {
    const Result<signing::Key> key = signing::read_signing_key(secret);
    if (!key) return key.error();
    return {};
}

Result<> check_verification_key(const Secret& key) {
    const Result<signing::Key> read = signing::read_verification_key(key);
    if (!read) return read.error();
    return {};
}

}  // namespace webhooks
