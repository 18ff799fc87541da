#include "writer.hpp"

#include <array>
#include <charconv>

namespace webhooks::http::json {
namespace {

/// What stands behind the backslash for characters that have a short escape, else 0.
char short_escape(char c) {
    switch (c) {
        case '"':
            return '"';
        case '\\':
            return '\\';
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        default:
            return 0;
    }
}

bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

Writer& Writer::key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
}

Writer& Writer::value(std::string_view text) {
    separate();
    quote(text);
    needs_comma_ = true;
    return *this;
}

Writer& Writer::value(double number) {
    // The longest is that of the smallest number: 0. and 324 zeros before its digits.
    std::array<char, 400> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    return plain({text.data(), static_cast<std::size_t>(written.ptr - text.data())});
}

Writer& Writer::open(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
    return *this;
}

Writer& Writer::close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
    return *this;
}

Writer& Writer::plain(std::string_view text) {
    separate();
    text_ += text;
    needs_comma_ = true;
    return *this;
}

void Writer::separate() {
    if (needs_comma_) text_ += ',';
}

void Writer::quote(std::string_view text) {
    constexpr const char* hex = "0123456789abcdef";
    text_ += '"';
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (!needs_escape(c)) continue;
        text_.append(text.substr(begin, at - begin));
        begin = at + 1;
        text_ += '\\';
        if (const char kind = short_escape(c)) {
            text_ += kind;
        } else {
            text_ += "u00";
            text_ += hex[c >> 4];
            text_ += hex[c & 15];
        }
    }
    text_.append(text.substr(begin));
    text_ += '"';
}

}  // namespace webhooks::http::json
