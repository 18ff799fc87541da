#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <delivery/retry_after.hpp>
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

struct Date {
    int year = 0;
    std::array<char, 4> month{};
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

std::optional<unsigned> month_number(const std::array<char, 4>& name) {
    constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t at = names.find(std::string_view(name.data()));
    if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
    return static_cast<unsigned>(at / 3 + 1);
}

std::optional<Time> time_of(const Date& date) {
    const auto month = month_number(date.month);
    if (!month) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(date.year), std::chrono::month(*month),
                                          std::chrono::day(static_cast<unsigned>(date.day))};
    if (!day.ok() || date.hour > 23 || date.minute > 59 || date.second > 60 || date.hour < 0 ||
        date.minute < 0 || date.second < 0) {
        return std::nullopt;
    }
    return std::chrono::sys_days(day) + std::chrono::hours(date.hour) +
           std::chrono::minutes(date.minute) + seconds(date.second);
}

/// A year of two digits is the latest one that is not more than 50 years ahead.
int full_year(int two_digits, Time now) {
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int latest = static_cast<int>(today.year()) + 50;
    return latest - (latest - two_digits) % 100;
}

std::optional<Time> parse_date(const std::string& text, Time now) {
    Date date;
    int length = 0;
    const auto is_whole = [&](int fields, int wanted) {
        return fields == wanted && length == static_cast<int>(text.size());
    };
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (is_whole(std::sscanf(text.c_str(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
                             &date.day, date.month.data(), &date.year, &date.hour, &date.minute,
                             &date.second, &length),
                 6)) {
        return time_of(date);
    }
    // Sunday, 06-Nov-94 08:49:37 GMT
    if (is_whole(std::sscanf(text.c_str(), "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
                             &date.day, date.month.data(), &date.year, &date.hour, &date.minute,
                             &date.second, &length),
                 6)) {
        date.year = full_year(date.year, now);
        return time_of(date);
    }
    // Sun Nov  6 08:49:37 1994
    if (is_whole(std::sscanf(text.c_str(), "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n",
                             date.month.data(), &date.day, &date.hour, &date.minute, &date.second,
                             &date.year, &length),
                 6)) {
        return time_of(date);
    }
    return std::nullopt;
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, Time now) {
    if (const auto pause = parse_seconds(value)) return pause;
    const auto date = parse_date(std::string(value), now);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), longest);
}

}  // namespace webhooks::delivery
