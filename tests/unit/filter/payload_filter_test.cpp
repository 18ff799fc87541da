#include <filter/decimal.hpp>
#include <filter/payload_filter.hpp>
#include <fstream>
#include <string>
#include <support/catch.hpp>

namespace webhooks::filter {
namespace {

constexpr std::string_view order = R"({"total":99.5,"cur":"EUR","paid":true,)"
                                   R"("id":9007199254740993,"tags":["new"],)"
                                   R"("items":[{"sku":"a","n":2},{"sku":"b","n":9}],"note":null,)"
                                   R"("when":"2026-02-01T00:00:00+01:00","day":"2026-02-01",)"
                                   R"("order-id":"x","a":{"a":{"any":1}},"sum":1.0,"big":1e400})";

/// "true", "false" or "unknown", or why the filter is invalid.
std::string judge(std::string_view filter, std::string_view payload = order) {
    auto parsed = PayloadFilter::parse(filter);
    if (const auto* error = std::get_if<query::SyntaxError>(&parsed)) return error->message();
    const std::optional<JsonDocument> document = JsonDocument::parse(payload);
    const std::optional<bool> truth = std::get<PayloadFilter>(parsed).judge(
        {.event_type = "order.created", .payload = document ? &*document : nullptr});
    return truth ? (*truth ? "true" : "false") : "unknown";
}

}  // namespace

TEST_CASE("a filter judges the members of a payload") {
    const auto [filter, result] = GENERATE(table<const char*, const char*>({
        {"payload/total ge 99.5 and payload/cur in ('EUR','USD')", "true"},
        {"payload/total >= 99.5 && payload/cur == \"EUR\"", "true"},
        {"payload/paid", "true"},
        {"not payload/paid", "false"},
        {"payload/id eq 9007199254740992", "false"},
        {"payload/id eq 9007199254740993", "true"},
        {"payload/sum eq 1", "true"},
        {"payload/big gt 1e399", "true"},
        {"payload/big gt 1e401", "false"},
        {"1e2 gt payload/total", "true"},
        {"payload/note eq null", "true"},
        {"payload/gone eq null", "true"},
        {"payload/note eq payload/gone", "true"},
        {"exists(payload/note)", "true"},
        {"exists(payload/gone)", "false"},
        {"payload/cur ne 'USD'", "true"},
        {"payload/gone ne 'USD'", "true"},
        {"payload/gone gt 5", "unknown"},
        {"not (payload/gone gt 5)", "unknown"},
        {"payload/cur gt 5", "unknown"},
        {"not (payload/cur gt 5)", "unknown"},
        {"payload/cur eq 5", "false"},
        {"payload/cur", "unknown"},
        {"payload/x eq 'a' or payload/paid", "true"},
        {"payload/gone gt 5 and payload/paid", "unknown"},
        {"payload/gone gt 5 and not payload/paid", "false"},
        {"payload/items eq payload/items", "false"},
        {"payload/'order-id' eq 'x'", "true"},
        {"payload/a/a/'any' eq 1", "true"},
        {"PAYLOAD/CUR eq null", "true"},
        {"payload eq null", "false"},
        {"eventType in ('order.created','order.paid') and payload/paid", "true"},
        {"EventType ne 'order.created'", "false"},
        {"startswith(eventType,'order.')", "true"},
    }));
    INFO(filter);
    CHECK(judge(filter) == result);
}

TEST_CASE("functions of a text judge texts alone") {
    const auto [filter, result] = GENERATE(table<const char*, const char*>({
        {"startswith(tolower(payload/cur),'eu')", "true"},
        {"payload/cur.ToLower().EndsWith(\"ur\")", "true"},
        {"contains(payload/total,'9')", "unknown"},
        {"tolower(payload/total) eq '99.5'", "unknown"},
        {"tolower(payload/gone) eq null", "unknown"},
        {"length(payload/cur) eq 3", "true"},
        {"payload/cur.Length > 3", "false"},
        {"string.IsNullOrEmpty(payload/gone)", "true"},
        {"string.IsNullOrEmpty(payload/cur)", "false"},
    }));
    INFO(filter);
    CHECK(judge(filter) == result);
}

TEST_CASE("any and all judge the items of an array, and what is none has none") {
    const auto [filter, result] = GENERATE(table<const char*, const char*>({
        {"payload/items/any(i: i/sku eq 'b' and i/n gt 5)", "true"},
        {"payload/items/any(i: i/sku eq 'a' and i/n gt 5)", "false"},
        {"payload/items/all(i: i/n gt 5)", "false"},
        {"payload/items/all(i: i/n gt 1)", "true"},
        {"payload/items/any()", "true"},
        {"payload/gone/any()", "false"},
        {"payload/cur/any()", "false"},
        {"payload/gone/all(i: i gt 5)", "true"},
        {"not payload/tags/any(t: t eq 'test')", "true"},
        {"not payload/gone/any(t: t eq 'test')", "true"},
        {"payload/tags/any(t: t gt 5)", "unknown"},
        {"payload/items/1/n eq 9", "true"},
        {"payload/items/7/n eq 9", "false"},
        {"payload/items/99999999999999999999 eq null", "true"},
        {"payload/items/any(i: payload/tags/any(t: t eq 'new' and i/n eq 9))", "true"},
        {"payload/items/any(i: payload/tags/any(t: t/any(u: u eq 1)))",
         "more than 2 of 'any' and 'all' within each other at character 48"},
    }));
    INFO(filter);
    CHECK(judge(filter) == result);
}

TEST_CASE("a timestamp is compared as an instant with a text that is one") {
    const auto [filter, result] = GENERATE(table<const char*, const char*>({
        {"payload/when gt 2026-01-01", "true"},
        {"payload/when eq 2026-01-31T23:00:00Z", "true"},
        {"payload/when eq '2026-01-31T23:00:00Z'", "false"},
        {"payload/day gt 2026-01-01", "unknown"},
        {"payload/day eq 2026-02-01", "false"},
        {"payload/day ne 2026-02-01", "true"},
        {"payload/total gt 2026-01-01", "unknown"},
        {"payload/when < DateTime(2026,3,1)", "true"},
    }));
    INFO(filter);
    CHECK(judge(filter) == result);
}

TEST_CASE("a filter that can mean nothing is an error at its character") {
    const auto [filter, error] = GENERATE(table<const char*, const char*>({
        {"total gt 5",
         "unknown name 'total' at character 1; a member of the payload is written payload/total, a "
         "text 'total'"},
        {"payload/order-id eq 1",
         "'-' in a path at character 14; a name with other characters than letters, digits and _ "
         "is quoted: payload/'order-id'"},
        {"payload/total gt null", "null has no order at character 18; use 'eq null' or 'ne null'"},
        {"1 eq 2",
         "cannot compare two values at character 1; one side must be a path or a function"},
        {"eventType eq 5",
         "an event type is a text at character 14; write eventType eq 'order.created'"},
        {"eventType in ('a',5)",
         "an event type is a text at character 19; write eventType eq 'order.created'"},
        {"eventType",
         "'eventType' is a text, which is not a condition by itself at character 1; "
         "compare it with something"},
        {"payload/a in (null)",
         "null cannot stand in a list at character 15; compare it with 'eq null'"},
        {"payload/a/",
         "expected the name of a member or the index of an item at character 11; a "
         "name with other characters than letters, digits and _ is quoted: "
         "payload/'order-id'"},
        {"payload/ a", "a blank in a path at character 10"},
        {"exists(eventType)", "'exists' takes a path into the payload at character 8"},
        {"exists(payload/items/any(i: i))",
         "'exists' takes a path into the payload at character 8"},
        {"payload/items/any(true: payload)",
         "'true' cannot be a variable, because it has a meaning at character 19"},
        {"payload/items/any(i/n eq 5)",
         "expected ':' at character 20; name each item: payload/items/any(i: i/sku eq 'b')"},
        {"payload/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q eq 1",
         "more than 16 segments in a path at character 41"},
    }));
    INFO(filter);
    CHECK(judge(filter) == error);
}

TEST_CASE("an error about a spelling of Dynamic LINQ says what to write instead") {
    constexpr const char* times =
        "; compare it with times: x ge 2026-01-01 and x lt 2027-01-01, where x is the time";
    const auto [filter, error] = GENERATE(table<const char*, std::string>({
        {"np(Name,\"\") == \"x\"",
         "unknown name 'Name' at character 4; a member of the payload is written payload/Name, a "
         "text 'Name'"},
        {"np(payload/Name,\"\") == \"x\"",
         "'np' takes one value at character 16; write the name alone, and what is absent as: or x "
         "eq null"},
        {"Name.Year == 2026",
         "unknown name 'Name' at character 1; a member of the payload is written payload/Name, a "
         "text 'Name'"},
        {"payload/when.Year == 2026",
         std::string("parts of a time are not supported at character 14") + times},
        {"payload/when.Date == 2026-01-31",
         std::string("parts of a time are not supported at character 14") + times},
        {"payload/customer.name == \"x\"",
         "unknown member 'name' at character 18; a member of an object follows a slash, as in "
         "payload/customer/name; text has Contains, StartsWith, EndsWith, ToLower, ToUpper, "
         "Length"},
        {"(payload/Name) == \"x\"",
         "a name in parentheses is a condition, which cannot be compared at character 16; leave "
         "out its parentheses"},
        {"payload/a eq 1 and ((payload/Name) in ('x'))",
         "a name in parentheses is a condition, which cannot be compared at character 36; leave "
         "out its parentheses"},
        {"(Name) == \"x\"",
         "unknown name 'Name' at character 2; a member of the payload is written payload/Name, a "
         "text 'Name'"},
    }));
    INFO(filter);
    CHECK(judge(filter) == error);
}

TEST_CASE("the error about a long name is short") {
    CHECK(judge(std::string(2000, 'a') + " gt 5").size() < 300);
    CHECK(judge("payload/" + std::string(2000, 'a') + "-b gt 5").size() < 300);
    CHECK(judge(std::string(2000, 'a') + "(payload) gt 5").size() < 300);
}

TEST_CASE("a payload that is no JSON has no members") {
    for (const std::string_view payload : {"", "{", "total=5", "{} {}", "\xff"}) {
        INFO(payload);
        CHECK(judge("exists(payload)", payload) == "false");
        CHECK(judge("payload/total eq null", payload) == "true");
        CHECK(judge("eventType eq 'order.created'", payload) == "true");
    }
}

TEST_CASE("the payload itself can be any JSON") {
    CHECK(judge("payload eq 5", " 5.0 ") == "true");
    CHECK(judge("payload", "true") == "true");
    CHECK(judge("payload eq 'a\"b'", R"("a\u0022b")") == "true");
    CHECK(judge("payload/any(x: x eq 3)", "[1,2,3]") == "true");
    CHECK(judge("payload/a eq 2", R"({"a":1,"a":2})") == "true");
    CHECK(judge("payload/'' eq 1", R"({"":1})") == "true");
}

TEST_CASE("what is beyond the limit of values is unknown, and takes bounded time") {
    std::string items = "[0";
    for (int i = 0; i < 400; ++i) {
        items += ",0";
    }
    CHECK(judge("payload/any(x: payload/any(y: y eq 1))", items + "]") == "unknown");
    CHECK(judge("payload/any(x: x eq 1)", items + "]") == "false");
    std::string many = "[0";
    for (std::size_t i = 0; i < JsonDocument::max_values; ++i) {
        many += ",0";
    }
    CHECK_FALSE(JsonDocument::parse(many + "]"));
}

TEST_CASE("numbers of any size are compared exactly") {
    const auto [left, right, order_of_them] = GENERATE(table<const char*, const char*, int>({
        {"0", "-0", 0},
        {"0e5", "0.000", 0},
        {"1", "1.0", 0},
        {"100", "1e2", 0},
        {"1E+2", "0.1e3", 0},
        {"0.001", "1e-3", 0},
        {"-1", "1", -1},
        {"-2", "-1", -1},
        {"9", "10", -1},
        {"0.09", "0.1", -1},
        {"123", "123.0001", -1},
        {"1e999999999999999999999", "1e5", 1},
        {"1e-999999999999999999999", "0", 1},
        {"-1e400", "1", -1},
        {"00012", "12", 0},
    }));
    INFO(left << " and " << right);
    CHECK(compare_decimals(left, right) == (order_of_them <=> 0));
    CHECK(compare_decimals(right, left) == (0 <=> order_of_them));
}

TEST_CASE("numbers are ordered as Python's decimal orders them") {
    std::ifstream pairs(WEBHOOKS_SOURCE_FOLDER "/tests/unit/filter/decimals.txt");
    std::size_t count = 0;
    std::string left;
    std::string right;
    for (int ordering = 0; pairs >> left >> right >> ordering; ++count) {
        INFO(left << " and " << right);
        CHECK(compare_decimals(left, right) == (ordering <=> 0));
    }
    CHECK(count == 600);
}

}  // namespace webhooks::filter
