#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <encryption/aes_gcm.hpp>
#include <limits>
#include <signing/bytes.hpp>
#include <signing/openssl_errors.hpp>

namespace webhooks::encryption {
namespace {

using signing::bytes;

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

void AesGcm::Free::operator()(evp_cipher_ctx_st* context) const noexcept {
    EVP_CIPHER_CTX_free(context);
}

std::optional<std::string> AesGcm::encrypt(std::string_view key, std::string_view nonce,
                                           std::string_view plaintext, std::string_view context,
                                           std::string_view head) {
    if (!has_valid_sizes(key, nonce, plaintext, context)) return {};
    const signing::ErrorQueueGuard guard;
    // Looking up the cipher is left out where the context has it.
    const EVP_CIPHER* const cipher = encryption_ ? nullptr : EVP_aes_256_gcm();
    if (!encryption_) encryption_.reset(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX* const state = encryption_.get();
    std::string out(head.size() + plaintext.size() + tag_size, '\0');
    head.copy(out.data(), head.size());
    unsigned char* const text = bytes(out) + head.size();
    unsigned char* const tag = text + plaintext.size();
    int written = 0;
    const bool is_encrypted =
        state != nullptr &&
        EVP_EncryptInit_ex(state, cipher, nullptr, bytes(key), bytes(nonce)) == 1 &&
        EVP_EncryptUpdate(state, nullptr, &written, bytes(context), size_of(context)) == 1 &&
        EVP_EncryptUpdate(state, text, &written, bytes(plaintext), size_of(plaintext)) == 1 &&
        EVP_EncryptFinal_ex(state, tag, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_GCM_GET_TAG, tag_size, tag) == 1;
    if (is_encrypted) return out;
    encryption_.reset();
    return {};
}

std::optional<std::string> AesGcm::decrypt(std::string_view key, std::string_view nonce,
                                           std::string_view ciphertext_and_tag,
                                           std::string_view context) {
    if (ciphertext_and_tag.size() < tag_size) return {};
    const std::size_t size = ciphertext_and_tag.size() - tag_size;
    const std::string_view ciphertext = ciphertext_and_tag.substr(0, size);
    std::string tag(ciphertext_and_tag.substr(size));
    if (!has_valid_sizes(key, nonce, ciphertext, context)) return {};
    const signing::ErrorQueueGuard guard;
    const EVP_CIPHER* const cipher = decryption_ ? nullptr : EVP_aes_256_gcm();
    if (!decryption_) decryption_.reset(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX* const state = decryption_.get();
    // Room for what the final call might write, although GCM writes nothing then.
    std::string out(size + tag_size, '\0');
    int written = 0;
    const bool is_verified =
        state != nullptr &&
        EVP_DecryptInit_ex(state, cipher, nullptr, bytes(key), bytes(nonce)) == 1 &&
        EVP_DecryptUpdate(state, nullptr, &written, bytes(context), size_of(context)) == 1 &&
        EVP_DecryptUpdate(state, bytes(out), &written, bytes(ciphertext), size_of(ciphertext)) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(state, bytes(out) + size, &written) == 1;
    if (!is_verified) {
        OPENSSL_cleanse(out.data(), out.size());
        decryption_.reset();
        return {};
    }
    out.resize(size);
    return out;
}

}  // namespace webhooks::encryption
