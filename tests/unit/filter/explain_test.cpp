#include <base/utf8.hpp>
#include <filter/explain.hpp>
#include <filter/judge.hpp>
#include <string>
#include <support/catch.hpp>

namespace webhooks::filter {
namespace {

/// Each condition as "character text [value] result".
std::vector<std::string> explained(const std::string& text, const std::string& payload) {
    auto parsed = PayloadFilter::parse(text);
    REQUIRE(std::holds_alternative<PayloadFilter>(parsed));
    Judge judge("order.created", "application/json", payload);
    std::vector<std::string> lines;
    for (const FilterCondition& condition :
         explain(std::get<PayloadFilter>(parsed), text, judge.candidate())) {
        const auto result = condition.result;
        lines.push_back(std::to_string(condition.character) + " " + condition.text + " [" +
                        condition.value.value_or("-") + "] " +
                        (result ? (*result ? "true" : "false") : "unknown"));
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each condition has its text, its place, what it found and its result") {
    CHECK(explained("payload/total ge 100 and  not (payload/cur eq 'EUR' or payload/paid)",
                    R"({"total":1e2,"cur":"E\"R","paid":null})") ==
          Lines{"1 payload/total ge 100 [1e2] true", "32 payload/cur eq 'EUR' [\"E\\\"R\"] false",
                "56 payload/paid [null] unknown"});
    CHECK(explained(
              "payload/'é' eq 1 && eventType.StartsWith(\"order.\") && payload/x not in (1,2)",
              R"({"é":1})") == Lines{"1 payload/'é' eq 1 [1] true",
                                     "21 eventType.StartsWith(\"order.\") [\"order.created\"] true",
                                     "55 payload/x not in (1,2) [-] true"});
    CHECK(explained("payload/items/any(i: i/n gt 5 and i/s eq 'b') or exists(payload/note)",
                    R"({"items":[{"n":2},{"n":9,"s":"b"}]})") ==
          Lines{"1 payload/items/any(i: i/n gt 5 and i/s eq 'b') "
                R"([[{"n":2},{"n":9,"s":"b"}]] true)",
                "50 exists(payload/note) [-] false"});
    CHECK(explained("string.IsNullOrEmpty(payload/x)", R"({"x":""})") ==
          Lines{"1 string.IsNullOrEmpty(payload/x) [\"\"] false",
                "1 string.IsNullOrEmpty(payload/x) [\"\"] true"});
    CHECK(explained("payload/x gt 5", "no JSON") == Lines{"1 payload/x gt 5 [-] unknown"});
}

TEST_CASE("a long value is cut between characters") {
    std::string payload = R"({"a":")";
    for (int i = 0; i < 300; ++i) {
        payload += "é";
    }
    payload += R"(","b":[[[[)" + std::string(600, '[') + std::string(600, ']') + R"(]]]],"c":{)";
    for (int i = 0; i < 100; ++i) {
        payload += (i > 0 ? ",\"m" : "\"m") + std::to_string(i) + "\":true";
    }
    payload += "}}";
    for (const char* text : {"payload/a eq 'x'", "payload/b/any()", "exists(payload/c)"}) {
        auto parsed = PayloadFilter::parse(text);
        Judge judge("t", "application/json", payload);
        const auto conditions = explain(std::get<PayloadFilter>(parsed), text, judge.candidate());
        REQUIRE(conditions.size() == 1);
        const std::string value = conditions[0].value.value();
        CHECK(value.size() <= max_condition_value_bytes);
        CHECK(value.size() > max_condition_value_bytes - 5);
        CHECK(value.ends_with("…"));
        CHECK(count_code_points(value));
    }
}

}  // namespace webhooks::filter
