#include <openssl/evp.h>

#include <signing/bytes.hpp>
#include <signing/ed25519.hpp>
#include <signing/openssl_errors.hpp>

namespace webhooks::signing {
namespace {

constexpr std::size_t signature_size = 64;

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

}  // namespace

void Ed25519Key::Free::operator()(EVP_PKEY* key) const noexcept {
    EVP_PKEY_free(key);
}

std::optional<Ed25519Key> Ed25519Key::of(Handle key) {
    std::string public_key(size, '\0');
    std::size_t written = public_key.size();
    if (!key || EVP_PKEY_get_raw_public_key(key.get(), bytes(public_key), &written) != 1) return {};
    return Ed25519Key(std::move(key), std::move(public_key));
}

std::optional<Ed25519Key> Ed25519Key::from_seed(std::string_view seed) {
    const ErrorQueueGuard guard;
    return of(
        Handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(seed), seed.size())));
}

std::optional<Ed25519Key> Ed25519Key::from_public_key(std::string_view public_key) {
    const ErrorQueueGuard guard;
    return of(Handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_key),
                                                 public_key.size())));
}

std::optional<std::string> Ed25519Key::sign(std::string_view message) const {
    const ErrorQueueGuard guard;
    const DigestContext context(EVP_MD_CTX_new());
    std::string signature(signature_size, '\0');
    std::size_t written = signature.size();
    // Ed25519 includes its own hash: no digest is named.
    const bool is_signed =
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
        EVP_DigestSign(context.get(), bytes(signature), &written, bytes(message), message.size()) ==
            1;
    if (!is_signed) return {};
    return signature;
}

bool Ed25519Key::verifies(std::string_view signature, std::string_view message) const {
    const ErrorQueueGuard guard;
    const DigestContext context(EVP_MD_CTX_new());
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
}

}  // namespace webhooks::signing
