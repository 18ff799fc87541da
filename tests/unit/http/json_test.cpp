#include <boost/json.hpp>
#include <json/scanner.hpp>
#include <json/values.hpp>
#include <json/writer.hpp>
#include <support/catch.hpp>

using namespace webhooks::http;

namespace {

bool is_object(std::string_view text) {
    return json::parse_object(text).has_value();
}

std::string nested(int depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

/// What another parser says of it; it has no fault with U+0000.
bool boost_agrees_it_is_object(std::string_view text) {
    boost::system::error_code error;
    const auto value = boost::json::parse({text.data(), text.size()}, error);
    return !error && value.is_object();
}

std::string member(std::string_view text, std::string_view name, std::string_view as_written = {}) {
    const auto members = json::parse_object(text, as_written);
    REQUIRE(members);
    for (const auto& found : *members) {
        if (found.name == name) return std::string(found.value);
    }
    return "(none)";
}

}  // namespace

TEST_CASE("an object's syntax is judged as RFC 8259 has it") {
    const auto text = GENERATE(values<std::string>({
        "{}",
        " {\t\r\n} ",
        "{\"a\":1}",
        "{\"a\":{\"b\":[1,2,{}]}}",
        "",
        " ",
        "[]",
        "1",
        "null",
        "\"a\"",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{a:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":]}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":true}",
        "{\"a\":falsey}",
        "{\"a\":nul}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":0}",
        "{\"a\":-0}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1.5e}",
        "{\"a\":1.5e+}",
        "{\"a\":1.5e-7}",
        "{\"a\":1E5}",
        "{\"a\":0x1}",
        "{\"a\":1_0}",
        "{\"a\":\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12G4\"}",
        "{\"a\":\"\\u1234\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":\"\\ud83dx\"}",
        "{\"a\":\"\\ud83d\\u0041\"}",
        "{\"a\":\"\\ude00\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":\"\xc3\xa4\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xe2\x82\xac\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xe0\x80\x80\"}",
        "{\"a\":\"\xf0\x9f\x98\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xf0\x80\x80\x80\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\x80\"}",
        "\xef\xbb\xbf{}",
        "{\"a\":1}//",
        "{/**/}",
        "{\"\\ud800\":1}",
    }));
    INFO(text);
    CHECK(is_object(text) == boost_agrees_it_is_object(text));
}

TEST_CASE("what no parser shows may not be in text") {
    CHECK_FALSE(is_object(R"({"a":"\u0000"})"));
    CHECK_FALSE(is_object(R"({"\u0000":1})"));
    CHECK_FALSE(is_object(R"({"a":[{"b":"x\u0000y"}]})"));
    CHECK_FALSE(is_object(std::string_view("{\"a\":\"\0\"}", 9)));
}

TEST_CASE("32 levels are read, 33 are not") {
    CHECK(is_object(nested(32)));
    CHECK_FALSE(is_object(nested(33)));
    CHECK_FALSE(is_object(nested(100'000)));
}

TEST_CASE("a fault says what and where") {
    CHECK(json::parse_object("").error().detail() == "is empty, must be a JSON object");
    CHECK(json::parse_object("[1]").error().detail() == "must be a JSON object");
    CHECK(json::parse_object("{\"a\":x}").error().detail() ==
          "is not valid JSON: expected a value at byte 6");
}

TEST_CASE("a value keeps its very bytes") {
    CHECK(member("{\"a\" : [ 1.50 , 1e400 ] , \"b\":2}", "a") == "[ 1.50 , 1e400 ]");
    CHECK(member(R"({"b":2,"a":{"x":1,"x":2}})", "a") == R"({"x":1,"x":2})");
    CHECK(member(R"({"a\u0062":"\u00e4"})", "ab") == R"("\u00e4")");
}

TEST_CASE("a value that goes out as written may have escapes that cannot be decoded") {
    const std::string text = R"({"Payload":{"\ud800":["\u0000","\udc00\ud800"]},"b":"x"})";
    CHECK_FALSE(is_object(text));
    CHECK(member(text, "Payload", "payload") == R"({"\ud800":["\u0000","\udc00\ud800"]})");
    SECTION("in this value alone") {
        CHECK_FALSE(json::parse_object(R"({"payload":1,"b":"\u0000"})", "payload"));
        CHECK_FALSE(json::parse_object(R"({"b":{"payload":"\u0000"}})", "payload"));
    }
    SECTION("but its syntax, UTF-8 and depth are right") {
        CHECK_FALSE(json::parse_object(R"({"payload":"\u00"})", "payload"));
        CHECK_FALSE(json::parse_object(R"({"payload":01})", "payload"));
        CHECK_FALSE(json::parse_object("{\"payload\":\"\xff\"}", "payload"));
        CHECK_FALSE(json::parse_object("{\"payload\":" + nested(32) + "}", "payload"));
        CHECK(json::parse_object("{\"payload\":" + nested(31) + "}", "payload"));
    }
}

TEST_CASE("strings are decoded") {
    const auto [raw, text] = GENERATE(table<std::string, std::string>({
        {R"("")", ""},
        {R"("a\"\\\/\b\f\n\r\tz")", "a\"\\/\b\f\n\r\tz"},
        {R"("\u0041\u00e4\u20ac")", "A\xc3\xa4\xe2\x82\xac"},
        {R"("\ud83d\ude00!")", "\xf0\x9f\x98\x80!"},
        {R"("\uD83D\uDE00")", "\xf0\x9f\x98\x80"},
        {"\"\xc3\xa4\"", "\xc3\xa4"},
    }));
    CHECK(json::to_string(raw) == text);
}

TEST_CASE("only whole numbers written as such are integers") {
    CHECK(json::to_integer("9") == 9);
    CHECK(json::to_integer("-9223372036854775808") == INT64_MIN);
    CHECK_FALSE(json::to_integer("9223372036854775808"));
    CHECK_FALSE(json::to_integer("9.0"));
    CHECK_FALSE(json::to_integer("9e0"));
    CHECK_FALSE(json::to_integer("\"9\""));
    CHECK_FALSE(json::to_integer("true"));
}

TEST_CASE("values of another kind are nothing") {
    CHECK_FALSE(json::to_string("1"));
    CHECK_FALSE(json::to_string("null"));
    CHECK_FALSE(json::to_bool("\"true\""));
    CHECK_FALSE(json::to_bool("1"));
    CHECK(json::is_null("null"));
    CHECK_FALSE(json::is_null("\"null\""));
}

TEST_CASE("what is written has the order of the calls and reads back") {
    json::Writer writer;
    writer.begin_object()
        .member("b", 1)
        .member("a", true)
        .member("n", std::optional<int>())
        .key("list")
        .begin_array()
        .value(1)
        .value("x")
        .begin_object()
        .end_object()
        .end_array()
        .member("z", "")
        .end_object();
    CHECK(writer.take() == R"({"b":1,"a":true,"n":null,"list":[1,"x",{}],"z":""})");
}

TEST_CASE("written text reads back as it was") {
    std::string text;
    for (int c = 1; c < 128; ++c)
        text += static_cast<char>(c);
    text += "\xc3\xa4\xf0\x9f\x98\x80";
    json::Writer writer;
    writer.value(text);
    const std::string written = writer.take();
    CHECK(boost::json::parse(written).as_string() == text);
    CHECK(json::to_string(written) == text);
}
