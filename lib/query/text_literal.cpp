#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <query/literals.hpp>

namespace webhooks::query {
namespace {

constexpr char32_t first_high_surrogate = 0xD800;
constexpr char32_t first_low_surrogate = 0xDC00;
constexpr char32_t after_surrogates = 0xE000;
constexpr char32_t beyond_two_bytes = 0x10000;

/// @pre `c` is a code point and not a surrogate.
void append_utf8(std::string& text, char32_t c) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
        text += static_cast<char>(c);
    } else if (c < 0x800) {
        text += static_cast<char>(0xC0 | (c >> 6));
        tail(0);
    } else if (c < beyond_two_bytes) {
        text += static_cast<char>(0xE0 | (c >> 12));
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xF0 | (c >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// Decodes the escapes of a text in double quotes.
class EscapedText {
public:
    EscapedText(std::string_view quoted, std::size_t position)
        : quoted_(quoted), position_(position) {}

    std::variant<std::string, SyntaxError> read() {
        while (at_ < quoted_.size() && quoted_[at_] != '"') {
            if (quoted_[at_] != '\\') {
                value_ += quoted_[at_++];
            } else if (!read_escape()) {
                return error_;
            }
        }
        if (at_ == quoted_.size()) {
            return SyntaxError{"a string that is not closed", position_,
                               "end it with a double quote"};
        }
        return std::move(value_);
    }

private:
    bool fail(std::string what, std::string hint = {}) {
        const std::size_t before = count_code_points(quoted_.substr(0, at_)).value_or(at_);
        error_ = {std::move(what), position_ + before, std::move(hint)};
        return false;
    }

    bool read_escape() {
        constexpr std::string_view escapes = "\"\\nrt";
        constexpr std::string_view meanings = "\"\\\n\r\t";
        const char escape = at_ + 1 < quoted_.size() ? quoted_[at_ + 1] : '\0';
        if (escape == 'u') return read_code_point();
        const std::size_t which = escapes.find(escape);
        if (which == std::string_view::npos) {
            return fail("an unknown escape", R"(there are \" \\ \n \r \t \uXXXX)");
        }
        value_ += meanings[which];
        at_ += 2;
        return true;
    }

    /// `\uXXXX`, or two of them that form one character.
    bool read_code_point() {
        constexpr std::size_t length = 6;
        const std::optional<char32_t> first = code_unit(at_);
        if (!first) return fail("an escape without four hexadecimal digits", R"(as in \u00E9)");
        char32_t c = *first;
        std::size_t end = at_ + length;
        if (c >= first_high_surrogate && c < first_low_surrogate) {
            const char32_t second = code_unit(end).value_or(0);
            if (second >= first_low_surrogate && second < after_surrogates) {
                c = beyond_two_bytes + ((c - first_high_surrogate) << 10) +
                    (second - first_low_surrogate);
                end += length;
            }
        }
        if (c == 0) return fail("U+0000 cannot be in a value");
        if (c >= first_high_surrogate && c < after_surrogates) {
            return fail("half a surrogate pair", R"(as in \uD83D\uDE00)");
        }
        append_utf8(value_, c);
        at_ = end;
        return true;
    }

    std::optional<char32_t> code_unit(std::size_t at) const {
        constexpr std::size_t digits = 4;
        const std::string_view text = quoted_.substr(std::min(at, quoted_.size()), 2 + digits);
        if (!text.starts_with("\\u") || text.size() != 2 + digits) return std::nullopt;
        char32_t value = 0;
        for (const char c : text.substr(2)) {
            const int digit = ascii::hex_value(c);
            if (digit < 0) return std::nullopt;
            value = value * 16 + static_cast<char32_t>(digit);
        }
        return value;
    }

    const std::string_view quoted_;
    const std::size_t position_;
    std::size_t at_ = 1;
    std::string value_;
    SyntaxError error_;
};

std::variant<std::string, SyntaxError> parse_single_quoted(std::string_view quoted,
                                                           std::size_t position) {
    std::string value;
    for (std::size_t at = 1; at < quoted.size(); ++at) {
        if (quoted[at] == '\'' && ++at == quoted.size()) return value;
        value += quoted[at];
    }
    return SyntaxError{"a string that is not closed", position, "end it with a single quote"};
}

}  // namespace

std::variant<std::string, SyntaxError> parse_text(std::string_view quoted, std::size_t position) {
    if (quoted.front() == '\'') return parse_single_quoted(quoted, position);
    return EscapedText(quoted, position).read();
}

}  // namespace webhooks::query
