#include <base/scanner.hpp>
#include <base/time_text.hpp>
#include <chrono>

namespace webhooks {
namespace {

using std::chrono::minutes;

constexpr std::size_t fraction_digits = 6;
constexpr std::size_t max_fraction_digits = 12;

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

std::optional<minutes> read_hour_and_minute(Scanner& scanner) {
    const auto hour = scanner.number(2, 0, 23);
    if (!hour || !scanner.take(':')) return std::nullopt;
    const auto minute = scanner.number(2, 0, 59);
    if (!minute) return std::nullopt;
    return std::chrono::hours(*hour) + minutes(*minute);
}

/// Adds the fraction of a second. @return whether it is well formed.
bool read_fraction(Scanner& scanner, TimeText& read) {
    if (!scanner.take('.')) return true;
    const std::string_view text = scanner.digits();
    if (text.empty() || text.size() > max_fraction_digits) return false;
    int microseconds = 0;
    for (std::size_t i = 0; i < fraction_digits; ++i) {
        microseconds = microseconds * 10 + (i < text.size() ? text[i] - '0' : 0);
    }
    read.time += std::chrono::microseconds(microseconds);
    read.is_cut = text.size() > fraction_digits &&
                  text.find_first_not_of('0', fraction_digits) != std::string_view::npos;
    return true;
}

std::optional<minutes> read_offset(Scanner& scanner) {
    if (scanner.take('z')) return minutes(0);
    const bool is_behind = scanner.take('-');
    if (!is_behind && !scanner.take('+')) return std::nullopt;
    const auto offset = read_hour_and_minute(scanner);
    if (!offset) return std::nullopt;
    return is_behind ? -*offset : *offset;
}

}  // namespace

std::optional<TimeText> read_time(std::string_view text) {
    Scanner scanner(text);
    const auto day = read_day(scanner);
    if (!day) return std::nullopt;
    TimeText read{.time = *day};
    if (scanner.at_end()) return read;
    if (!scanner.take('t')) return std::nullopt;
    const auto minute = read_hour_and_minute(scanner);
    if (!minute) return std::nullopt;
    read.time += *minute;
    if (scanner.take(':')) {
        const auto second = scanner.number(2, 0, 60);
        if (!second || !read_fraction(scanner, read)) return std::nullopt;
        read.time += std::chrono::seconds(*second);
    }
    const auto offset = read_offset(scanner);
    if (!offset || !scanner.at_end()) return std::nullopt;
    read.time -= *offset;
    return read;
}

std::optional<Time> parse_time(std::string_view text) {
    const std::optional<TimeText> read = read_time(text);
    return read ? std::optional(read->time) : std::nullopt;
}

}  // namespace webhooks
