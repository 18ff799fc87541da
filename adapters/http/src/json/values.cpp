#include "values.hpp"

#include <charconv>

#include "../ascii.hpp"

namespace webhooks::http::json {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return add(point);
    if (point < 0x800) {
        add(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            add(0xe0 | point >> 12);
        } else {
            add(0xf0 | point >> 18);
            add(0x80 | (point >> 12 & 0x3f));
        }
        add(0x80 | (point >> 6 & 0x3f));
    }
    add(0x80 | (point & 0x3f));
}

char unescaped(char kind) {
    switch (kind) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return kind;
    }
}

/// Adds the character of the escape at `at`. @return how long the escape is.
std::size_t append_escape(std::string& out, std::string_view text, std::size_t at) {
    if (text[at + 1] != 'u') {
        out += unescaped(text[at + 1]);
        return 2;
    }
    const auto unit = static_cast<std::uint32_t>(escaped_unit(text, at));
    if (unit < 0xd800 || unit > 0xdfff) {
        append_utf8(out, unit);
        return 6;
    }
    const auto trail = static_cast<std::uint32_t>(escaped_unit(text, at + 6));
    append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (trail - 0xdc00));
    return 12;
}

}  // namespace

int escaped_unit(std::string_view text, std::size_t at) {
    if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return -1;
    int unit = 0;
    for (const char c : text.substr(at + 2, 4)) {
        if (hex_value(c) < 0) return -1;
        unit = unit * 16 + hex_value(c);
    }
    return unit;
}

std::optional<std::string> to_string(std::string_view raw) {
    if (!raw.starts_with('"')) return {};
    raw = raw.substr(1, raw.size() - 2);
    std::string text;
    text.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t end = std::min(raw.find('\\', at), raw.size());
        text.append(raw.substr(at, end - at));
        at = end;
        if (at < raw.size()) at += append_escape(text, raw, at);
    }
    return text;
}

std::optional<std::int64_t> to_integer(std::string_view raw) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc() || end != raw.data() + raw.size()) return {};
    return value;
}

std::optional<bool> to_bool(std::string_view raw) {
    if (raw == "true") return true;
    if (raw == "false") return false;
    return {};
}

bool is_null(std::string_view raw) {
    return raw == "null";
}

}  // namespace webhooks::http::json
