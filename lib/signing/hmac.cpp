#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <signing/bytes.hpp>
#include <signing/hmac.hpp>
#include <signing/openssl_errors.hpp>

namespace webhooks::signing {
namespace {

struct FreeMac {
    void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
};

}  // namespace

void HmacSha256::Free::operator()(EVP_MAC_CTX* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

std::optional<HmacSha256> HmacSha256::create(std::string_view key) {
    const ErrorQueueGuard guard;
    const std::unique_ptr<EVP_MAC, FreeMac> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    Context context(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    if (!context || EVP_MAC_init(context.get(), bytes(key), key.size(), parameters) != 1) return {};
    return HmacSha256(std::move(context));
}

std::optional<std::string> HmacSha256::compute(std::initializer_list<std::string_view> parts) {
    const ErrorQueueGuard guard;
    std::string tag(32, '\0');
    std::size_t size = 0;
    // Without a key it restarts with the one it has.
    const bool is_computed =
        EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
        std::ranges::all_of(parts,
                            [&](std::string_view part) {
                                return EVP_MAC_update(context_.get(), bytes(part), part.size()) ==
                                       1;
                            }) &&
        EVP_MAC_final(context_.get(), bytes(tag), &size, tag.size()) == 1;
    if (!is_computed) return {};
    return tag;
}

}  // namespace webhooks::signing
