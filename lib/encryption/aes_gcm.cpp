#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <encryption/aes_gcm.hpp>
#include <limits>
#include <memory>
#include <signing/bytes.hpp>
#include <signing/openssl_errors.hpp>

namespace webhooks::encryption {
namespace {

using signing::bytes;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

/// OpenSSL takes sizes as int.
bool has_valid_sizes(std::string_view key, std::string_view nonce, std::string_view text,
                     std::string_view context) {
    constexpr std::size_t limit = std::numeric_limits<int>::max() / 2;
    return key.size() == key_size && nonce.size() == nonce_size && text.size() < limit &&
           context.size() < limit;
}

int size_of(std::string_view text) {
    return static_cast<int>(text.size());
}

}  // namespace

std::optional<std::string> aes_gcm_encrypt(std::string_view key, std::string_view nonce,
                                           std::string_view plaintext, std::string_view context) {
    if (!has_valid_sizes(key, nonce, plaintext, context)) return {};
    const signing::ErrorQueueGuard guard;
    const CipherContext cipher(EVP_CIPHER_CTX_new());
    std::string out(plaintext.size() + tag_size, '\0');
    unsigned char* const tag = bytes(out) + plaintext.size();
    int written = 0;
    const bool is_encrypted =
        cipher &&
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(nonce)) ==
            1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &written, bytes(context), size_of(context)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), bytes(out), &written, bytes(plaintext),
                          size_of(plaintext)) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), tag, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag) == 1;
    if (!is_encrypted) return {};
    return out;
}

std::optional<std::string> aes_gcm_decrypt(std::string_view key, std::string_view nonce,
                                           std::string_view ciphertext_and_tag,
                                           std::string_view context) {
    if (ciphertext_and_tag.size() < tag_size) return {};
    const std::size_t size = ciphertext_and_tag.size() - tag_size;
    const std::string_view ciphertext = ciphertext_and_tag.substr(0, size);
    std::string tag(ciphertext_and_tag.substr(size));
    if (!has_valid_sizes(key, nonce, ciphertext, context)) return {};
    const signing::ErrorQueueGuard guard;
    const CipherContext cipher(EVP_CIPHER_CTX_new());
    // Room for what the final call might write, although GCM writes nothing then.
    std::string out(size + tag_size, '\0');
    int written = 0;
    const bool is_verified =
        cipher &&
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(nonce)) ==
            1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &written, bytes(context), size_of(context)) == 1 &&
        EVP_DecryptUpdate(cipher.get(), bytes(out), &written, bytes(ciphertext),
                          size_of(ciphertext)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), bytes(out) + size, &written) == 1;
    if (!is_verified) {
        OPENSSL_cleanse(out.data(), out.size());
        return {};
    }
    out.resize(size);
    return out;
}

}  // namespace webhooks::encryption
