#include <base/hex.hpp>

namespace webhooks {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

constexpr int value_of(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    std::string text(bytes.size() * 2, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        text[2 * i] = digits[byte >> 4U];
        text[2 * i + 1] = digits[byte & 0xFU];
    }
    return text;
}

std::string from_hex(std::string_view text) {
    std::string bytes(text.size() / 2, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(value_of(text[2 * i]) * 16 + value_of(text[2 * i + 1]));
    }
    return bytes;
}

}  // namespace webhooks
