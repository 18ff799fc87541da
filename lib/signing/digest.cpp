#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <signing/bytes.hpp>
#include <signing/digest.hpp>
#include <signing/openssl_errors.hpp>
#include <webhooks/secret.hpp>

namespace webhooks::signing {
namespace {

/// Fetched once per process: a fetch by name takes as long as a short digest.
const EVP_MD* sha256_digest() {
    static const EVP_MD* const digest = [] {
        const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        if (!fetched) throw std::bad_alloc();
        return fetched;
    }();
    return digest;
}

}  // namespace

std::string sha256(std::string_view data) {
    const ErrorQueueGuard guard;
    std::string digest(32, '\0');
    // It fails only if memory is used up.
    if (EVP_Digest(data.data(), data.size(), bytes(digest), nullptr, sha256_digest(), nullptr) !=
        1) {
        throw std::bad_alloc();
    }
    return digest;
}

std::string base64_encode(std::string_view data, std::string_view head) {
    std::string text(head.size() + (data.size() + 2) / 3 * 4, '\0');
    head.copy(text.data(), head.size());
    // It writes a NUL after the text, where std::string has one.
    EVP_EncodeBlock(bytes(text) + head.size(), bytes(data), static_cast<int>(data.size()));
    return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
    const ErrorQueueGuard guard;
    if (text.empty()) return std::string();
    std::string data(text.size() / 4 * 3, '\0');
    if (text.size() % 4 != 0) return {};
    if (EVP_DecodeBlock(bytes(data), bytes(text), static_cast<int>(text.size())) < 0) return {};
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    data.resize(data.size() - padding);
    // OpenSSL accepts more than it writes: surrounding white space, stray bits after the last byte.
    const Secret canonical(base64_encode(data));
    if (canonical.reveal() != text) return {};
    return data;
}

std::string base64url_encode(std::string_view data) {
    std::string text = base64_encode(data);
    text.erase(std::min(text.size(), text.find('=')));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

Result<std::string> random_bytes(std::size_t size, Random& random) {
    std::string data(size, '\0');
    try {
        for (std::size_t done = 0; done < size; done += sizeof(std::uint64_t)) {
            const std::uint64_t bits = random.next();
            std::memcpy(data.data() + done, &bits, std::min(sizeof bits, size - done));
        }
    } catch (...) {
        return Error(Errc::internal, "the random number generator failed");
    }
    return data;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace webhooks::signing
