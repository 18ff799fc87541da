#include "values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <limits>
#include <optional>
#include <sstream>

namespace server {
namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view name;
    milliseconds length;
};
constexpr std::array units = {Unit{"ms", milliseconds(1)}, Unit{"s", std::chrono::seconds(1)},
                              Unit{"min", std::chrono::minutes(1)},
                              Unit{"h", std::chrono::hours(1)}};

std::string in_quotes(const std::string& text) {
    return "'" + text + "' ";
}

template <class Number>
bool is_number(std::string_view text, Number& value) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

template <class Number>
ErrorText parse_whole(const std::string& text, Number& value) {
    return is_number(text, value) ? "" : in_quotes(text) + "is not a whole number, 0 or more";
}

std::optional<milliseconds> duration(std::string_view text) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto unit_begin = std::min(text.find_first_not_of(' ', digits), text.size());
    const auto unit = std::ranges::find(units, text.substr(unit_begin), &Unit::name);
    std::int64_t count = 0;
    if (unit == units.end() || !is_number(text.substr(0, digits), count)) return {};
    if (count > std::numeric_limits<std::int64_t>::max() / unit->length.count()) return {};
    return count * unit->length;
}

/// Splits at the last colon; an IPv6 address therefore needs brackets.
std::optional<Listen> split_address(const std::string& text) {
    const auto colon = text.rfind(':');
    Listen listen;
    if (colon == std::string::npos || !is_number(text.substr(colon + 1), listen.port)) return {};
    listen.host = text.substr(0, colon);
    const bool has_brackets = listen.host.starts_with('[') && listen.host.ends_with(']');
    if (has_brackets) listen.host = listen.host.substr(1, listen.host.size() - 2);
    auto address = webhooks::IpAddress::parse(listen.host);
    if (!address || address->is_v6 != has_brackets) return {};
    return listen;
}

}  // namespace

ErrorText parse(const std::string& text, std::string& value) {
    value = text;
    return {};
}

ErrorText parse(const std::string& text, bool& value) {
    if (text != "true" && text != "false") return in_quotes(text) + "is neither true nor false";
    value = text == "true";
    return {};
}

ErrorText parse(const std::string& text, int& value) {
    return parse_whole(text, value);
}

ErrorText parse(const std::string& text, std::size_t& value) {
    return parse_whole(text, value);
}

ErrorText parse(const std::string& text, double& value) {
    return is_number(text, value) ? "" : in_quotes(text) + "is not a number";
}

ErrorText parse(const std::string& text, milliseconds& value) {
    auto found = duration(text);
    if (!found) return in_quotes(text) + "is not a duration; write e.g. 500ms, 15s, 5min or 2h";
    value = *found;
    return {};
}

ErrorText parse(const std::string& text, std::chrono::seconds& value) {
    milliseconds exact{};
    if (auto error = parse(text, exact); !error.empty()) return error;
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(exact);
    if (whole != exact) return in_quotes(text) + "is not a number of whole seconds";
    value = whole;
    return {};
}

ErrorText parse(const std::string& text, Listen& value) {
    auto found = split_address(text);
    if (!found) {
        return in_quotes(text) +
               "is not ADDRESS:PORT; write e.g. 127.0.0.1:8080, [::1]:8080 or, for any free port, "
               "127.0.0.1:0";
    }
    value = *found;
    return {};
}

ErrorText parse(const std::string& text, StorageChoice& value) {
    constexpr std::string_view sqlite = "sqlite:";
    if (text == "memory:") {
        value = {.kind = StorageChoice::Kind::memory};
    } else if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
        value = {.kind = StorageChoice::Kind::postgresql, .uri = webhooks::Secret(text)};
    } else if (text.starts_with(sqlite) && text.size() > sqlite.size()) {
        value = {.kind = StorageChoice::Kind::sqlite, .path = text.substr(sqlite.size())};
    } else {
        // It may contain a password, so it is not quoted.
        return "is not a storage; write sqlite:PATH, postgresql://USER@HOST/DATABASE or memory:";
    }
    return {};
}

ErrorText parse(const std::string& text, LogFormat& value) {
    if (text != "text" && text != "json") return in_quotes(text) + "is neither text nor json";
    value = text == "json" ? LogFormat::json : LogFormat::text;
    return {};
}

ErrorText parse(const std::string& text, webhooks::http::PortalAppearance& value) {
    using webhooks::http::PortalAppearance;
    for (const PortalAppearance appearance :
         {PortalAppearance::automatic, PortalAppearance::light, PortalAppearance::dark}) {
        if (text != to_text(appearance)) continue;
        value = appearance;
        return {};
    }
    return in_quotes(text) + "is none of auto, light and dark";
}

ErrorText parse(const std::string& text, webhooks::LogLevel& value) {
    using webhooks::LogLevel;
    for (const LogLevel level :
         {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
        if (text != webhooks::to_string(level)) continue;
        value = level;
        return {};
    }
    return in_quotes(text) + "is none of debug, info, warning and error";
}

ErrorText parse(const std::string& text, std::optional<std::uint16_t>& value) {
    std::uint16_t port = 0;
    if (!is_number(text, port)) return in_quotes(text) + "is not a port from 0 to 65535";
    value = port;
    return {};
}

ErrorText parse(const std::string& text, webhooks::Network& value) {
    auto network = webhooks::Network::parse(text);
    if (!network) return in_quotes(text) + "is not a network; write e.g. 10.0.0.0/8 or fd00::/8";
    value = *network;
    return {};
}

ErrorText parse(const std::string& text, webhooks::Permission& value) {
    if (const auto permission = webhooks::permission_by_name(text)) {
        value = *permission;
        return {};
    }
    std::string error = in_quotes(text) + "is none of";
    for (const webhooks::Permission permission : webhooks::all_permissions)
        error += " " + std::string(webhooks::name_of(permission));
    return error;
}

ErrorText parse(const std::string& text, std::optional<webhooks::Time>& value) {
    const auto time = webhooks::parse_time(text);
    if (!time) return in_quotes(text) + "is not a time; write e.g. 2027-01-31T09:05:00Z";
    value = time;
    return {};
}

ErrorText parse(const std::string& text, webhooks::EventType& value) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return in_quotes(text) + "is not NAME=DESCRIPTION";
    value = {text.substr(0, equals), text.substr(equals + 1)};
    return {};
}

std::string to_text(const std::string& value) {
    return value;
}

std::string to_text(bool value) {
    return value ? "true" : "";
}

std::string to_text(int value) {
    return std::to_string(value);
}

std::string to_text(std::size_t value) {
    return std::to_string(value);
}

std::string to_text(double value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

/// In the largest unit that needs no fraction.
std::string to_text(milliseconds value) {
    if (value == milliseconds(0)) return "0s";
    const auto unit = std::find_if(units.rbegin(), units.rend(), [&](const Unit& one) {
        return value % one.length == milliseconds(0);
    });
    return std::to_string(value / unit->length) + std::string(unit->name);
}

std::string to_text(const Listen& value) {
    const bool is_v6 = value.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + value.host + "]" : value.host) + ":" + std::to_string(value.port);
}

std::string to_text(const StorageChoice& value) {
    return value.to_string();
}

std::string to_text(LogFormat value) {
    return value == LogFormat::json ? "json" : "text";
}

std::string to_text(webhooks::http::PortalAppearance value) {
    switch (value) {
        case webhooks::http::PortalAppearance::light:
            return "light";
        case webhooks::http::PortalAppearance::dark:
            return "dark";
        case webhooks::http::PortalAppearance::automatic:
            break;
    }
    return "auto";
}

std::string to_text(webhooks::LogLevel value) {
    return std::string(webhooks::to_string(value));
}

std::string to_text(std::optional<std::uint16_t> value) {
    return value ? std::to_string(*value) : "";
}

std::string to_text(const webhooks::Network& value) {
    return value.base.to_string() + "/" + std::to_string(value.prefix_length);
}

std::string to_text(webhooks::Permission value) {
    return std::string(webhooks::name_of(value));
}

std::string to_text(const std::optional<webhooks::Time>& value) {
    if (!value) return "";
    const std::time_t seconds = std::chrono::system_clock::to_time_t(*value);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::ostringstream text;
    text << std::put_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
    return text.str();
}

std::string to_text(const webhooks::EventType& value) {
    return value.name + "=" + value.description;
}

}  // namespace server
