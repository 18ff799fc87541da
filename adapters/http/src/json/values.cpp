#include "values.hpp"

#include <boost/json/parse.hpp>
#include <charconv>

namespace webhooks::http::json {

std::optional<std::string> to_string(std::string_view raw) {
    if (!raw.starts_with('"')) return {};
    if (raw.find('\\') == std::string_view::npos) return std::string(raw.substr(1, raw.size() - 2));
    return std::string(boost::json::parse(raw).as_string());
}

std::optional<std::int64_t> to_integer(std::string_view raw) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc() || end != raw.data() + raw.size()) return {};
    return value;
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
