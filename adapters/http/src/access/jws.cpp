#include "jws.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base64url.hpp"
#include "strict_object.hpp"

namespace webhooks::http {
namespace {

constexpr std::size_t max_token_bytes = 8 * 1024;

Error invalid_jws(const char* message) {
    return {Errc::invalid_argument, message};
}

/// @return nullopt if it is not an object.
std::optional<StrictObject> read_header(std::string_view encoded) {
    const std::optional<std::string> text = decode_base64url(encoded);
    return text ? StrictObject::parse(*text) : std::nullopt;
}

const JwtVerifier* select_key(const std::vector<JwtVerifier>& keys, const StrictObject& header) {
    const bool is_single = keys.size() == 1;
    if (!header.has("kid")) return is_single ? &keys.front() : nullptr;
    if (is_single && keys.front().id().empty()) return &keys.front();
    const std::optional<std::string> id = header.string("kid");
    const auto found = std::ranges::find(keys, id.value_or(""), &JwtVerifier::id);
    return id && found != keys.end() ? &*found : nullptr;
}

/// The key that a token is to be verified with.
Result<const JwtVerifier*> key_for(const std::vector<JwtVerifier>& keys,
                                   const StrictObject& header) {
    if (header.has("crit"))
        return invalid_jws("The token has extensions (crit), which are not supported.");
    if (header.has("enc")) return invalid_jws("The token is encrypted, which is not supported.");
    const JwtVerifier* const key = select_key(keys, header);
    if (key == nullptr) return invalid_jws("The token is signed with an unknown key.");
    // The algorithm is the key's: what the token says can only be wrong.
    if (header.string("alg") != name_of(key->algorithm())) {
        return invalid_jws("The token is signed with another algorithm than its key's.");
    }
    return key;
}

}  // namespace

Result<VerifiedJws> verify_jws(std::string_view token, const std::vector<JwtVerifier>& keys) {
    if (token.size() > max_token_bytes) return invalid_jws("The token is larger than 8 KiB.");
    if (std::ranges::count(token, '.') != 2) {
        return invalid_jws("The token does not have three parts.");
    }
    const std::size_t first = token.find('.');
    const std::size_t second = token.rfind('.');
    const std::optional<StrictObject> header = read_header(token.substr(0, first));
    if (!header) return invalid_jws("The token's header is malformed.");
    const Result<const JwtVerifier*> key = key_for(keys, *header);
    if (!key) return key.error();
    const auto signature = decode_base64url(token.substr(second + 1));
    auto payload = decode_base64url(token.substr(first + 1, second - first - 1));
    if (!signature || !payload || !(*key)->verifies(*signature, token.substr(0, second))) {
        return invalid_jws("The token's signature is wrong.");
    }
    return VerifiedJws{.payload = *std::move(payload), .key_id = (*key)->id()};
}

bool names_unknown_key(std::string_view token, const std::vector<JwtVerifier>& keys) {
    if (token.size() > max_token_bytes) return false;
    const std::optional<StrictObject> header = read_header(token.substr(0, token.find('.')));
    return header && header->string("kid") && select_key(keys, *header) == nullptr;
}

}  // namespace webhooks::http
