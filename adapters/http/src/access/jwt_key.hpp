#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/http/jwt.hpp>
#include <webhooks/secret.hpp>

namespace webhooks::http {

/// The name in `alg`.
std::string_view name_of(JwtAlgorithm algorithm);

/// The numbers of a public key, big-endian.
struct RsaNumbers {
    std::string_view modulus;
    std::string_view exponent;
};
struct EcPoint {
    std::string_view x;
    std::string_view y;
};

/// A key that verifies signatures of one algorithm. Immutable; copies share the key.
class JwtVerifier {
public:
    /// @return invalid_argument, with a detail but without fields, for a key that is unusable: of
    /// another kind, or too short.
    static Result<JwtVerifier> make(const JwtKey& key);
    static Result<JwtVerifier> make_rsa(std::string id, const RsaNumbers& numbers);
    static Result<JwtVerifier> make_p256(std::string id, const EcPoint& point);
    static Result<JwtVerifier> make_ed25519(std::string id, std::string_view public_key);

    const std::string& id() const noexcept { return id_; }
    JwtAlgorithm algorithm() const noexcept { return algorithm_; }

    bool verifies(std::string_view signature, std::string_view message) const;

private:
    using Key = std::shared_ptr<EVP_PKEY>;

    JwtVerifier(JwtAlgorithm algorithm, std::string id, Key key)
        : algorithm_(algorithm), id_(std::move(id)), key_(std::move(key)) {}
    JwtVerifier(std::string id, Secret secret)
        : algorithm_(JwtAlgorithm::hs256), id_(std::move(id)), secret_(std::move(secret)) {}

    static Result<JwtVerifier> make_secret(const JwtKey& key);
    static Result<JwtVerifier> make_public(JwtAlgorithm algorithm, std::string id, Key key);
    bool verifies_mac(std::string_view signature, std::string_view message) const;
    bool verifies_by_key(std::string_view signature, std::string_view message) const;

    JwtAlgorithm algorithm_;
    std::string id_;
    Key key_;
    Secret secret_;
};

}  // namespace webhooks::http
