#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <service/feed_cursor.hpp>

namespace webhooks::service {
namespace {

constexpr std::string_view version = "01";
constexpr std::size_t digits = 16;

/// Takes a number from the front of the text; its digits are checked by comparing the whole.
std::uint64_t take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const std::string_view part = text.substr(0, digits);
    std::from_chars(part.data(), part.data() + part.size(), number, 16);
    text.remove_prefix(part.size());
    return number;
}

}  // namespace

std::string to_string(const FeedCursor& cursor) {
    std::string text(version);
    for (const std::uint64_t number :
         {cursor.position.database, std::bit_cast<std::uint64_t>(cursor.subscription.value),
          std::bit_cast<std::uint64_t>(cursor.position.after.value),
          std::bit_cast<std::uint64_t>(cursor.position.purges)}) {
        char part[digits + 1];
        std::snprintf(part, sizeof part, "%016llx", static_cast<unsigned long long>(number));
        text.append(part, digits);
    }
    return text;
}

std::optional<FeedCursor> parse_feed_cursor(std::string_view text) {
    if (!text.starts_with(version)) return std::nullopt;
    std::string_view rest = text.substr(version.size());
    FeedCursor cursor;
    cursor.position.database = take_number(rest);
    cursor.subscription = {std::bit_cast<std::int64_t>(take_number(rest))};
    cursor.position.after = {std::bit_cast<std::int64_t>(take_number(rest))};
    cursor.position.purges = std::bit_cast<std::int64_t>(take_number(rest));
    if (cursor.position.after < EventId{} || to_string(cursor) != text) return std::nullopt;
    return cursor;
}

}  // namespace webhooks::service
