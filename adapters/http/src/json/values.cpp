#include "values.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>

namespace webhooks::http::json {
namespace {

/// Of a 64-bit number.
constexpr std::int64_t max_digits = 19;

std::optional<std::int64_t> read_whole(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

}  // namespace

std::optional<std::string> to_string(std::string_view raw) {
    if (!raw.starts_with('"')) return {};
    if (raw.find('\\') == std::string_view::npos) return std::string(raw.substr(1, raw.size() - 2));
    return std::string(boost::json::parse(raw).as_string());
}

std::optional<std::int64_t> to_integer(std::string_view raw) {
    // digits * 10^power, digits with its sign
    const std::size_t end = std::min(raw.find_first_of("eE"), raw.size());
    const std::size_t point = std::min(raw.find('.'), end);
    std::string digits(raw.substr(0, point));
    auto power = read_whole(end == raw.size() ? "0" : raw.substr(end + 1));
    if (!power) return {};
    if (point < end) {
        digits += raw.substr(point + 1, end - point - 1);
        *power -= static_cast<std::int64_t>(end - point - 1);
    }
    if (digits.find_first_not_of("-0") == std::string::npos) return read_whole(digits);
    for (; *power < 0 && digits.ends_with('0'); ++*power)
        digits.pop_back();
    if (*power < 0 || *power > max_digits) return {};
    return read_whole(digits.append(static_cast<std::size_t>(*power), '0'));
}

std::optional<bool> to_bool(std::string_view raw) {
    if (raw == "true") return true;
    if (raw == "false") return false;
    return {};
}

std::optional<std::vector<std::string>> to_strings(std::string_view raw) {
    if (!raw.starts_with('[')) return {};
    const boost::json::value parsed = boost::json::parse(raw);
    std::vector<std::string> texts;
    for (const boost::json::value& item : parsed.as_array()) {
        if (!item.is_string()) return {};
        texts.emplace_back(item.as_string());
    }
    return texts;
}

bool is_null(std::string_view raw) {
    return raw == "null";
}

}  // namespace webhooks::http::json
