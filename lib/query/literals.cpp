#include <algorithm>
#include <base/ascii.hpp>
#include <chrono>
#include <limits>
#include <query/literals.hpp>
#include <string>

namespace webhooks::query {
namespace {

constexpr std::size_t max_fraction_digits = 12;
/// Far beyond what 64 bits hold, and far from overflowing an int.
constexpr int max_exponent = 100'000;

/// Takes things off the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }

    bool take(char wanted) {
        if (text_.empty() || ascii::lower(text_.front()) != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }

    std::string_view digits(std::size_t most = std::string_view::npos) {
        std::size_t length = 0;
        while (length < std::min(most, text_.size()) && ascii::is_digit(text_[length])) {
            ++length;
        }
        const std::string_view found = text_.substr(0, length);
        text_.remove_prefix(length);
        return found;
    }

    /// Exactly so many digits, as a number of the range.
    std::optional<int> number(std::size_t length, int least, int most) {
        const std::string_view text = digits(length);
        if (text.size() != length) return std::nullopt;
        int value = 0;
        for (const char c : text) {
            value = value * 10 + (c - '0');
        }
        return value >= least && value <= most ? std::optional(value) : std::nullopt;
    }

private:
    std::string_view text_;
};

/// A number taken apart: digits without leading zeros, and how many stand before the point.
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

std::optional<std::chrono::milliseconds> read_offset(Scanner& scanner) {
    using namespace std::chrono;
    if (scanner.take('z')) return milliseconds(0);
    const bool is_behind = scanner.take('-');
    if (!is_behind && !scanner.take('+')) return std::nullopt;
    const auto hour = scanner.number(2, 0, 23);
    if (!hour || !scanner.take(':')) return std::nullopt;
    const auto minute = scanner.number(2, 0, 59);
    if (!minute) return std::nullopt;
    const milliseconds offset = hours(*hour) + minutes(*minute);
    return is_behind ? -offset : offset;
}

/// The fraction of a second: whole milliseconds, and whether there is more.
struct Fraction {
    int milliseconds = 0;
    bool has_more = false;
};

std::optional<Fraction> read_fraction(Scanner& scanner) {
    if (!scanner.take('.')) return Fraction{};
    const std::string_view digits = scanner.digits();
    if (digits.empty() || digits.size() > max_fraction_digits) return std::nullopt;
    Fraction fraction;
    for (std::size_t i = 0; i < 3; ++i) {
        fraction.milliseconds =
            fraction.milliseconds * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    }
    fraction.has_more =
        digits.size() > 3 && digits.find_first_not_of('0', 3) != std::string_view::npos;
    return fraction;
}

std::optional<std::chrono::sys_days> read_day(Scanner& scanner) {
    const auto year = scanner.number(4, 1, 9999);
    if (!year || !scanner.take('-')) return std::nullopt;
    const auto month = scanner.number(2, 1, 12);
    if (!month || !scanner.take('-')) return std::nullopt;
    const auto day = scanner.number(2, 1, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
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
    // Where the point is before all digits, all are fraction, and the first is not zero.
    const std::size_t fraction_at = std::min(whole_digits, number.digits.size());
    const bool has_fraction =
        number.digits.find_first_not_of('0', fraction_at) != std::string::npos;
    // The floor of what is below zero is further from it.
    if (number.is_negative && has_fraction) ++magnitude;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (magnitude > most + (number.is_negative ? 1 : 0)) return std::nullopt;
    const auto floor = static_cast<std::int64_t>(number.is_negative ? 0 - magnitude : magnitude);
    return Whole{.floor = floor, .has_fraction = has_fraction};
}

std::optional<Whole> parse_time(std::string_view text) {
    using namespace std::chrono;
    Scanner scanner(text);
    const auto day = read_day(scanner);
    if (!day) return std::nullopt;
    sys_time<milliseconds> moment = *day;
    if (scanner.at_end()) return Whole{.floor = moment.time_since_epoch().count()};
    if (!scanner.take('t')) return std::nullopt;
    const auto hour = scanner.number(2, 0, 23);
    if (!hour || !scanner.take(':')) return std::nullopt;
    const auto minute = scanner.number(2, 0, 59);
    if (!minute) return std::nullopt;
    moment += hours(*hour) + minutes(*minute);
    std::optional<Fraction> fraction = Fraction{};
    if (scanner.take(':')) {
        const auto second = scanner.number(2, 0, 60);
        fraction = read_fraction(scanner);
        if (!second || !fraction) return std::nullopt;
        moment += seconds(*second) + milliseconds(fraction->milliseconds);
    }
    const auto offset = read_offset(scanner);
    if (!offset || !scanner.at_end()) return std::nullopt;
    return Whole{.floor = (moment - *offset).time_since_epoch().count(),
                 .has_fraction = fraction->has_more};
}

}  // namespace webhooks::query
