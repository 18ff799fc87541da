#include "query.hpp"

#include <algorithm>
#include <webhooks/suggestion.hpp>

#include "../ascii.hpp"
#include "object_reader.hpp"

namespace webhooks::http {
namespace {

/// What follows a '&' that was meant as a part of a value is no name.
bool is_name(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return is_alpha(c) || is_digit(c) || std::string_view("$_-.").find(c) != std::string::npos;
    });
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
        if (query.starts_with('&') && !parameter.empty() && !ended_by_two_) {
            const auto name =
                percent_decode(parameter.substr(0, parameter.find('=')), Blank::from_plus_too);
            ended_by_two_ = to_lower(name.value_or(""));
        }
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        const std::string_view raw_name = parameter.substr(0, equals);
        const auto name = percent_decode(raw_name, Blank::from_plus_too);
        parameters_.push_back({to_lower(name.value_or(std::string(raw_name))),
                               parameter.substr(std::min(equals + 1, parameter.size())),
                               equals < parameter.size()});
    }
}

bool QueryParameters::has(std::string_view name) const {
    return std::ranges::any_of(
        parameters_, [&](const Parameter& parameter) { return iequals(parameter.name, name); });
}

std::vector<std::string> QueryParameters::names() const {
    std::vector<std::string> names;
    for (const Parameter& parameter : parameters_) {
        if (parameter.name.empty() && !parameter.has_value) continue;
        std::string& name = names.emplace_back(parameter.name);
        std::ranges::replace_if(
            name, [](char c) { return c <= ' ' || c > '~'; }, '?');
    }
    return names;
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
        if (!parameter.is_named(name, alias)) continue;
        if (found) {
            errors.push_back({std::string(name), "is given more than once"});
            return {};
        }
        found = &parameter;
    }
    if (!found || found->raw_value.empty()) return {};
    auto value = percent_decode(found->raw_value, Blank::from_plus_too);
    if (!value)
        errors.push_back(
            {std::string(name), "has a broken % escape; a '%' in a value is written %25"});
    return value;
}

bool QueryParameters::seems_cut(std::string_view name, std::string_view alias) const {
    const auto found = std::ranges::find_if(
        parameters_, [&](const Parameter& parameter) { return parameter.is_named(name, alias); });
    if (parameters_.end() - found < 2) return false;
    const Parameter& next = *(found + 1);
    return !next.has_value || !is_name(next.name);
}

bool QueryParameters::Parameter::is_named(std::string_view wanted, std::string_view alias) const {
    return iequals(name, wanted) || (!alias.empty() && iequals(name, alias));
}

namespace {

struct ListParameter {
    std::string_view name;
    std::string_view alias;
    std::optional<std::string> ListQueryText::*text;
};

constexpr ListParameter parameter_texts[] = {
    {"select", "$select", &ListQueryText::select}, {"filter", "$filter", &ListQueryText::filter},
    {"sort", "$orderby", &ListQueryText::sort},    {"include", "$expand", &ListQueryText::include},
    {"take", "$top", &ListQueryText::take},        {"skip", "$skip", &ListQueryText::skip},
    {"after", "", &ListQueryText::after},          {"count", "$count", &ListQueryText::count},
};

const ListParameter* find_list_parameter(std::string_view name) {
    for (const ListParameter& known : parameter_texts) {
        if (name == known.name || (!name.empty() && name == known.alias)) return &known;
    }
    return nullptr;
}

void explain_ampersands(FieldErrors& errors, const QueryParameters& parameters) {
    for (FieldError& error : errors) {
        const ListParameter* parameter = find_list_parameter(error.field);
        if (parameter && parameters.seems_cut(parameter->name, parameter->alias)) {
            error.message += "; a '&' in a value is written %26";
        }
    }
}

}  // namespace

void reject_unknown(const QueryParameters& parameters, std::string_view known,
                    FieldErrors& errors) {
    std::vector<std::string_view> names;
    if (!known.empty()) for_each_part(known, ' ', [&](auto name) { names.push_back(name); });
    std::vector<std::string_view> proposed = names;
    std::erase_if(proposed, [](std::string_view name) { return name.starts_with('$'); });
    for (const std::string& name : parameters.names()) {
        if (std::ranges::any_of(names, [&](auto one) { return iequals(one, name); })) continue;
        errors.push_back({name, "is not a parameter here; " +
                                    (is_name(name) ? suggestion(name, proposed)
                                                   : "a '&' in a value is written %26")});
    }
}

void reject_empty(const QueryParameters& parameters, std::initializer_list<const char*> names,
                  FieldErrors& errors) {
    for (const char* name : names) {
        if (parameters.is_empty(name)) errors.push_back({name, not_empty});
    }
}

bool find_flag(const QueryParameters& parameters, const char* name, FieldErrors& errors) {
    const std::optional<std::string> text = parameters.find(name, "", errors);
    if (text && *text != "true" && *text != "false") {
        errors.push_back({name, "must be true or false"});
    }
    return text == "true";
}

std::optional<Time> find_time(const QueryParameters& parameters, const char* name,
                              FieldErrors& errors) {
    const std::optional<std::string> text = parameters.find(name, "", errors);
    if (!text) return {};
    const std::optional<Time> time = parse_time(*text);
    if (!time) {
        errors.push_back({name, std::string(not_a_time) + "; write the '+' of an offset as %2B"});
    }
    return time;
}

Result<ListQuery> read_list_query(std::string_view query, ListKind kind, std::stop_token stop) {
    const QueryParameters parameters(query);
    FieldErrors errors;
    if (const std::optional<std::string>& cut = parameters.ended_by_two()) {
        const ListParameter* parameter = find_list_parameter(*cut);
        errors.push_back({std::string(parameter ? parameter->name : "filter"),
                          "ends at '&&'; in a URL it is written %26%26, or 'and'"});
        return Error(std::move(errors));
    }
    ListQueryText text;
    for (const ListParameter& known : parameter_texts) {
        text.*known.text = parameters.find(known.name, known.alias, errors);
    }
    Result<ListQuery> list = ListQuery::parse(text, kind);
    if (list) list->stop = std::move(stop);
    if (list && errors.empty()) return list;
    if (!list) {
        for (const FieldError& error : list.error().fields()) {
            errors.push_back(error);
        }
    }
    explain_ampersands(errors, parameters);
    return Error(std::move(errors));
}

}  // namespace webhooks::http
