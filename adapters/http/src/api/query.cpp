#include "query.hpp"

#include <algorithm>

#include "../ascii.hpp"

namespace webhooks::http {
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
        if (!name) continue;  // No known parameter has such a name.
        parameters_.push_back(
            {to_lower(*name), parameter.substr(std::min(equals + 1, parameter.size()))});
    }
}

bool QueryParameters::is_empty(std::string_view name) const {
    return std::ranges::any_of(parameters_, [&](const Parameter& parameter) {
        return iequals(parameter.name, name) && parameter.raw_value.empty();
    });
}

std::optional<std::string> QueryParameters::find(std::string_view name, std::string_view alias,
                                                 FieldErrors& errors) const {
    const Parameter* found = nullptr;
    for (const Parameter& parameter : parameters_) {
        const bool is_alias = !alias.empty() && iequals(parameter.name, alias);
        if (!is_alias && !iequals(parameter.name, name)) continue;
        if (found) {
            errors.push_back({std::string(name), "is given more than once"});
            return {};
        }
        found = &parameter;
    }
    if (!found || found->raw_value.empty()) return {};
    auto value = percent_decode(found->raw_value, Blank::from_plus_too);
    if (!value) errors.push_back({std::string(name), "has a broken % escape"});
    return value;
}

Result<ListQuery> read_list_query(std::string_view query, ListKind kind, std::stop_token stop) {
    const QueryParameters parameters(query);
    FieldErrors errors;
    const ListQueryText text{.select = parameters.find("select", "$select", errors),
                             .filter = parameters.find("filter", "$filter", errors),
                             .sort = parameters.find("sort", "$orderby", errors),
                             .include = parameters.find("include", "$expand", errors),
                             .take = parameters.find("take", "$top", errors),
                             .skip = parameters.find("skip", "$skip", errors),
                             .after = parameters.find("after", "", errors)};
    Result<ListQuery> list = ListQuery::parse(text, kind);
    if (list) list->stop = std::move(stop);
    if (errors.empty()) return list;
    if (!list) {
        for (const FieldError& error : list.error().fields()) {
            errors.push_back(error);
        }
    }
    return Error(std::move(errors));
}

}  // namespace webhooks::http
