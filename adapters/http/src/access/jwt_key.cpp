#include "jwt_key.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <utility>

namespace webhooks::http {
namespace {

constexpr std::size_t min_secret_bytes = 32;
constexpr int min_rsa_bits = 2048;
/// More would let a sender of tokens spend much of this process's time.
constexpr int max_rsa_bits = 16384;
constexpr std::size_t sha256_size = 32;
constexpr std::size_t p256_size = 32;

template <auto release>
struct Releaser {
    template <class T>
    void operator()(T* object) const noexcept {
        release(object);
    }
};
template <class T, auto release>
using Handle = std::unique_ptr<T, Releaser<release>>;

/// Leaves nothing in the thread's error queue, which TLS would take for its own.
struct ErrorQueueGuard {
    ErrorQueueGuard() = default;
    ErrorQueueGuard(const ErrorQueueGuard&) = delete;
    ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
    ~ErrorQueueGuard() { ERR_clear_error(); }
};

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Error wrong_key(const char* detail) {
    return {Errc::invalid_argument, detail};
}

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
    return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> read_pem(const std::string& pem) {
    const Handle<BIO, BIO_free> input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return share(input ? PEM_read_bio_PUBKEY(input.get(), nullptr, nullptr, nullptr) : nullptr);
}

/// A public key from its parameters. @return null if they are not one.
std::shared_ptr<EVP_PKEY> build(const char* type, OSSL_PARAM_BLD* builder) {
    const Handle<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder));
    const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    return share(key);
}

bool is_p256(EVP_PKEY* key) {
    std::array<char, 64> name{};
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
           std::string_view(name.data()) == "prime256v1";
}

bool is_usable_rsa(EVP_PKEY* key) {
    const int bits = EVP_PKEY_get_bits(key);
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && bits >= min_rsa_bits &&
           bits <= max_rsa_bits;
}

const char* rule_of(JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::rs256:
            return "RS256 needs an RSA public key of 2048 to 16384 bits, in PEM";
        case JwtAlgorithm::es256:
            return "ES256 needs a public key of the curve P-256, in PEM";
        case JwtAlgorithm::eddsa:
            return "EdDSA needs an Ed25519 public key, in PEM";
        case JwtAlgorithm::hs256:
            break;
    }
    return "HS256 needs a secret of at least 32 bytes, which is not a PEM file";
}

bool fits(JwtAlgorithm algorithm, EVP_PKEY* key) {
    switch (algorithm) {
        case JwtAlgorithm::rs256:
            return is_usable_rsa(key);
        case JwtAlgorithm::es256:
            return is_p256(key);
        case JwtAlgorithm::eddsa:
            return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
        case JwtAlgorithm::hs256:
            break;
    }
    return false;
}

/// The two numbers of an ECDSA signature, as OpenSSL takes them. Empty if they are not.
std::string to_der(std::string_view signature) {
    const Handle<ECDSA_SIG, ECDSA_SIG_free> numbers(ECDSA_SIG_new());
    BIGNUM* const r = BN_bin2bn(bytes(signature), p256_size, nullptr);
    BIGNUM* const s = BN_bin2bn(bytes(signature) + p256_size, p256_size, nullptr);
    if (!numbers || !r || !s || ECDSA_SIG_set0(numbers.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* encoded = nullptr;
    const int size = i2d_ECDSA_SIG(numbers.get(), &encoded);
    std::string der;
    if (size > 0)
        der.assign(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
    OPENSSL_free(encoded);
    return der;
}

}  // namespace

std::string_view name_of(JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::hs256:
            return "HS256";
        case JwtAlgorithm::rs256:
            return "RS256";
        case JwtAlgorithm::es256:
            return "ES256";
        case JwtAlgorithm::eddsa:
            return "EdDSA";
    }
    return {};
}

Result<JwtVerifier> JwtVerifier::make(const JwtKey& key) {
    const ErrorQueueGuard guard;
    if (key.algorithm == JwtAlgorithm::hs256) return make_secret(key);
    if (!key.secret.empty()) return wrong_key("a secret is only for HS256");
    return make_public(key.algorithm, key.id, read_pem(key.public_key));
}

/// A secret that is a public key would let everyone sign who has that key.
Result<JwtVerifier> JwtVerifier::make_secret(const JwtKey& key) {
    const std::string_view text = key.secret.reveal();
    if (!key.public_key.empty() || text.size() < min_secret_bytes ||
        text.find("-----BEGIN") != std::string_view::npos) {
        return wrong_key(rule_of(JwtAlgorithm::hs256));
    }
    return JwtVerifier(key.id, key.secret);
}

Result<JwtVerifier> JwtVerifier::make_public(JwtAlgorithm algorithm, std::string id, Key key) {
    if (!key || !fits(algorithm, key.get())) return wrong_key(rule_of(algorithm));
    return JwtVerifier(algorithm, std::move(id), std::move(key));
}

Result<JwtVerifier> JwtVerifier::make_rsa(std::string id, const RsaNumbers& numbers) {
    const ErrorQueueGuard guard;
    const Handle<BIGNUM, BN_free> modulus(
        BN_bin2bn(bytes(numbers.modulus), static_cast<int>(numbers.modulus.size()), nullptr));
    const Handle<BIGNUM, BN_free> exponent(
        BN_bin2bn(bytes(numbers.exponent), static_cast<int>(numbers.exponent.size()), nullptr));
    const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    const bool is_usable =
        modulus && exponent && builder && BN_is_odd(exponent.get()) && !BN_is_one(exponent.get()) &&
        BN_num_bits(exponent.get()) <= 64 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
    return make_public(JwtAlgorithm::rs256, std::move(id),
                       is_usable ? build("RSA", builder.get()) : nullptr);
}

/// OpenSSL rejects a point that is not on the curve.
Result<JwtVerifier> JwtVerifier::make_p256(std::string id, const EcPoint& point) {
    const ErrorQueueGuard guard;
    if (point.x.size() != p256_size || point.y.size() != p256_size) {
        return wrong_key(rule_of(JwtAlgorithm::es256));
    }
    const std::string encoded = '\x04' + std::string(point.x) + std::string(point.y);
    const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    const bool is_usable = builder &&
                           OSSL_PARAM_BLD_push_utf8_string(
                               builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
                           OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                            encoded.data(), encoded.size()) == 1;
    return make_public(JwtAlgorithm::es256, std::move(id),
                       is_usable ? build("EC", builder.get()) : nullptr);
}

Result<JwtVerifier> JwtVerifier::make_ed25519(std::string id, std::string_view public_key) {
    const ErrorQueueGuard guard;
    return make_public(JwtAlgorithm::eddsa, std::move(id),
                       share(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                         bytes(public_key), public_key.size())));
}

bool JwtVerifier::verifies(std::string_view signature, std::string_view message) const {
    const ErrorQueueGuard guard;
    if (algorithm_ == JwtAlgorithm::hs256) return verifies_mac(signature, message);
    if (algorithm_ != JwtAlgorithm::es256) return verifies_by_key(signature, message);
    if (signature.size() != 2 * p256_size) return false;
    const std::string der = to_der(signature);
    return !der.empty() && verifies_by_key(der, message);
}

bool JwtVerifier::verifies_mac(std::string_view signature, std::string_view message) const {
    const std::string_view secret = secret_.reveal();
    std::array<unsigned char, sha256_size> mac{};
    unsigned size = 0;
    return signature.size() == sha256_size &&
           HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(message),
                message.size(), mac.data(), &size) != nullptr &&
           size == sha256_size && CRYPTO_memcmp(mac.data(), signature.data(), sha256_size) == 0;
}

bool JwtVerifier::verifies_by_key(std::string_view signature, std::string_view message) const {
    const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    // Ed25519 includes its own hash: no digest is named.
    const EVP_MD* const digest = algorithm_ == JwtAlgorithm::eddsa ? nullptr : EVP_sha256();
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
}

}  // namespace webhooks::http
