#include <algorithm>
#include <base/scanner.hpp>
#include <base/time_text.hpp>
#include <chrono>
#include <limits>
#include <query/literals.hpp>
#include <string>

namespace webhooks::query {
namespace {

/// Far beyond the range of 64 bits, and far from overflowing an int.
constexpr int max_exponent = 100'000;

/// The parts of a number: its digits without leading zeros, and how many of them precede the point.
struct Decimal {
    bool is_negative = false;
    std::string digits = {};
    int point = 0;
};

int read_exponent(Scanner& scanner) {
    if (!scanner.take('e')) return 0;
    const bool is_negative = scanner.take('-');
    scanner.take('+');
    int exponent = 0;
    for (const char c : scanner.digits()) {
        exponent = std::min(exponent * 10 + (c - '0'), max_exponent);
    }
    return is_negative ? -exponent : exponent;
}

Decimal take_apart(std::string_view text) {
    Scanner scanner(text);
    Decimal number{.is_negative = scanner.take('-')};
    scanner.take('+');
    number.digits = scanner.digits();
    number.point = static_cast<int>(number.digits.size());
    if (scanner.take('.')) number.digits += scanner.digits();
    number.point += read_exponent(scanner);
    const std::size_t zeros = std::min(number.digits.find_first_not_of('0'), number.digits.size());
    number.digits.erase(0, zeros);
    number.point -= static_cast<int>(zeros);
    return number;
}

}  // namespace

bool is_number(std::string_view text) {
    Scanner scanner(text);
    if (!scanner.take('-')) scanner.take('+');
    if (scanner.digits().empty()) return false;
    if (scanner.take('.') && scanner.digits().empty()) return false;
    if (scanner.take('e')) {
        if (!scanner.take('-')) scanner.take('+');
        if (scanner.digits().empty()) return false;
    }
    return scanner.at_end();
}

std::optional<Whole> parse_number(std::string_view text) {
    constexpr int max_digits = 19;
    const Decimal number = take_apart(text);
    if (number.digits.empty()) return Whole{};
    if (number.point > max_digits) return std::nullopt;
    const std::size_t whole_digits = static_cast<std::size_t>(std::max(number.point, 0));
    std::uint64_t magnitude = 0;
    for (std::size_t i = 0; i < whole_digits; ++i) {
        const int digit = i < number.digits.size() ? number.digits[i] - '0' : 0;
        magnitude = magnitude * 10 + static_cast<std::uint64_t>(digit);
    }
    // If the point precedes all digits, all of them are the fraction, and the first is not zero.
    const std::size_t fraction_at = std::min(whole_digits, number.digits.size());
    const bool has_fraction =
        number.digits.find_first_not_of('0', fraction_at) != std::string::npos;
    // The floor of a negative number is further from zero.
    if (number.is_negative && has_fraction) ++magnitude;
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (magnitude > max + (number.is_negative ? 1 : 0)) return std::nullopt;
    const auto floor = static_cast<std::int64_t>(number.is_negative ? 0 - magnitude : magnitude);
    return Whole{.floor = floor, .has_fraction = has_fraction};
}

std::optional<Whole> parse_time(std::string_view text) {
    using std::chrono::milliseconds;
    const std::optional<TimeText> read = read_time(text);
    if (!read) return std::nullopt;
    const auto floor = std::chrono::floor<milliseconds>(read->time);
    return Whole{.floor = floor.time_since_epoch().count(),
                 .has_fraction = read->is_cut || read->time != floor};
}

}  // namespace webhooks::query
