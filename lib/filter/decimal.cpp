#include <algorithm>
#include <base/ascii.hpp>
#include <cstdint>
#include <filter/decimal.hpp>
#include <string>

namespace webhooks::filter {
namespace {

/// Larger exponents count as this one: nothing that is written out reaches it by its digits.
constexpr std::int64_t max_exponent = 1'000'000'000'000'000;

/// A number as 0.DIGITS times ten to the power of `exponent`.
struct Decimal {
    bool is_negative = false;
    std::int64_t exponent = 0;
    std::string digits = {};  ///< Neither starts nor ends with 0; empty for zero.
};

std::int64_t read_exponent(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    for (const char digit : text) {
        value = std::min(value * 10 + (digit - '0'), max_exponent);
    }
    return is_negative ? -value : value;
}

Decimal read(std::string_view text) {
    Decimal decimal;
    decimal.is_negative = text.starts_with('-');
    if (decimal.is_negative || text.starts_with('+')) text.remove_prefix(1);
    const std::size_t e = text.find_first_of("eE");
    if (e != std::string_view::npos) decimal.exponent = read_exponent(text.substr(e + 1));
    const std::string_view mantissa = text.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    decimal.exponent += static_cast<std::int64_t>(point);
    for (const char c : mantissa) {
        if (ascii::is_digit(c)) decimal.digits += c;
    }
    const std::size_t first = decimal.digits.find_first_not_of('0');
    if (first == std::string::npos) return {};
    decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
    decimal.digits.erase(0, first);
    decimal.exponent -= static_cast<std::int64_t>(first);
    return decimal;
}

std::strong_ordering compare_magnitudes(const Decimal& left, const Decimal& right) {
    if (left.digits.empty() || right.digits.empty()) {
        return left.digits.size() <=> right.digits.size();
    }
    if (left.exponent != right.exponent) return left.exponent <=> right.exponent;
    return left.digits.compare(right.digits) <=> 0;
}

}  // namespace

std::strong_ordering compare_decimals(std::string_view left, std::string_view right) {
    const Decimal a = read(left);
    const Decimal b = read(right);
    if (a.is_negative != b.is_negative) return b.is_negative <=> a.is_negative;
    return a.is_negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

}  // namespace webhooks::filter
