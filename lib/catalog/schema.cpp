#include <catalog/schema.hpp>

#include <algorithm>
#include <base/utf8.hpp>
#include <boost/json/parse.hpp>
#include <catalog/duplicates.hpp>
#include <catalog/keywords.hpp>
#include <map>
#include <optional>
#include <string>
#include <webhooks/event_type.hpp>

namespace webhooks::catalog {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 32;
constexpr std::string_view dialect = "https://json-schema.org/draft/2020-12/schema";
/// What identifies a schema by itself.
constexpr std::array identifying = {"$schema", "$id", "$anchor", "$dynamicAnchor"};

/// By name, where the anchors of a schema are.
using Anchors = std::map<std::string, std::string, std::less<>>;

/// @return a message, or empty.
std::string parse(std::string_view text, json::value& value) {
    if (text.size() > max_event_type_json_bytes) {
        return "must be at most " + std::to_string(max_event_type_json_bytes) + " bytes";
    }
    if (!is_storable_text(text)) return "must be UTF-8 without U+0000";
    json::parse_options options;
    options.max_depth = max_depth;
    json::error_code error;
    value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    if (error == json::error::too_deep) {
        return "must have at most " + std::to_string(max_depth) + " levels";
    }
    return error ? "is not valid JSON: " + error.message() : "";
}

Result<> result_of(std::string_view field, const std::string& problem) {
    if (problem.empty()) return {};
    return Error({{std::string(field), problem}});
}

bool is_texts(const json::value& value) {
    return value.is_array() && std::ranges::all_of(value.get_array(), [](const json::value& item) {
               return item.is_string();
           });
}

bool is_schema(const json::value& value) {
    return value.is_object() || value.is_bool();
}

bool is_type(const json::value& value) {
    constexpr std::array names = {"array",  "boolean", "integer", "null",
                                  "number", "object",  "string"};
    return value.is_string() && std::ranges::find(names, value.get_string()) != names.end();
}

bool is_positive(const json::value& value) {
    return value.is_number() && (value.is_uint64() || value.to_number<double>() > 0);
}

/// Whole numbers may be written as `1.0`.
bool is_count(const json::value& value) {
    if (!value.is_number()) return false;
    if (value.is_uint64()) return true;
    const auto number = value.to_number<double>();
    return number >= 0 && number == static_cast<double>(static_cast<std::uint64_t>(
                                        std::min(number, 9007199254740992.0)));
}

/// @return what a value must be, or null if it is.
const char* wrong_form(Form form, const json::value& value) {
    const auto unless = [](bool is_right, const char* message) {
        return is_right ? nullptr : message;
    };
    switch (form) {
        case Form::any:
            return nullptr;
        case Form::schema:
            return unless(is_schema(value), "must be a schema: an object or a boolean");
        case Form::schemas:
            return unless(value.is_array() && !value.get_array().empty() &&
                              std::ranges::all_of(value.get_array(), is_schema),
                          "must be a non-empty array of schemas");
        case Form::named_schemas:
            return unless(value.is_object() &&
                              std::ranges::all_of(
                                  value.get_object(),
                                  [](const auto& member) { return is_schema(member.value()); }),
                          "must be an object of schemas");
        case Form::text:
        case Form::reference:
            return unless(value.is_string(), "must be a string");
        case Form::flag:
            return unless(value.is_bool(), "must be a boolean");
        case Form::number:
            return unless(value.is_number(), "must be a number");
        case Form::positive_number:
            return unless(is_positive(value), "must be a number above 0");
        case Form::count:
            return unless(is_count(value), "must be an integer from 0 on");
        case Form::list:
            return unless(value.is_array(), "must be an array");
        case Form::texts:
            return unless(is_texts(value), "must be an array of strings");
        case Form::named_texts:
            return unless(value.is_object() &&
                              std::ranges::all_of(
                                  value.get_object(),
                                  [](const auto& member) { return is_texts(member.value()); }),
                          "must be an object of arrays of strings");
        case Form::types:
            return unless(is_type(value) || (value.is_array() && !value.get_array().empty() &&
                                             std::ranges::all_of(value.get_array(), is_type)),
                          "must be array, boolean, integer, null, number, object or string, or an "
                          "array of these");
        case Form::unsupported:
            return "is not supported; use $ref";
    }
    return nullptr;
}

Anchors anchors_of(const json::value& schema) {
    Anchors anchors;
    for_each_schema(schema, "", [&](const json::object& object, const std::string& pointer) {
        for (const char* const keyword : {"$anchor", "$dynamicAnchor"}) {
            const json::value* const anchor = object.if_contains(keyword);
            if (anchor && anchor->is_string()) {
                anchors.emplace(view(anchor->get_string()), pointer);
            }
        }
    });
    return anchors;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// A fragment of a URI without its percent escapes; nullopt if one is malformed.
std::optional<std::string> decoded(std::string_view fragment) {
    std::string text;
    for (std::size_t i = 0; i < fragment.size(); ++i) {
        if (fragment[i] != '%') {
            text += fragment[i];
            continue;
        }
        if (i + 2 >= fragment.size()) return std::nullopt;
        const int high = hex_digit(fragment[i + 1]);
        const int low = hex_digit(fragment[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        text += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return text;
}

/// Whether a reference refers to a schema within this one.
bool is_resolved(const json::value& schema, std::string_view reference, const Anchors& anchors) {
    const std::optional<std::string> fragment = decoded(reference.substr(1));
    if (!fragment) return false;
    if (!fragment->empty() && fragment->front() != '/') return anchors.contains(*fragment);
    json::error_code error;
    const json::value* const found = schema.find_pointer(*fragment, error);
    return found && is_schema(*found);
}

/// The rules that concern one keyword only. @return a message, or empty.
std::string wrong_keyword(const json::value& root, const Anchors& anchors, std::string_view name,
                          const json::value& value, bool is_root) {
    if (const char* const wrong = wrong_form(form_of(name), value)) return wrong;
    if (name == "$id" && !is_root) return "is only supported at the top";
    if (!value.is_string()) return {};
    const std::string_view text = view(value.get_string());
    if (name == "$schema" && text != dialect && text != std::string(dialect) + '#') {
        return "must be '" + std::string(dialect) + "', or be left out";
    }
    if (name != "$ref") return {};
    if (!text.starts_with('#')) {
        return "must begin with '#': it can refer only to something in this schema";
    }
    return is_resolved(root, text, anchors) ? "" : "refers to no schema in this schema";
}

/// Parsers differ in which of two members of the same name they keep.
std::string unless_unique(std::string_view text) {
    const std::string duplicate = find_duplicate(text);
    return duplicate.empty() ? "" : "has a member twice: " + duplicate;
}

std::string problem_of(const json::value& schema) {
    if (!schema.is_object()) return "must be a JSON object";
    const Anchors anchors = anchors_of(schema);
    std::string problem;
    for_each_schema(schema, "", [&](const json::object& object, const std::string& pointer) {
        for (const auto& member : object) {
            if (!problem.empty()) return;
            const std::string_view name = view(member.key());
            const std::string wrong =
                wrong_keyword(schema, anchors, name, member.value(), pointer.empty());
            if (!wrong.empty())
                problem = "is no JSON Schema 2020-12 that can be used: " + below(pointer, name) +
                          " " + wrong;
        }
    });
    return problem;
}

}  // namespace

Result<> check_schema(std::string_view text) {
    if (text.empty()) return {};
    json::value schema;
    std::string problem = parse(text, schema);
    if (problem.empty()) problem = unless_unique(text);
    if (problem.empty()) problem = problem_of(schema);
    return result_of("schema", problem);
}

Result<> check_example(std::string_view text) {
    if (text.empty()) return {};
    json::value ignored;
    return result_of("example", parse(text, ignored));
}

json::object embedded(std::string_view text, std::string_view pointer) {
    json::value schema = json::parse(json::string_view(text.data(), text.size()));
    const Anchors anchors = anchors_of(schema);
    for_each_schema(schema, "", [&](json::object& object, const std::string&) {
        if (json::value* const reference = object.if_contains("$ref")) {
            const std::string fragment(view(reference->get_string()).substr(1));
            const auto anchor = anchors.find(fragment);
            *reference =
                std::string(pointer) + (anchor != anchors.end() ? anchor->second : fragment);
        }
        for (const char* const name : identifying)
            object.stable_erase(name);
    });
    return std::move(schema.get_object());
}

}  // namespace webhooks::catalog
