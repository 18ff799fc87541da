#pragma once

#include <base/ascii.hpp>
#include <cstdint>
#include <limits>
#include <string_view>

namespace webhooks::endpoint {

/// Whether the rest of a label after "xn--" encodes a label that is not all ASCII: the decoder of
/// RFC 3492, section 6.2, without its output.
class Punycode {
public:
    static bool is_valid(std::string_view text) {
        const std::size_t hyphen = text.rfind('-');
        const std::size_t ascii_size = hyphen == text.npos ? 0 : hyphen;
        text.remove_prefix(hyphen == text.npos ? 0 : hyphen + 1);
        return !text.empty() && Punycode(text).decode(static_cast<std::uint32_t>(ascii_size));
    }

private:
    // RFC 3492, section 5.
    static constexpr std::uint32_t base = 36;
    static constexpr std::uint32_t t_min = 1;
    static constexpr std::uint32_t t_max = 26;
    static constexpr std::uint32_t max = std::numeric_limits<std::uint32_t>::max();

    explicit Punycode(std::string_view digits) : digits_(digits) {}

    bool decode(std::uint32_t size) {
        std::uint32_t code_point = 0x80;
        std::uint32_t index = 0;
        std::uint32_t bias = 72;
        for (bool is_first = true; !digits_.empty(); is_first = false) {
            const std::uint32_t before = index;
            if (!take_number(bias, index)) return false;
            ++size;
            bias = adapted(index - before, size, is_first);
            if (index / size > max - code_point) return false;
            code_point += index / size;
            index = index % size + 1;
            const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
            const bool is_control = code_point < 0xA0;  // No name contains one.
            if (code_point > 0x10FFFF || is_surrogate || is_control) return false;
        }
        return true;
    }

    /// Decodes the next variable-length number.
    bool take_number(std::uint32_t bias, std::uint32_t& sum) {
        std::uint32_t weight = 1;
        for (std::uint32_t k = base; !digits_.empty(); k += base) {
            const char c = ascii::lower(digits_.front());
            digits_.remove_prefix(1);
            if (!ascii::is_alphanumeric(c)) return false;
            const auto digit =
                static_cast<std::uint32_t>(ascii::is_digit(c) ? c - '0' + 26 : c - 'a');
            if (digit > (max - sum) / weight) return false;
            sum += digit * weight;
            const std::uint32_t threshold = k <= bias           ? t_min
                                            : k >= bias + t_max ? t_max
                                                                : k - bias;
            if (digit < threshold) return true;
            if (weight > max / (base - threshold)) return false;
            weight *= base - threshold;
        }
        return false;
    }

    static std::uint32_t adapted(std::uint32_t delta, std::uint32_t size, bool is_first) {
        constexpr std::uint32_t skew = 38;
        delta /= is_first ? 700 : 2;
        delta += delta / size;
        std::uint32_t k = 0;
        for (; delta > (base - t_min) * t_max / 2; k += base) {
            delta /= base - t_min;
        }
        return k + (base - t_min + 1) * delta / (delta + skew);
    }

    std::string_view digits_;
};

}  // namespace webhooks::endpoint
