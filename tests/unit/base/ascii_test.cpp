#include <base/ascii.hpp>
#include <support/catch.hpp>

using namespace webhooks;

TEST_CASE("character classes are those of ASCII") {
    int digits = 0, letters = 0, visible = 0, printable = 0, hexadecimal = 0, blanks = 0;
    for (int code = -128; code < 128; ++code) {
        const char c = static_cast<char>(code);
        digits += ascii::is_digit(c);
        letters += ascii::is_letter(c);
        visible += ascii::is_visible(c);
        printable += ascii::is_printable(c);
        hexadecimal += ascii::hex_value(c) >= 0;
        blanks += ascii::is_blank(c);
        CHECK(ascii::is_alphanumeric(c) == (ascii::is_digit(c) || ascii::is_letter(c)));
    }
    CHECK(digits == 10);
    CHECK(letters == 52);
    CHECK(visible == 94);
    CHECK(printable == 95);
    CHECK(hexadecimal == 22);
    CHECK(blanks == 2);
}

TEST_CASE("only ASCII letters change their case") {
    CHECK(ascii::lower("AbZz-09_\xc3\x9c") == "abzz-09_\xc3\x9c");
    CHECK(ascii::hex_value('9') == 9);
    CHECK(ascii::hex_value('a') == 10);
    CHECK(ascii::hex_value('F') == 15);
    CHECK(ascii::is_printable("a b~"));
    CHECK_FALSE(ascii::is_printable("a\tb"));
}
