#include <algorithm>
#include <base/ascii.hpp>
#include <charconv>
#include <optional>
#include <signing/digest.hpp>
#include <signing/hmac.hpp>
#include <webhooks/signature.hpp>

namespace webhooks {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view signature_prefix = "v1,";
constexpr std::size_t max_secret_bytes = 256;
constexpr std::size_t least_key_bytes = 24;
constexpr std::size_t most_key_bytes = 64;

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

std::optional<std::chrono::seconds> parse_timestamp(std::string_view text) {
    // Longer ones would not fit where times are reckoned; the year 33658 may look after itself.
    constexpr std::size_t most_digits = 12;
    std::uint64_t seconds = 0;
    const char* const end = text.data() + text.size();
    if (text.size() > most_digits) return {};
    if (std::from_chars(text.data(), end, seconds).ptr != end) return {};
    return std::chrono::seconds(seconds);
}

Result<> check_time(std::string_view timestamp, Time now, std::chrono::seconds tolerance) {
    const auto seconds = parse_timestamp(timestamp);
    if (!seconds) return Error(Errc::invalid_argument, "webhook-timestamp is not Unix seconds");
    const auto age = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) - *seconds;
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
    explicit Key(signing::HmacSha256 keyed) noexcept : mac(std::move(keyed)) {}

    signing::HmacSha256 mac;
};

Signer::Signer(std::unique_ptr<Key> key) noexcept : key_(std::move(key)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::create(const Secret& secret) {
    const Result<Secret> key = key_of(secret);
    if (!key) return key.error();
    std::optional<signing::HmacSha256> mac = signing::HmacSha256::create(key->reveal());
    if (!mac) return openssl_error();
    return Signer(std::make_unique<Key>(std::move(*mac)));
}

Result<std::string> Signer::sign(std::string_view id, std::string_view timestamp,
                                 std::string_view body) {
    const auto tag = key_->mac.compute({id, ".", timestamp, ".", body});
    if (!tag) return openssl_error();
    return std::string(signature_prefix) + signing::base64_encode(*tag);
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
