#include <algorithm>
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

/// More than any ceiling; keeps sums far from overflow.
constexpr seconds longest = std::chrono::hours(24 * 366);

std::optional<seconds> parse_seconds(std::string_view value) {
    const bool is_number =
        !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number) return std::nullopt;
    long long count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
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

/// A year of two digits is the latest one that is not more than 50 years ahead.
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

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, Time now) {
    if (const auto pause = parse_seconds(value)) return pause;
    const auto date = parse_date(value, now);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), longest);
}

}  // namespace webhooks::delivery
