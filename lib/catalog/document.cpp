#include <catalog/document.hpp>

#include <algorithm>
#include <base/ascii.hpp>
#include <base/json_text.hpp>
#include <boost/json/serialize.hpp>
#include <catalog/keywords.hpp>
#include <catalog/schema.hpp>
#include <cstdint>
#include <set>
#include <string_view>
#include <webhooks/version.hpp>

namespace webhooks::catalog {
namespace {

/// What all webhooks have in common: the headers of a request, and what a response means.
constexpr std::string_view parameters = R"({
"webhook-id":{"name":"webhook-id","in":"header","required":true,
"description":"Identifies the event: the same for each attempt.","schema":{"type":"string"}},
"webhook-timestamp":{"name":"webhook-timestamp","in":"header","required":true,
"description":"When this attempt was made, in seconds since 1970.","schema":{"type":"integer"}},
"webhook-signature":{"name":"webhook-signature","in":"header","required":true,
"description":"One or more signatures as Standard Webhooks defines them, separated by spaces.",
"schema":{"type":"string"}}})";

constexpr std::string_view parameter_list = R"([
{"$ref":"#/components/parameters/webhook-id"},
{"$ref":"#/components/parameters/webhook-timestamp"},
{"$ref":"#/components/parameters/webhook-signature"}])";

constexpr std::string_view responses = R"({
"delivered":{"description":"The event was delivered."},
"gone":{"description":"The endpoint is gone: the subscription is deactivated."},
"tooMany":{"description":"The event is resent after the time that the response names.",
"headers":{"Retry-After":{"description":"Seconds, or a date.","schema":{"type":"string"}}}},
"failed":{"description":"The event is resent later."}})";

constexpr std::string_view response_list = R"({
"2XX":{"$ref":"#/components/responses/delivered"},
"410":{"$ref":"#/components/responses/gone"},
"429":{"$ref":"#/components/responses/tooMany"},
"default":{"$ref":"#/components/responses/failed"}})";

/// FNV-1a: it need only differ for texts that are edited.
std::uint64_t hash_of(std::string_view text, std::uint64_t hash) {
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    // A byte that is not in UTF-8 ends it.
    return (hash ^ 0xFFU) * 1099511628211U;
}

std::string place_of(const EventType& type) {
    return "#/components/schemas/" + type.name;
}

std::string description_of(const EventType& type) {
    std::string text = type.description;
    if (!type.deprecation) return text;
    if (!text.empty()) text += "\n\n";
    text += "Deprecated since " + time_text(type.deprecation->since).substr(0, 10);
    if (!type.deprecation->successor.empty()) {
        text += "; use `" + type.deprecation->successor + "` instead";
    }
    text += '.';
    if (!type.deprecation->note.empty()) text += ' ' + type.deprecation->note;
    return text;
}

JsonMembers body_of(const EventType& type) {
    JsonMembers media;
    media.add("schema", JsonMembers().add("$ref", place_of(type)));
    if (!type.example.empty()) {
        media.add("examples",
                  JsonMembers().add("example", JsonMembers().add_json("value", type.example)));
    }
    JsonMembers body;
    body.add_json("required", "true");
    return body.add("content", JsonMembers().add("application/json", media));
}

JsonMembers webhook_of(const EventType& type) {
    JsonMembers post;
    post.add("operationId", type.name).add("summary", type.name);
    if (const std::string text = description_of(type); !text.empty()) post.add("description", text);
    if (type.deprecation) post.add_json("deprecated", "true");
    if (!type.group.empty()) post.add("tags", std::vector<std::string_view>{type.group});
    post.add_json("parameters", parameter_list)
        .add("requestBody", body_of(type))
        .add_json("responses", response_list);
    return JsonMembers().add("post", post);
}

/// Names that OpenAPI allows for what is in `components`.
bool is_component_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii::is_digit(c) || c == '.' ||
               c == '_' || c == '-';
    });
}

/// Adds the schema of a type, and each of its `$defs` by a name of its own, so that generators name
/// them, too.
/// @param names that are taken, as those of all types are.
void add_schemas(JsonMembers& schemas, const EventType& type, std::set<std::string>& names) {
    // Anything: nothing is known of its payloads.
    if (type.schema.empty()) {
        schemas.add_json(type.name, "{}");
        return;
    }
    const boost::json::object schema = embedded(type.schema, place_of(type));
    schemas.add_json(type.name, serialize(schema));
    const boost::json::value* const definitions = schema.if_contains("$defs");
    if (!definitions) return;
    for (const auto& definition : definitions->get_object()) {
        const std::string name = type.name + '.' + std::string(view(definition.key()));
        if (!is_component_name(name) || !names.insert(name).second) continue;
        schemas.add(name, JsonMembers().add(
                              "$ref", below(place_of(type) + "/$defs", view(definition.key()))));
    }
}

JsonMembers info_of(const CatalogOptions& options) {
    JsonMembers info;
    info.add("title", options.title).add("version", options.version);
    if (!options.description.empty()) info.add("description", options.description);
    return info;
}

std::string tags_of(const EventTypes& types) {
    std::set<std::string_view> groups;
    for (const auto& type : types) {
        if (!type->retired_at && !type->group.empty()) groups.insert(type->group);
    }
    std::string tags;
    for (const std::string_view group : groups) {
        tags.append(tags.empty() ? "" : ",").append(JsonMembers().add("name", group).object());
    }
    return "[" + tags + "]";
}

}  // namespace

std::string tag_of(const EventTypes& types, const CatalogOptions& options) {
    Revision newest = 0;
    std::uint64_t hash = 14695981039346656037U;
    for (const auto& type : types) {
        newest = std::max(newest, type->revision);
        hash = hash_of(type->name, hash);
    }
    for (const std::string_view text :
         {std::string_view(options.title), std::string_view(options.version),
          std::string_view(options.description), std::string_view(WEBHOOKS_VERSION)}) {
        hash = hash_of(text, hash);
    }
    return std::to_string(newest) + '-' + std::to_string(hash);
}

std::string document_of(const EventTypes& types, const CatalogOptions& options) {
    JsonMembers webhooks;
    JsonMembers schemas;
    std::set<std::string> names;
    for (const auto& type : types) {
        names.insert(type->name);
    }
    for (const auto& type : types) {
        if (type->retired_at) continue;
        webhooks.add(type->name, webhook_of(*type));
        add_schemas(schemas, *type, names);
    }
    JsonMembers components;
    components.add("schemas", schemas)
        .add_json("parameters", parameters)
        .add_json("responses", responses);
    return JsonMembers()
        .add("openapi", "3.1.0")
        .add("info", info_of(options))
        // What absent servers stand for; linters ask for them even where there are no paths.
        .add_json("servers", R"([{"url":"/"}])")
        // Signatures are headers, and no scheme that OpenAPI has.
        .add_json("security", "[]")
        .add_json("tags", tags_of(types))
        .add("webhooks", webhooks)
        .add("components", components)
        .object();
}

}  // namespace webhooks::catalog
