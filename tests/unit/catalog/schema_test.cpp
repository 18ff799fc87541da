#include <boost/json/serialize.hpp>
#include <catalog/keywords.hpp>
#include <catalog/schema.hpp>
#include <set>
#include <string>
#include <support/catch.hpp>

using namespace webhooks;
using namespace webhooks::catalog;

namespace {

std::string verdict_on(const std::string& schema) {
    const Result<> verdict = check_schema(schema);
    if (verdict) return "fine";
    CHECK(verdict.error().fields().at(0).field == "schema");
    const std::string message = verdict.error().fields().at(0).message;
    const std::string begin = "is no JSON Schema 2020-12 that can be used: ";
    return message.starts_with(begin) ? message.substr(begin.size()) : message;
}

std::string embed(const std::string& schema) {
    return serialize(embedded(schema, "#/components/schemas/a.b"));
}

}  // namespace

TEST_CASE("a schema may use each keyword of JSON Schema 2020-12") {
    CHECK(verdict_on("") == "fine");
    CHECK(verdict_on("{}") == "fine");
    CHECK(verdict_on(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:a",
        "$comment":"c","title":"t","description":"d","type":["object","null"],
        "properties":{"$ref":{"type":"string"},"a":true,"n":{"multipleOf":0.01,"minimum":-1,
            "exclusiveMaximum":9007199254740993}},
        "required":["a"],"additionalProperties":false,"patternProperties":{"^x-":{"format":"uri"}},
        "propertyNames":{"maxLength":9},"dependentRequired":{"a":["b"]},"dependentSchemas":{"a":{}},
        "minProperties":1,"maxProperties":2.0,"unevaluatedProperties":false,
        "if":{"const":{"$ref":5}},"then":{},"else":{"not":{}},"enum":[{"type":7},null],
        "allOf":[{"prefixItems":[{"type":"integer"}],"items":false,"minItems":0,"uniqueItems":true,
            "contains":{},"minContains":1,"unevaluatedItems":true}],
        "anyOf":[{"contentEncoding":"base64","contentMediaType":"a/b","contentSchema":{}}],
        "oneOf":[{"pattern":"^a$","minLength":1,"readOnly":true,"deprecated":false}],
        "$defs":{"x":{"default":{"type":1},"examples":[1]}},"x-anything":{"type":1}})") == "fine");
}

TEST_CASE("what is wrong in a schema is told with its place") {
    CHECK(verdict_on("[]") == "must be a JSON object");
    CHECK(verdict_on("true") == "must be a JSON object");
    CHECK(verdict_on("{\"a\":}").starts_with("is not valid JSON: "));
    CHECK(verdict_on("{} {}").starts_with("is not valid JSON: "));
    CHECK(verdict_on("{\"a\":\"\xFF\"}") == "must be UTF-8 without U+0000");
    CHECK(verdict_on(R"({"properties":{"a/b":{"type":"strin"}}})") ==
          "/properties/a~1b/type must be array, boolean, integer, null, number, object or string, "
          "or an array of these");
    CHECK(verdict_on(R"({"items":[{}]})") == "/items must be a schema: an object or a boolean");
    CHECK(verdict_on(R"({"allOf":[]})") == "/allOf must be a non-empty array of schemas");
    CHECK(verdict_on(R"({"allOf":[{"required":"a"}]})") ==
          "/allOf/0/required must be an array of strings");
    CHECK(verdict_on(R"({"minLength":-1})") == "/minLength must be an integer from 0 on");
    CHECK(verdict_on(R"({"minLength":1.5})") == "/minLength must be an integer from 0 on");
    CHECK(verdict_on(R"({"multipleOf":0})") == "/multipleOf must be a number above 0");
    CHECK(verdict_on(R"({"exclusiveMinimum":true})") == "/exclusiveMinimum must be a number");
    CHECK(verdict_on(R"({"$schema":"http://json-schema.org/draft-07/schema#"})") ==
          "/$schema must be 'https://json-schema.org/draft/2020-12/schema', or be left out");
    CHECK(verdict_on(R"({"not":{"$id":"urn:a"}})") == "/not/$id is only supported at the top");
    CHECK(verdict_on(R"({"$dynamicRef":"#a"})") == "/$dynamicRef is not supported; use $ref");
}

TEST_CASE("no member of a schema occurs twice") {
    const auto twice = [](const std::string& text) {
        const std::string message = check_schema(text).error().fields().at(0).message;
        REQUIRE(message.starts_with("has a member twice: "));
        return message.substr(20);
    };
    CHECK(twice(R"({"type":"object","type":"array"})") == "/type");
    CHECK(twice(R"({"allOf":[{},{"const":[1,[2],{"a/b":1,"a/b":2}]}]})") ==
          "/allOf/1/const/2/a~1b");
    CHECK(check_schema(R"({"properties":{"type":{"type":"object"},"a":{"type":"object"}}})"));
    CHECK(check_example(R"({"a":1,"a":2})"));
}

TEST_CASE("a reference refers to a schema within the same one") {
    const auto verdict_on_reference = [](const std::string& reference) {
        return verdict_on(R"({"$ref":")" + reference +
                          R"(","$defs":{"a/b c":{"$anchor":"here"},"x":{"enum":[1]}}})");
    };
    for (const char* right : {"#", "#/$defs/x", "#/$defs/a~1b%20c", "#here", "#/%24defs/x"}) {
        CAPTURE(right);
        CHECK(verdict_on_reference(right) == "fine");
    }
    for (const char* wrong : {"#/$defs/y", "#there", "#/$defs/x/enum", "#/%2", "#/$defs/a%2Fb c"}) {
        CAPTURE(wrong);
        CHECK(verdict_on_reference(wrong) == "/$ref refers to no schema in this schema");
    }
    for (const char* remote : {"https://example.com/a.json", "other.json#/a", "/a", ""}) {
        CAPTURE(remote);
        CHECK(verdict_on_reference(remote) ==
              "/$ref must begin with '#': it can refer only to something in this schema");
    }
}

TEST_CASE("a schema has at most 64 KiB and 32 levels") {
    const auto nested = [](int levels) {
        std::string text = "{}";
        for (int i = 1; i < levels; ++i)
            text = "{\"not\":" + text + "}";
        return text;
    };
    CHECK(verdict_on(nested(32)) == "fine");
    CHECK(verdict_on(nested(33)) == "must have at most 32 levels");
    const std::string rest = R"({"title":""})";
    const auto of_size = [&](std::size_t size) {
        return R"({"title":")" + std::string(size - rest.size(), 'a') + "\"}";
    };
    CHECK(verdict_on(of_size(65536)) == "fine");
    CHECK(verdict_on(of_size(65537)) == "must be at most 65536 bytes");
    CHECK(check_example(of_size(65536)));
    CHECK(check_example("5"));
    CHECK(check_example(R"({"type":7,"a":1,"a":2})"));
    CHECK_FALSE(check_example(of_size(65537)));
    CHECK_FALSE(check_example("{} x"));
}

TEST_CASE("an embedded schema refers to itself where it is") {
    CHECK(embed(R"({"$ref":"#","$defs":{"x":{"$ref":"#/$defs/x"}}})") ==
          R"({"$ref":"#/components/schemas/a.b","$defs":{"x":)"
          R"({"$ref":"#/components/schemas/a.b/$defs/x"}}})");
    CHECK(embed(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:x",)"
                R"("properties":{"$ref":{"$ref":"#b"}},"$defs":{"b":{"$anchor":"b"}}})") ==
          R"({"properties":{"$ref":{"$ref":"#/components/schemas/a.b/$defs/b"}},)"
          R"("$defs":{"b":{}}})");
    CHECK(embed(R"({"const":{"$ref":"#/a"},"examples":[{"$id":"x"}]})") ==
          R"({"const":{"$ref":"#/a"},"examples":[{"$id":"x"}]})");
}

TEST_CASE("each keyword is listed once") {
    std::set<std::string_view> names;
    for (const Keyword& keyword : keywords)
        CHECK(names.insert(keyword.name).second);
}
