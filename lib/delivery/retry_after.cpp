#include <algorithm>
#include <base/ascii.hpp>
#include <charconv>
#include <ctime>
#include <delivery/retry_after.hpp>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace webhooks::delivery {
namespace {

using std::chrono::seconds;

/// More than any maximum; keeps sums far from overflow.
constexpr seconds longest = std::chrono::hours(24 * 366);

/// No legitimate value is longer, and parsing takes time.
constexpr std::size_t max_bytes = 1024;

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, ascii::is_digit);
}

/// A fraction violates RFC 9110, but its meaning is clear; it is rounded up.
std::optional<seconds> parse_seconds(std::string_view value) {
    const std::size_t dot = value.find('.');
    const std::string_view whole = value.substr(0, dot);
    const std::string_view fraction = dot == value.npos ? "0" : value.substr(dot + 1);
    if (!is_number(whole) || !is_number(fraction)) return std::nullopt;
    long long count = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
    if (fraction.find_first_not_of('0') != fraction.npos) ++count;
    if (error != std::errc() || count > longest.count()) return longest;
    return seconds(count);
}

std::optional<Time> time_of(const std::tm& parts) {
    const std::chrono::year_month_day day{
        std::chrono::year(parts.tm_year + 1900),
        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
    if (!day.ok()) return std::nullopt;
    return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
           std::chrono::minutes(parts.tm_min) + seconds(parts.tm_sec);
}

/// A two-digit year is the latest year that is not more than 50 years ahead.
int full_year(int two_digits, Time now) {
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int latest = static_cast<int>(today.year()) + 50;
    return latest - (latest - two_digits) % 100;
}

std::optional<std::tm> parse_form(std::string_view text, const char* form) {
    std::istringstream in{std::string(text)};
    in.imbue(std::locale::classic());
    std::tm parts{};
    in >> std::get_time(&parts, form);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
    return parts;
}

std::optional<Time> parse_date(std::string_view text, Time now) {
    constexpr std::string_view zone = " GMT";
    if (!text.ends_with(zone)) {
        const auto parts = parse_form(text, "%a %b %e %H:%M:%S %Y");
        return parts ? time_of(*parts) : std::nullopt;
    }
    text.remove_suffix(zone.size());
    if (const auto parts = parse_form(text, "%a, %d %b %Y %H:%M:%S")) return time_of(*parts);
    auto parts = parse_form(text, "%A, %d-%b-%y %H:%M:%S");
    if (!parts) return std::nullopt;
    parts->tm_year = full_year(parts->tm_year % 100, now) - 1900;
    return time_of(*parts);
}

std::optional<seconds> parse_one(std::string_view value, Time now) {
    if (const auto pause = parse_seconds(value)) return pause;
    const auto date = parse_date(value, now);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), longest);
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, Time now) {
    std::optional<seconds> max;
    if (value.size() > max_bytes) return max;
    while (!value.empty()) {
        std::size_t end = std::min(value.find(','), value.size());
        std::optional<seconds> one = parse_one(ascii::trimmed(value.substr(0, end)), now);
        if (!one && end < value.size()) {
            // The comma may have been part of a date.
            const std::size_t next = std::min(value.find(',', end + 1), value.size());
            one = parse_one(ascii::trimmed(value.substr(0, next)), now);
            if (one) end = next;
        }
        if (one) max = std::max(max.value_or(seconds(0)), *one);
        value.remove_prefix(std::min(end + 1, value.size()));
    }
    return max;
}

}  // namespace webhooks::delivery
