#include "query.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

constexpr std::uint32_t max_count = 2'147'483'647;
constexpr std::size_t max_includes = 8;

std::optional<std::uint32_t> parse_count(std::string_view text) {
    std::uint32_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    const bool is_number = error == std::errc() && stop == end && text.size() <= 10;
    return is_number && count <= max_count ? std::optional(count) : std::nullopt;
}

std::uint32_t read_count(const QueryParameters& parameters, const char* name, const char* alias,
                         std::uint32_t fallback, Faults& faults) {
    const auto text = parameters.find(name, alias, faults);
    if (!text) return fallback;
    const auto count = parse_count(*text);
    if (!count) faults.push_back({name, "must be a whole number, 0 to 2147483647"});
    return count.value_or(fallback);
}

/// @return whether the events are to be included.
bool read_include(const std::string& text, Relations relations, Faults& faults) {
    std::size_t count = 0;
    bool includes_events = false;
    for_each_part(text, ',', [&](std::string_view relation) {
        if (++count > max_includes) return;
        if (relations == Relations::webhook_events && iequals(relation, "webhookEvents")) {
            includes_events = true;
        } else {
            faults.push_back({"include", "unknown relation '" + std::string(relation) + "'"});
        }
    });
    if (count > max_includes) faults.push_back({"include", "more than 8 relations"});
    return includes_events;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Blank blank) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && blank == Blank::from_plus_too) {
            decoded += ' ';
        } else if (text[at] != '%') {
            decoded += text[at];
        } else {
            if (text.size() - at < 3) return {};
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high < 0 || low < 0) return {};
            decoded += static_cast<char>(high * 16 + low);
            at += 2;
        }
    }
    return decoded;
}

QueryParameters::QueryParameters(std::string_view query) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        const auto name = percent_decode(parameter.substr(0, equals), Blank::from_plus_too);
        if (!name) continue;  // Nobody knows a parameter of that name.
        parameters_.push_back(
            {to_lower(*name), parameter.substr(std::min(equals + 1, parameter.size()))});
    }
}

std::optional<std::string> QueryParameters::find(std::string_view name, std::string_view alias,
                                                 Faults& faults) const {
    const Parameter* found = nullptr;
    for (const Parameter& parameter : parameters_) {
        const bool is_alias = !alias.empty() && iequals(parameter.name, alias);
        if (!is_alias && !iequals(parameter.name, name)) continue;
        if (found) {
            faults.push_back({std::string(name), "is given more than once"});
            return {};
        }
        found = &parameter;
    }
    if (!found || found->raw_value.empty()) return {};
    auto value = percent_decode(found->raw_value, Blank::from_plus_too);
    if (!value) faults.push_back({std::string(name), "has a broken % escape"});
    return value;
}

Result<ListQuery> read_list_query(std::string_view query, Relations relations) {
    const QueryParameters parameters(query);
    Faults faults;
    ListQuery list;
    list.take = read_count(parameters, "take", "$top", list.take, faults);
    list.skip = read_count(parameters, "skip", "$skip", list.skip, faults);
    if (const auto include = parameters.find("include", "$expand", faults)) {
        list.include_events = read_include(*include, relations, faults);
    }
    constexpr const char* later[][2] = {
        {"select", "$select"}, {"filter", "$filter"}, {"sort", "$orderby"}};
    for (const auto& [name, alias] : later) {
        if (parameters.find(name, alias, faults)) faults.push_back({name, "is not supported yet"});
    }
    if (!faults.empty()) return Error(std::move(faults));
    return list;
}

}  // namespace webhooks::http
