#include <base/hex.hpp>

namespace webhooks {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

constexpr int value_of(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 0xFU];
    }
    return text;
}

std::string from_hex(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes += static_cast<char>(value_of(text[i]) * 16 + value_of(text[i + 1]));
    }
    return bytes;
}

}  // namespace webhooks
