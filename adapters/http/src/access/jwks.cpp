#include "jwks.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "../json/object_parser.hpp"
#include "../json/values.hpp"
#include "base64url.hpp"

namespace webhooks::http {
namespace {

constexpr std::size_t max_keys = 100;

Error wrong_set(const std::string& detail) {
    return {Errc::invalid_argument, detail};
}

/// Reads the members of one key.
class JwkReader {
public:
    explicit JwkReader(const json::Members& members) : members_(members) {}

    /// Empty for anything but a string.
    std::string text(std::string_view name) const {
        return json::to_string(members_.at(name).value).value_or("");
    }
    bool has(std::string_view name) const { return !members_.at(name).value.empty(); }
    bool has_repeated() const {
        return std::ranges::any_of(members_.all(), &json::Member::is_repeated);
    }
    /// Decoded; empty if it is absent or not base64url.
    std::string bytes(std::string_view name) const {
        return decode_base64url(text(name)).value_or("");
    }

    /// Whether the key is for signatures, by `use` and `key_ops`.
    bool is_to_verify() const {
        if (has("use") && text("use") != "sig") return false;
        if (!has("key_ops")) return true;
        const auto operations = json::to_strings(members_.at("key_ops").value);
        return operations && std::ranges::find(*operations, "verify") != operations->end();
    }

private:
    const json::Members& members_;
};

/// The algorithm of a type of keys; there is one of each that is supported.
std::optional<JwtAlgorithm> algorithm_of(const JwkReader& key) {
    const std::string type = key.text("kty");
    if (type == "oct") return JwtAlgorithm::hs256;
    if (type == "RSA") return JwtAlgorithm::rs256;
    if (type == "EC" && key.text("crv") == "P-256") return JwtAlgorithm::es256;
    if (type == "OKP" && key.text("crv") == "Ed25519") return JwtAlgorithm::eddsa;
    return std::nullopt;
}

Result<JwtVerifier> make_key(JwtAlgorithm algorithm, const JwkReader& key) {
    const std::string id = key.text("kid");
    switch (algorithm) {
        case JwtAlgorithm::rs256:
            return JwtVerifier::make_rsa(id, {key.bytes("n"), key.bytes("e")});
        case JwtAlgorithm::es256:
            return JwtVerifier::make_p256(id, {key.bytes("x"), key.bytes("y")});
        case JwtAlgorithm::eddsa:
            return JwtVerifier::make_ed25519(id, key.bytes("x"));
        case JwtAlgorithm::hs256:
            break;
    }
    return JwtVerifier::make(
        {.algorithm = JwtAlgorithm::hs256, .id = id, .secret = Secret(key.bytes("k"))});
}

/// @return nullopt for a key that is for something else.
Result<std::optional<JwtVerifier>> read_key(const json::Members& members, KeySetOrigin origin) {
    const JwkReader key(members);
    if (key.has_repeated()) return wrong_set("a key has a member that occurs twice");
    // Whatever it is for: who has read it can sign.
    if (origin == KeySetOrigin::published && key.text("kty") == "oct") {
        return wrong_set("the key '" + key.text("kid") +
                         "' is symmetric (kty oct), a secret that everyone can read there: use "
                         "another secret, and keep it in a file, or publish public keys");
    }
    const std::optional<JwtAlgorithm> algorithm = algorithm_of(key);
    const bool is_other = algorithm && key.has("alg") && key.text("alg") != name_of(*algorithm);
    if (!algorithm || is_other || !key.is_to_verify()) return std::optional<JwtVerifier>();
    Result<JwtVerifier> made = make_key(*algorithm, key);
    if (!made) {
        return wrong_set("the key '" + key.text("kid") + "' is unusable: " + made.error().detail());
    }
    return std::optional(*std::move(made));
}

}  // namespace

Result<std::vector<JwtVerifier>> read_jwks(std::string_view text, KeySetOrigin origin) {
    const auto set = json::parse_list_object(
        text, "keys", max_keys,
        {"kty", "use", "key_ops", "alg", "kid", "n", "e", "crv", "x", "y", "k"}, "");
    if (!set) return wrong_set("it is not a JSON Web Key Set: " + set.error().detail());
    if (set->list.size() > max_keys) return wrong_set("it has more than 100 keys");
    std::vector<JwtVerifier> keys;
    for (const auto& members : set->list) {
        if (!members) return wrong_set("it is not a JSON Web Key Set: a key is not an object");
        Result<std::optional<JwtVerifier>> key = read_key(*members, origin);
        if (!key) return key.error();
        if (*key) keys.push_back(**std::move(key));
    }
    if (keys.empty()) return wrong_set("it has no key for HS256, RS256, ES256 or EdDSA");
    return keys;
}

Result<> check_names(const std::vector<JwtVerifier>& keys) {
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        if (key->id().empty() && keys.size() > 1) {
            return wrong_set("a key has no id (kid), and there are others");
        }
        if (std::any_of(keys.begin(), key,
                        [&](const auto& other) { return other.id() == key->id(); })) {
            return wrong_set("two keys have the id (kid) '" + key->id() + "'");
        }
    }
    return {};
}

}  // namespace webhooks::http
