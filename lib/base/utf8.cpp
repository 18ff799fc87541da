#include <base/utf8.hpp>

namespace webhooks {
namespace {

/// Other than U+0000.
constexpr bool is_ascii(char c) noexcept {
    return static_cast<signed char>(c) > 0;
}

/// The length of the well-formed sequence at the start of `text`; 0 if there is none. The rows are
/// those of table 3-7 of the Unicode standard. @pre `text` is not empty.
std::size_t sequence_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    const unsigned second = byte(1);
    if (first < 0x80) return first == 0 ? 0 : 1;
    if (first < 0xC2 || first > 0xF4 || !is_tail(1)) return 0;
    if (first < 0xE0) return 2;
    if (!is_tail(2)) return 0;
    if (first < 0xF0) {
        const bool is_overlong = first == 0xE0 && second < 0xA0;
        const bool is_surrogate = first == 0xED && second > 0x9F;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    const bool is_overlong = first == 0xF0 && second < 0x90;
    const bool is_beyond = first == 0xF4 && second > 0x8F;
    return is_overlong || is_beyond || !is_tail(3) ? 0 : 4;
}

/// The number of leading ASCII characters other than U+0000: most texts consist of nothing else.
std::size_t ascii_prefix(std::string_view text) noexcept {
    // A group without a branch for each character is checked by vector instructions.
    constexpr std::size_t group = 32;
    std::size_t size = 0;
    for (; size + group <= text.size(); size += group) {
        unsigned char others = 0;
        for (std::size_t i = 0; i < group; ++i) {
            others |= static_cast<unsigned char>(!is_ascii(text[size + i]));
        }
        if (others != 0) break;
    }
    while (size < text.size() && is_ascii(text[size])) {
        ++size;
    }
    return size;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    while (true) {
        const std::size_t ascii = ascii_prefix(text);
        text.remove_prefix(ascii);
        count += ascii;
        if (text.empty()) return count;
        const std::size_t length = sequence_length(text);
        if (length == 0) return std::nullopt;
        text.remove_prefix(length);
        ++count;
    }
}

}  // namespace webhooks
