#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <base/ascii.hpp>
#include <charconv>
#include <optional>
#include <signing/digest.hpp>
#include <webhooks/signature.hpp>

namespace webhooks {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view signature_prefix = "v1,";
constexpr std::size_t max_secret_bytes = 256;
constexpr std::size_t least_key_bytes = 24;
constexpr std::size_t most_key_bytes = 64;

using Tag = std::array<unsigned char, 32>;

Error secret_error(const char* message) {
    return Error(std::vector<FieldError>{{"secret", message}});
}

Error openssl_error() {
    return Error(Errc::internal, "OpenSSL could not compute a signature");
}

/// The bytes that sign.
Result<Secret> key_of(const Secret& secret) {
    std::string_view text = secret.reveal();
    if (text.empty() || text.size() > max_secret_bytes || !ascii::is_printable(text)) {
        return secret_error("must be 1 to 256 printable ASCII characters");
    }
    if (!text.starts_with(secret_prefix)) return secret;
    text.remove_prefix(secret_prefix.size());
    std::optional<std::string> decoded = signing::base64_decode(text);
    Secret key(decoded ? std::move(*decoded) : std::string());
    if (key.reveal().size() < least_key_bytes || key.reveal().size() > most_key_bytes) {
        return secret_error("must go on with padded base64 of 24 to 64 bytes after whsec_");
    }
    return key;
}

struct FreeMac {
    void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

/// HMAC-SHA256 with its key taken in; null when OpenSSL fails.
MacContext make_context(std::string_view key) {
    const std::unique_ptr<EVP_MAC, FreeMac> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    MacContext context(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    if (!context || EVP_MAC_init(context.get(), bytes, key.size(), parameters) != 1) return {};
    return context;
}

bool update(EVP_MAC_CTX* context, std::string_view data) {
    return EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(data.data()),
                          data.size()) == 1;
}

/// Specification, "Signature scheme". Without a key the context begins anew with the one it has.
bool compute(EVP_MAC_CTX* context, std::string_view id, std::string_view timestamp,
             std::string_view body, Tag& tag) {
    std::size_t size = 0;
    return EVP_MAC_init(context, nullptr, 0, nullptr) == 1 && update(context, id) &&
           update(context, ".") && update(context, timestamp) && update(context, ".") &&
           update(context, body) && EVP_MAC_final(context, tag.data(), &size, tag.size()) == 1;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    // Longer ones would not fit where times are reckoned; the year 33658 may look after itself.
    constexpr std::size_t most_digits = 12;
    std::int64_t seconds = 0;
    const auto [end, fault] = std::from_chars(text.begin(), text.end(), seconds);
    if (text.size() > most_digits || fault != std::errc() || end != text.end()) return {};
    if (seconds < 0) return {};
    return seconds;
}

Result<> check_time(std::string_view timestamp, Time now, std::chrono::seconds tolerance) {
    const auto seconds = parse_timestamp(timestamp);
    if (!seconds) return Error(Errc::invalid_argument, "webhook-timestamp is not Unix seconds");
    const auto age = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) -
                     std::chrono::seconds(*seconds);
    if (age > tolerance) return Error(Errc::invalid_argument, "webhook-timestamp is too old");
    if (-age > tolerance) return Error(Errc::invalid_argument, "webhook-timestamp is too new");
    return {};
}

/// Looks at every signature, so that the time tells nothing of which one matched.
bool has_signature(std::string_view signatures, std::string_view expected) {
    bool is_found = false;
    while (!signatures.empty()) {
        const std::string_view one = signatures.substr(0, signatures.find(' '));
        is_found |= signing::equal_in_constant_time(one, expected);
        signatures.remove_prefix(std::min(signatures.size(), one.size() + 1));
    }
    return is_found;
}

}  // namespace

Result<Secret> make_secret() {
    Result<std::string> random = signing::random_bytes(32);
    if (!random) return random.error();
    const Secret bytes(std::move(*random));
    const Secret text(signing::base64_encode(bytes.reveal()));
    return Secret(std::string(secret_prefix).append(text.reveal()));
}

Result<> check_secret(const Secret& secret) {
    const Result<Secret> key = key_of(secret);
    if (!key) return key.error();
    return {};
}

struct Signer::Key {
    MacContext context;
};

Signer::Signer(std::unique_ptr<Key> key) noexcept : key_(std::move(key)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::create(const Secret& secret) {
    const Result<Secret> key = key_of(secret);
    if (!key) return key.error();
    MacContext context = make_context(key->reveal());
    if (!context) return openssl_error();
    return Signer(std::make_unique<Key>(std::move(context)));
}

Result<std::string> Signer::sign(std::string_view id, std::string_view timestamp,
                                 std::string_view body) {
    Tag tag;
    if (!compute(key_->context.get(), id, timestamp, body, tag)) return openssl_error();
    const std::string_view bytes(reinterpret_cast<const char*>(tag.data()), tag.size());
    return std::string(signature_prefix) + signing::base64_encode(bytes);
}

Result<> verify(const Secret& secret, const SignedMessage& message, Time now,
                std::chrono::seconds tolerance) {
    if (message.id.empty()) return Error(Errc::invalid_argument, "webhook-id is missing");
    if (message.timestamp.empty()) {
        return Error(Errc::invalid_argument, "webhook-timestamp is missing");
    }
    if (message.signature.empty()) {
        return Error(Errc::invalid_argument, "webhook-signature is missing");
    }
    if (Result<> in_time = check_time(message.timestamp, now, tolerance); !in_time) return in_time;
    Result<Signer> signer = Signer::create(secret);
    if (!signer) return signer.error();
    const auto expected = signer->sign(message.id, message.timestamp, message.body);
    if (!expected) return expected.error();
    if (has_signature(message.signature, *expected)) return {};
    return Error(Errc::invalid_argument, "no signature matches");
}

}  // namespace webhooks
