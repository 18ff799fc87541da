#include <base/utf8.hpp>
#include <string>
#include <support/catch.hpp>

using webhooks::count_code_points;

TEST_CASE("code points are counted anywhere in a text") {
    const auto character = GENERATE(values<std::string>(
        {"a", "\x7F", "\xC2\x80", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}));
    for (std::size_t before = 0; before < 20; ++before) {
        for (std::size_t after = 0; after < 20; ++after) {
            const std::string text = std::string(before, 'x') + character + std::string(after, 'y');
            CHECK(count_code_points(text) == before + 1 + after);
        }
    }
}

TEST_CASE("U+0000 and invalid UTF-8 are found anywhere in a text") {
    const auto wrong = GENERATE(values<std::string>(
        {std::string(1, '\0'), "\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF5\x80\x80\x80"}));
    for (std::size_t before = 0; before < 20; ++before) {
        for (std::size_t after = 0; after < 20; ++after) {
            const std::string text = std::string(before, 'x') + wrong + std::string(after, 'y');
            CHECK_FALSE(count_code_points(text).has_value());
        }
    }
}
