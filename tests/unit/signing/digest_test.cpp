#include <set>
#include <signing/digest.hpp>
#include <string>
#include <support/catch.hpp>

using namespace webhooks;
using namespace webhooks::signing;

namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
    CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(sha256(std::string(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("Base64 gives the values of RFC 4648") {
    struct Row {
        const char* data;
        const char* text;
    };
    const Row rows[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"}};
    for (const Row& row : rows) {
        CHECK(base64_encode(row.data) == row.text);
        CHECK(base64_decode(row.text) == std::string(row.data));
    }
    CHECK(base64_encode("\xfb\xff\xfe") == "+//+");
    CHECK(base64url_encode("\xfb\xff\xfe") == "-__-");
    CHECK(base64url_encode("f") == "Zg");
    CHECK(base64url_encode("fo") == "Zm8");
    CHECK(base64url_encode("foo") == "Zm9v");
    CHECK(base64url_encode("").empty());
}

TEST_CASE("Base64 round-trips every byte, at every length") {
    std::string data;
    for (int i = 0; i < 256; ++i) {
        CHECK(base64_decode(base64_encode(data)) == data);
        data += static_cast<char>(255 - i);
    }
}

TEST_CASE("Base64 is decoded strictly") {
    for (const std::string& text : {std::string("Z"),        std::string("Zg"),
                                    std::string("Zg="),      std::string("Zm9"),
                                    std::string("Zg==="),    std::string("Zg==Zg=="),
                                    std::string("=Zg="),     std::string("===="),
                                    std::string("Z==="),     std::string("Zm9v\n"),
                                    std::string("Zm9v    "), std::string("    Zm9v"),
                                    std::string(" m9v"),     std::string("Zm9 "),
                                    std::string("Zm 9"),     std::string("Zh=="),
                                    std::string("Zm9="),     std::string("-__-"),
                                    std::string("Zm9v!AAA"), std::string("Zm9\0", 4),
                                    std::string("Zm9v----"), std::string("\xc3\xbc\xc3\xbc")}) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text));
    }
}

TEST_CASE("random bytes have their size and do not repeat") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto bytes = random_bytes(32, *system_random());
        REQUIRE(bytes);
        CHECK(bytes->size() == 32);
        seen.insert(*bytes);
    }
    CHECK(seen.size() == 100);
    CHECK(random_bytes(0, *system_random())->empty());
}

TEST_CASE("the constant-time comparison compares") {
    CHECK(equal_in_constant_time("", ""));
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK_FALSE(equal_in_constant_time("", "a"));
}
