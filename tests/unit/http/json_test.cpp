#include <boost/json.hpp>
#include <json/object_parser.hpp>
#include <json/values.hpp>
#include <json/writer.hpp>
#include <support/catch.hpp>

using namespace webhooks::http;

namespace {

bool is_object(std::string_view text) {
    return json::parse_object(text, {}).has_value();
}

bool has_valid_payload(std::string_view text) {
    return json::parse_object(text, {"payload"}, "payload").has_value();
}

std::string nested(int depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

std::string member(std::string_view text, std::string_view name, std::string_view raw_member = {}) {
    const auto members = json::parse_object(text, {name}, raw_member);
    REQUIRE(members);
    return std::string(members->at(name).value);
}

}  // namespace

TEST_CASE("an object's syntax is checked as RFC 8259 defines it") {
    const auto [text, verdict] = GENERATE(table<std::string, bool>({
        {"{}", true},
        {" {\t\r\n} ", true},
        {"{\"a\":1}", true},
        {"{\"a\":{\"b\":[1,2,{}]}}", true},
        {"", false},
        {" ", false},
        {"[]", false},
        {"1", false},
        {"null", false},
        {"\"a\"", false},
        {"{", false},
        {"}", false},
        {"{}{}", false},
        {"{} x", false},
        {"{a:1}", false},
        {"{'a':1}", false},
        {"{\"a\"}", false},
        {"{\"a\":}", false},
        {"{\"a\":1,}", false},
        {"{,}", false},
        {"{\"a\":1 \"b\":2}", false},
        {"{\"a\":[1,]}", false},
        {"{\"a\":[,1]}", false},
        {"{\"a\":[1 2]}", false},
        {"{\"a\":[}", false},
        {"{\"a\":]}", false},
        {"{\"a\":tru}", false},
        {"{\"a\":True}", false},
        {"{\"a\":true}", true},
        {"{\"a\":falsey}", false},
        {"{\"a\":nul}", false},
        {"{\"a\":NaN}", false},
        {"{\"a\":Infinity}", false},
        {"{\"a\":0}", true},
        {"{\"a\":-0}", true},
        {"{\"a\":01}", false},
        {"{\"a\":-}", false},
        {"{\"a\":+1}", false},
        {"{\"a\":1.}", false},
        {"{\"a\":.5}", false},
        {"{\"a\":1.5e}", false},
        {"{\"a\":1.5e+}", false},
        {"{\"a\":1.5e-7}", true},
        {"{\"a\":1E5}", true},
        {"{\"a\":0x1}", false},
        {"{\"a\":1_0}", false},
        {"{\"a\":\"}", false},
        {"{\"a\":\"\n\"}", false},
        {"{\"a\":\"\t\"}", false},
        {"{\"a\":\"\\n\"}", true},
        {"{\"a\":\"\\x\"}", false},
        {"{\"a\":\"\\\"}", false},
        {"{\"a\":\"\\u12\"}", false},
        {"{\"a\":\"\\u12G4\"}", false},
        {"{\"a\":\"\\u1234\"}", true},
        {"{\"a\":\"\\ud83d\\ude00\"}", true},
        {"{\"a\":\"\\ud83d\"}", false},
        {"{\"a\":\"\\ud83dx\"}", false},
        {"{\"a\":\"\\ud83d\\u0041\"}", false},
        {"{\"a\":\"\\ude00\"}", false},
        {"{\"a\":\"\x7f\"}", true},
        {"{\"a\":\"\xc3\xa4\"}", true},
        {"{\"a\":\"\xc3\"}", false},
        {"{\"a\":\"\xc0\x80\"}", false},
        {"{\"a\":\"\xe2\x82\xac\"}", true},
        {"{\"a\":\"\xed\xa0\x80\"}", false},
        {"{\"a\":\"\xe0\x80\x80\"}", false},
        {"{\"a\":\"\xf0\x9f\x98\x80\"}", true},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", false},
        {"{\"a\":\"\xf0\x80\x80\x80\"}", false},
        {"{\"a\":\"\xff\"}", false},
        {"{\"a\":\"\x80\"}", false},
        {"\xef\xbb\xbf{}", false},
        {"{\"a\":1}//", false},
        {"{/**/}", false},
        {"{\"\\ud800\":1}", false},
    }));
    INFO(text);
    CHECK(is_object(text) == verdict);
}

TEST_CASE("text must not contain what parsers hide") {
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

TEST_CASE("an error says what and where") {
    CHECK(json::parse_object("", {}).error().detail() == "is empty, must be a JSON object");
    CHECK(json::parse_object("[1]", {}).error().detail() == "must be a JSON object");
    CHECK(json::parse_object("{\"a\":x}", {}).error().detail() ==
          "is not valid JSON: syntax error at byte 6");
    CHECK(json::parse_object("{\"a\":\"\xff\"}", {}).error().detail() ==
          "is not valid JSON: syntax error at byte 7, where the text may not be UTF-8");
    CHECK(json::parse_object("\xef\xbb\xbf{}", {}).error().detail() ==
          "must be UTF-8 without a byte order mark");
    CHECK(json::parse_object("{} x", {}).error().detail() ==
          "is not valid JSON: something follows the object at byte 4");
    CHECK(json::parse_object(R"({"a":"\u0000"})", {}).error().detail() ==
          "is not valid JSON: U+0000 is not accepted in text at byte 13");
}

TEST_CASE("a value keeps its exact bytes") {
    CHECK(member("{\"a\" : [ 1.50 , 1e400 ] , \"b\":2}", "a") == "[ 1.50 , 1e400 ]");
    CHECK(member(R"({"b":2,"a":{"x":1,"x":2}})", "a") == R"({"x":1,"x":2})");
    CHECK(member(R"({"a\u0062":"\u00e4"})", "ab") == R"("\u00e4")");
}

TEST_CASE("a value that is sent as written may contain an escaped U+0000") {
    const std::string text = R"({"Payload":{"\u0000":["\u0000","x\u0000"]},"b":"x"})";
    CHECK_FALSE(is_object(text));
    CHECK(member(text, "Payload", "payload") == R"({"\u0000":["\u0000","x\u0000"]})");
    SECTION("in this value only") {
        CHECK_FALSE(has_valid_payload(R"({"payload":1,"b":"\u0000"})"));
        CHECK_FALSE(has_valid_payload(R"({"payload":{"a":1},"b":"\u0000"})"));
        CHECK_FALSE(has_valid_payload(R"({"b":{"payload":"\u0000"}})"));
    }
    SECTION("but its syntax, UTF-8, depth and exponents must be valid") {
        CHECK_FALSE(has_valid_payload(R"({"payload":"\u00"})"));
        CHECK_FALSE(has_valid_payload(R"({"payload":"\udc00\ud800"})"));
        CHECK_FALSE(has_valid_payload(R"({"payload":01})"));
        CHECK_FALSE(has_valid_payload(R"({"payload":1e99999999999})"));
        CHECK(has_valid_payload(R"({"payload":1e400})"));
        CHECK_FALSE(has_valid_payload("{\"payload\":\"\xff\"}"));
        CHECK_FALSE(has_valid_payload("{\"payload\":" + nested(32) + "}"));
        CHECK(has_valid_payload("{\"payload\":" + nested(31) + "}"));
    }
}

TEST_CASE("members are found by name in any case, and the first one counts") {
    const auto members = json::parse_object(
        R"({"b":1,"NAME":"x","c":{"name":7},"n\u0061me":"y","name":"z","B":2})", {"Name", "a"});
    REQUIRE(members);
    CHECK(members->at("name").value == R"("x")");
    CHECK(members->at("name").is_repeated);
    CHECK(members->at("A").value.empty());
    CHECK_FALSE(members->at("a").is_repeated);
    CHECK(members->all().size() == 2);
    CHECK_THROWS_AS(members->at("b"), std::out_of_range);
}

TEST_CASE("members are visited in order, until the visitor has seen enough") {
    std::string seen;
    const auto see = [&](const std::string& name, std::string_view value) {
        seen += name + "=" + std::string(value) + " ";
        return name != "\n";
    };
    CHECK(json::visit_members(R"({"a":1,"A":[2],"a":"3"})", see));
    CHECK(seen == R"(a=1 A=[2] a="3" )");
    seen.clear();
    CHECK(json::visit_members(R"({"\n":1,"a":2})", see));
    CHECK(seen == "\n=1 ");
    CHECK(json::visit_members("[]", see).error().detail() == "must be a JSON object");
}

TEST_CASE("objects in a list are parsed, and their values keep their bytes") {
    const auto parse = [](std::string_view text) {
        return json::parse_list_object(text, "events", 10, {"payload", "b"}, "payload");
    };
    const auto parsed = parse(
        R"({ "x" : "[{" , "Events" : [ {"payload" : [ "\u0000" , "]" ] , "c":1} , 2 , "{" , {} ]})");
    REQUIRE(parsed);
    REQUIRE(parsed->list.size() == 4);
    REQUIRE(parsed->list[0]);
    CHECK(parsed->list[0]->at("payload").value == R"([ "\u0000" , "]" ])");
    CHECK(parsed->list[0]->at("b").value.empty());
    CHECK_FALSE(parsed->list[1]);
    CHECK_FALSE(parsed->list[2]);
    CHECK(parsed->list[3]->at("payload").value.empty());
    CHECK_FALSE(parse(R"({"payload":"\u0000"})"));
    CHECK_FALSE(parse(R"({"events":[{"b":"\u0000"}]})"));
    const auto levels = [&](int depth) {
        return parse(R"({"events":[{"payload":)" + nested(depth) + "}]}").has_value();
    };
    CHECK(levels(31));
    CHECK_FALSE(levels(32));
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

TEST_CASE("whole numbers are integers, however they are written") {
    CHECK(json::to_integer("9") == 9);
    CHECK(json::to_integer("-9223372036854775808") == INT64_MIN);
    CHECK(json::to_integer("9.0") == 9);
    CHECK(json::to_integer("-9.000e0") == -9);
    CHECK(json::to_integer("90E-1") == 9);
    CHECK(json::to_integer("0.09e+2") == 9);
    CHECK(json::to_integer("9e18") == 9'000'000'000'000'000'000);
    CHECK(json::to_integer("9223372036854775807.0") == INT64_MAX);
    CHECK(json::to_integer("0.0") == 0);
    CHECK(json::to_integer("-0e-99999") == 0);
    CHECK(json::to_integer("0e99999") == 0);
}

TEST_CASE("what is no whole number, or does not fit, is no integer") {
    for (const char* raw : {"9.5", "9e-1", "0.9", "9.0000000000000000000000001", "1e19", "1e400",
                            "9223372036854775808", "9223372036854775807.5", "1e-2147483648",
                            "\"9\"", "\"9e0\"", "true", "false", "null", "[1]", "{\"a\":1e5}"}) {
        CAPTURE(raw);
        CHECK_FALSE(json::to_integer(raw));
    }
}

TEST_CASE("values of another type are nullopt") {
    CHECK_FALSE(json::to_string("1"));
    CHECK_FALSE(json::to_string("null"));
    CHECK_FALSE(json::to_bool("\"true\""));
    CHECK_FALSE(json::to_bool("1"));
    CHECK(json::is_null("null"));
    CHECK_FALSE(json::is_null("\"null\""));
}

TEST_CASE("written JSON has the order of the calls and reads back") {
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
