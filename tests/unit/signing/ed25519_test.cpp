#include <openssl/err.h>

#include <base/hex.hpp>
#include <signing/digest.hpp>
#include <signing/ed25519.hpp>
#include <string>
#include <support/catch.hpp>

using namespace webhooks;
using namespace webhooks::signing;

namespace {

struct Ed25519Row {
    const char* name;
    std::string seed;
    std::string public_key;
    std::string message;
    std::string signature;
};

/// RFC 8032, section 7.1, in hexadecimal digits.
const Ed25519Row ed25519_rows[] = {
    {"TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"TEST SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"}};

}  // namespace

TEST_CASE("Ed25519 gives the values of RFC 8032") {
    for (const Ed25519Row& row : ed25519_rows) {
        CAPTURE(row.name);
        const auto pair = Ed25519Key::from_seed(from_hex(row.seed));
        REQUIRE(pair);
        CHECK(to_hex(pair->public_key()) == row.public_key);
        const std::string message = from_hex(row.message);
        const auto signature = pair->sign(message);
        REQUIRE(signature);
        CHECK(to_hex(*signature) == row.signature);
        CHECK(pair->verifies(*signature, message));

        const auto public_half = Ed25519Key::from_public_key(from_hex(row.public_key));
        REQUIRE(public_half);
        CHECK(public_half->public_key() == pair->public_key());
        CHECK(public_half->verifies(*signature, message));
        CHECK_FALSE(public_half->verifies(*signature, message + '\0'));
        CHECK_FALSE(public_half->sign(message));
    }
}

TEST_CASE("an Ed25519 signature with any bit flipped, or of another size, does not verify") {
    const std::string message = "a message";
    const auto pair = Ed25519Key::from_seed(std::string(32, 's'));
    REQUIRE(pair);
    const std::string good = pair->sign(message).value();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        CAPTURE(bit);
        CHECK_FALSE(pair->verifies(bad, message));
    }
    for (const std::string& bad : {std::string(), good.substr(1), good + good[0], good + good}) {
        CHECK_FALSE(pair->verifies(bad, message));
    }
}

TEST_CASE("an Ed25519 key that is not on the curve verifies nothing") {
    // y = 2 is not the coordinate of any point.
    const auto key = Ed25519Key::from_public_key('\x02' + std::string(31, '\0'));
    if (key) CHECK_FALSE(key->verifies(std::string(64, '\0'), ""));
}

// A host that reads its own TLS errors on this thread would take a leftover error for its own.
TEST_CASE("failures leave OpenSSL's error queue as the host left it") {
    ERR_clear_error();
    const bool has_error = GENERATE(false, true);
    if (has_error) ERR_raise(ERR_LIB_USER, 7);
    const unsigned long before = ERR_peek_last_error();
    const auto pair = Ed25519Key::from_seed(std::string(32, 's'));
    REQUIRE(pair);
    CHECK_FALSE(pair->verifies(std::string(64, 's'), "a message"));
    CHECK_FALSE(pair->verifies(std::string(64, '\0'), "a message"));
    CHECK_FALSE(pair->verifies(std::string(64, '\xFF'), "a message"));
    CHECK_FALSE(pair->verifies("short", "a message"));
    CHECK_FALSE(Ed25519Key::from_seed("short"));
    CHECK_FALSE(Ed25519Key::from_public_key("short"));
    CHECK_FALSE(base64_decode("!!!!"));
    CHECK(ERR_get_error() == before);
    CHECK(ERR_peek_error() == 0);
}
