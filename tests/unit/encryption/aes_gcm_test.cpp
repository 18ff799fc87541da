#include <base/hex.hpp>
#include <encryption/aes_gcm.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <support/catch.hpp>

namespace webhooks::encryption {
namespace {

std::string next_text(std::istream& row) {
    std::string text;
    row >> text;
    return text == "-" ? "" : from_hex(text);
}

}  // namespace

TEST_CASE("AES-256-GCM passes the tests of Project Wycheproof") {
    std::ifstream file(WEBHOOKS_SOURCE_FOLDER "/tests/unit/encryption/wycheproof_aes_gcm.txt");
    int valid = 0;
    int invalid = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream row(line);
        std::string number;
        std::string result;
        row >> number >> result;
        const std::string key = next_text(row);
        const std::string nonce = next_text(row);
        const std::string context = next_text(row);
        const std::string plaintext = next_text(row);
        std::string ciphertext = next_text(row);
        ciphertext += next_text(row);
        INFO("test " << number);
        const auto encrypted = AesGcm().encrypt(key, nonce, plaintext, context);
        const auto decrypted = AesGcm().decrypt(key, nonce, ciphertext, context);
        if (result == "valid") {
            ++valid;
            CHECK(encrypted == ciphertext);
            CHECK(decrypted == plaintext);
        } else {
            ++invalid;
            CHECK(encrypted != ciphertext);
            CHECK_FALSE(decrypted);
        }
    }
    CHECK(valid == 39);
    CHECK(invalid == 27);
}

TEST_CASE("keys, nonces and ciphertexts of other sizes are rejected") {
    const std::string key(key_size, 'k');
    const std::string nonce(nonce_size, 'n');
    CHECK(AesGcm().encrypt(key, nonce, "", ""));
    CHECK_FALSE(AesGcm().encrypt(key.substr(1), nonce, "", ""));
    CHECK_FALSE(AesGcm().encrypt(key, nonce + "n", "", ""));
    CHECK_FALSE(AesGcm().decrypt(key, nonce, std::string(tag_size - 1, 't'), ""));
}

}  // namespace webhooks::encryption
