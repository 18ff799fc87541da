#include <algorithm>
#include <charconv>
#include <optional>
#include <signing/digest.hpp>
#include <signing/hmac.hpp>
#include <signing/key_text.hpp>
#include <webhooks/signature.hpp>

namespace webhooks {
namespace {

using signing::Ed25519Key;
using signing::HmacSha256;

constexpr std::string_view hmac_version = "v1,";
constexpr std::string_view ed25519_version = "v1a,";
/// Each attempt costs a hash of the whole body, and anyone can send a header full of signatures.
constexpr int max_ed25519_tries = 10;

Error openssl_error() {
    return Error(Errc::internal, "OpenSSL could not compute a signature");
}

/// Ed25519 reads its message twice, so it needs it in one piece.
std::string signed_content(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
    return content;
}

Result<std::string> write(std::string_view version, const std::optional<std::string>& signature) {
    if (!signature) return openssl_error();
    return signing::base64_encode(*signature, version);
}

std::optional<std::chrono::seconds> parse_timestamp(std::string_view text) {
    // Longer numbers would overflow the arithmetic of times; this suffices until the year 33658.
    constexpr std::size_t max_digits = 12;
    std::uint64_t seconds = 0;
    const char* const end = text.data() + text.size();
    if (text.size() > max_digits) return {};
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

/// Checks every signature, so that the time does not reveal which one matched.
template <typename Matches>
bool any_signature(std::string_view signatures, Matches matches) {
    bool is_found = false;
    while (!signatures.empty()) {
        const std::string_view one = signatures.substr(0, signatures.find(' '));
        is_found |= matches(one);
        signatures.remove_prefix(std::min(signatures.size(), one.size() + 1));
    }
    return is_found;
}

Result<bool> is_signed_by(const Secret& hmac_key, const SignedMessage& message) {
    auto hmac = HmacSha256::create(hmac_key.reveal());
    if (!hmac) return openssl_error();
    const auto expected =
        write(hmac_version, hmac->compute({message.id, ".", message.timestamp, ".", message.body}));
    if (!expected) return expected.error();
    return any_signature(message.signature, [&](std::string_view one) {
        return signing::equal_in_constant_time(one, *expected);
    });
}

Result<bool> is_signed_by(const Ed25519Key& key, const SignedMessage& message) {
    const std::string content = signed_content(message.id, message.timestamp, message.body);
    int tries = 0;
    return any_signature(message.signature, [&](std::string_view one) {
        if (!one.starts_with(ed25519_version) || ++tries > max_ed25519_tries) return false;
        const auto signature = signing::base64_decode(one.substr(ed25519_version.size()));
        return signature && key.verifies(*signature, content);
    });
}

}  // namespace

struct Signer::Key {
    using Algorithm = std::variant<HmacSha256, Ed25519Key>;
    explicit Key(Algorithm keyed) noexcept : algorithm(std::move(keyed)) {}

    Algorithm algorithm;
};

Signer::Signer(std::unique_ptr<Key> key) noexcept : key_(std::move(key)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::create(const Secret& secret) {
    Result<signing::Key> key = signing::read_signing_key(secret);
    if (!key) return key.error();
    if (auto* ed25519 = std::get_if<Ed25519Key>(&*key)) {
        return Signer(std::make_unique<Key>(std::move(*ed25519)));
    }
    std::optional<HmacSha256> hmac = HmacSha256::create(std::get<Secret>(*key).reveal());
    if (!hmac) return openssl_error();
    return Signer(std::make_unique<Key>(std::move(*hmac)));
}

Result<std::string> Signer::sign(std::string_view id, std::string_view timestamp,
                                 std::string_view body) {
    if (const auto* ed25519 = std::get_if<Ed25519Key>(&key_->algorithm)) {
        return write(ed25519_version, ed25519->sign(signed_content(id, timestamp, body)));
    }
    auto& hmac = std::get<HmacSha256>(key_->algorithm);
    return write(hmac_version, hmac.compute({id, ".", timestamp, ".", body}));
}

Result<> verify(const Secret& key, const SignedMessage& message, Time now,
                std::chrono::seconds tolerance) {
    if (message.id.empty()) return Error(Errc::invalid_argument, "webhook-id is missing");
    if (message.timestamp.empty()) {
        return Error(Errc::invalid_argument, "webhook-timestamp is missing");
    }
    if (message.signature.empty()) {
        return Error(Errc::invalid_argument, "webhook-signature is missing");
    }
    if (Result<> in_time = check_time(message.timestamp, now, tolerance); !in_time) return in_time;
    const Result<signing::Key> read = signing::read_verification_key(key);
    if (!read) return read.error();
    const Result<bool> is_signed =
        std::visit([&](const auto& one) { return is_signed_by(one, message); }, *read);
    if (!is_signed) return is_signed.error();
    if (!*is_signed) return Error(Errc::invalid_argument, "no signature matches");
    return {};
}

}  // namespace webhooks
