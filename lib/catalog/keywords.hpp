#pragma once

/// @file
/// The keywords of JSON Schema 2020-12: what form their values have, and where schemas are in them.

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace webhooks::catalog {

enum class Form {
    any,
    schema,
    schemas,        ///< A non-empty array of them.
    named_schemas,  ///< An object of them.
    text,
    flag,
    number,
    positive_number,
    count,  ///< An integer from 0 on.
    list,
    texts,        ///< An array of strings.
    named_texts,  ///< An object of arrays of strings.
    types,        ///< The name of a type, or an array of them.
    reference,    ///< A reference to something in the same schema.
    unsupported,
};

struct Keyword {
    std::string_view name;
    Form form;
};

inline constexpr std::array keywords = {
    Keyword{"$anchor", Form::text},
    Keyword{"$comment", Form::text},
    Keyword{"$defs", Form::named_schemas},
    Keyword{"$dynamicAnchor", Form::text},
    Keyword{"$dynamicRef", Form::unsupported},
    Keyword{"$id", Form::text},
    Keyword{"$recursiveRef", Form::unsupported},
    Keyword{"$ref", Form::reference},
    Keyword{"$schema", Form::text},
    Keyword{"additionalProperties", Form::schema},
    Keyword{"allOf", Form::schemas},
    Keyword{"anyOf", Form::schemas},
    Keyword{"contains", Form::schema},
    Keyword{"contentEncoding", Form::text},
    Keyword{"contentMediaType", Form::text},
    Keyword{"contentSchema", Form::schema},
    Keyword{"definitions", Form::named_schemas},
    Keyword{"dependentRequired", Form::named_texts},
    Keyword{"dependentSchemas", Form::named_schemas},
    Keyword{"deprecated", Form::flag},
    Keyword{"description", Form::text},
    Keyword{"else", Form::schema},
    Keyword{"enum", Form::list},
    Keyword{"examples", Form::list},
    Keyword{"exclusiveMaximum", Form::number},
    Keyword{"exclusiveMinimum", Form::number},
    Keyword{"format", Form::text},
    Keyword{"if", Form::schema},
    Keyword{"items", Form::schema},
    Keyword{"maxContains", Form::count},
    Keyword{"maximum", Form::number},
    Keyword{"maxItems", Form::count},
    Keyword{"maxLength", Form::count},
    Keyword{"maxProperties", Form::count},
    Keyword{"minContains", Form::count},
    Keyword{"minimum", Form::number},
    Keyword{"minItems", Form::count},
    Keyword{"minLength", Form::count},
    Keyword{"minProperties", Form::count},
    Keyword{"multipleOf", Form::positive_number},
    Keyword{"not", Form::schema},
    Keyword{"oneOf", Form::schemas},
    Keyword{"pattern", Form::text},
    Keyword{"patternProperties", Form::named_schemas},
    Keyword{"prefixItems", Form::schemas},
    Keyword{"properties", Form::named_schemas},
    Keyword{"propertyNames", Form::schema},
    Keyword{"readOnly", Form::flag},
    Keyword{"required", Form::texts},
    Keyword{"then", Form::schema},
    Keyword{"title", Form::text},
    Keyword{"type", Form::types},
    Keyword{"unevaluatedItems", Form::schema},
    Keyword{"unevaluatedProperties", Form::schema},
    Keyword{"uniqueItems", Form::flag},
    Keyword{"writeOnly", Form::flag},
};

/// `any` for a name that is no keyword: it has no meaning.
constexpr Form form_of(std::string_view name) {
    for (const Keyword& keyword : keywords) {
        if (keyword.name == name) return keyword.form;
    }
    return Form::any;
}

inline std::string_view view(boost::json::string_view text) {
    return {text.data(), text.size()};
}

/// A pointer (RFC 6901) to a member or item.
inline std::string below(const std::string& pointer, std::string_view name) {
    std::string path = pointer + '/';
    for (const char c : name) {
        if (c == '~') {
            path += "~0";
        } else if (c == '/') {
            path += "~1";
        } else {
            path += c;
        }
    }
    return path;
}

/// Calls `visit(boost::json::object&, pointer)` for a schema and all within it, outer ones first.
/// What has a wrong form is skipped. @param schema an object, or something else.
template <class Value, class Visit>
void for_each_schema(Value& schema, const std::string& pointer, const Visit& visit) {
    auto* const object = schema.if_object();
    if (!object) return;
    visit(*object, pointer);
    for (auto& member : *object) {
        const std::string_view name = view(member.key());
        const Form form = form_of(name);
        const std::string path = below(pointer, name);
        auto& value = member.value();
        if (form == Form::schema) {
            for_each_schema(value, path, visit);
        } else if (form == Form::schemas && value.is_array()) {
            std::size_t index = 0;
            for (auto& item : value.get_array())
                for_each_schema(item, path + '/' + std::to_string(index++), visit);
        } else if (form == Form::named_schemas && value.is_object()) {
            for (auto& named : value.get_object())
                for_each_schema(named.value(), below(path, view(named.key())), visit);
        }
    }
}

}  // namespace webhooks::catalog
