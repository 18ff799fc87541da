#pragma once

/// @file
/// Character classes of protocols: only ASCII, independent of the locale.

#include <algorithm>
#include <string>
#include <string_view>

namespace webhooks::ascii {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
constexpr bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}
constexpr bool is_alphanumeric(char c) {
    return is_letter(c) || is_digit(c);
}
constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
/// A visible character: neither a space nor a control character.
constexpr bool is_visible(char c) {
    return c > ' ' && c < '\x7f';
}
/// A visible character or a space.
constexpr bool is_printable(char c) {
    return c == ' ' || is_visible(c);
}

/// Without leading and trailing spaces and tabs.
constexpr std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// @return 0-15, or -1 if it is not a hexadecimal digit.
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

constexpr bool is_printable(std::string_view text) {
    // Without a branch for each character it is done by vector instructions.
    unsigned char others = 0;
    for (const char c : text) {
        others |= static_cast<unsigned char>(!is_printable(c));
    }
    return others == 0;
}

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        c = lower(c);
    return result;
}

}  // namespace webhooks::ascii
