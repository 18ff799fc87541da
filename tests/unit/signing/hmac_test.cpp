#include <signing/hmac.hpp>
#include <string>
#include <support/catch.hpp>

using namespace webhooks::signing;

namespace {

std::string text_of(const char* hex) {
    std::string bytes;
    for (; *hex; hex += 2) {
        bytes += static_cast<char>(std::stoi(std::string(hex, 2), nullptr, 16));
    }
    return bytes;
}

struct Vector {
    std::string key;
    std::string data;
    const char* tag;
};

/// RFC 4231, sections 4.2-4.8; the fifth gives only the first 16 bytes.
const Vector vectors[] = {
    {std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {std::string(20, '\xaa'), std::string(50, '\xdd'),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {text_of("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
    {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {std::string(131, '\xaa'),
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

}  // namespace

TEST_CASE("HMAC-SHA256 gives the values of RFC 4231") {
    for (const Vector& vector : vectors) {
        auto hmac = HmacSha256::create(vector.key);
        REQUIRE(hmac);
        const std::string tag = text_of(vector.tag);
        CHECK(hmac->compute({vector.data})->substr(0, tag.size()) == tag);
    }
}

TEST_CASE("one key computes many messages, each as if it were the first") {
    auto hmac = HmacSha256::create(vectors[1].key);
    REQUIRE(hmac);
    const std::string tag = text_of(vectors[1].tag);
    for (int i = 0; i < 3; ++i) {
        CHECK(hmac->compute({"something else"}) != tag);
        CHECK(hmac->compute({vectors[1].data}) == tag);
    }
}

TEST_CASE("the parts of a message are hashed as one") {
    auto hmac = HmacSha256::create(vectors[1].key);
    REQUIRE(hmac);
    CHECK(hmac->compute({"what do ya ", "", "want for", " nothing?"}) == text_of(vectors[1].tag));
}
