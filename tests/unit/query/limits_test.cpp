#include <base/utf8.hpp>
#include <query/parser.hpp>
#include <query/plan.hpp>
#include <support/catch.hpp>
#include <webhooks/event.hpp>
#include <webhooks/query.hpp>

namespace webhooks {
namespace {

std::string many(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

/// Why a built filter is invalid for events; "fine" if it is valid.
std::string verdict(const Filter& filter) {
    const Result<> result = ListQuery{.filter = filter}.check(ListKind::events);
    return result ? "fine" : result.error().detail();
}

query::Condition condition_of(const Filter& filter) {
    return query::make_plan({.filter = filter}, ListKind::events).value().condition.value();
}

Filter written(const std::string& text) {
    return Filter::parse(text).value();
}

Filter always() {
    return field("id") > 0;
}

Filter negated(std::size_t times) {
    Filter filter = always();
    for (std::size_t i = 0; i < times; ++i) {
        filter = !filter;
    }
    return filter;
}

Filter alternating(std::size_t times) {
    Filter filter = always();
    for (std::size_t i = 0; i < times; ++i) {
        filter = (filter || always()) && always();
    }
    return filter;
}

Filter chain(std::size_t conditions) {
    Filter filter = always();
    for (std::size_t i = 1; i < conditions; ++i) {
        filter = i % 2 ? filter && always() : always() && filter;
    }
    return filter;
}

Term folded(std::size_t times) {
    Term text = field("payload");
    for (std::size_t i = 0; i < times; ++i) {
        text = to_lower(text);
    }
    return text;
}

}  // namespace

TEST_CASE("a filter that is built has the limits of one that is written") {
    SECTION("16 deep") {
        const std::string too_deep = "filter: nested more than 16 deep";
        CHECK(verdict(negated(16)) == "fine");
        CHECK(verdict(negated(17)) == too_deep);
        CHECK(verdict(alternating(16)) == "fine");
        CHECK(verdict(alternating(17)) == too_deep);
        CHECK(verdict(folded(16) == "a") == "fine");
        CHECK(verdict(folded(17) == "a") == too_deep);
        CHECK(verdict(!(folded(15) == "a")) == "fine");
        CHECK(verdict(!(folded(16) == "a")) == too_deep);
        CHECK(verdict(negated(1000)) == too_deep);
    }
    SECTION("64 conditions") {
        CHECK(verdict(chain(64)) == "fine");
        CHECK(verdict(chain(65)) == "filter: more than 64 conditions");
    }
    SECTION("64 conditions, however often parts are shared") {
        Filter doubled = always();
        for (int i = 0; i < 10; ++i) {
            doubled = (doubled || always()) && (doubled || !always());
        }
        CHECK(verdict(doubled) == "filter: more than 64 conditions");
    }
    SECTION("1024 bytes of a value") {
        CHECK(verdict(field("payload") == std::string(1024, 'a')) == "fine");
        CHECK(verdict(contains(field("payload"), std::string(1025, 'a'))) ==
              "filter: a value of more than 1024 bytes");
    }
}

TEST_CASE("a list of a filter that is built holds 100 values, none of them a field") {
    const auto list = [](auto... values) { return is_in(field("id"), {Term(values)...}); };
    const auto of_length = [&]<std::size_t... is>(std::index_sequence<is...>) {
        return list(static_cast<int>(is)...);
    };
    CHECK(verdict(of_length(std::make_index_sequence<100>())) == "fine");
    CHECK(verdict(of_length(std::make_index_sequence<101>())) ==
          "filter: more than 100 items in a list");
    CHECK(verdict(is_in(field("id"), {field("statusCode")})) ==
          "filter: a list must contain only values, not fields or functions");
    CHECK(verdict(is_in(field("id"), {length("a")})) ==
          "filter: a list must contain only values, not fields or functions");
}

TEST_CASE("a filter that is built accepts text that can be stored, and times in years 1 to 9999") {
    CHECK(verdict(field("payload") == "\xFF") ==
          "filter: a value that is not UTF-8 without U+0000");
    CHECK(verdict(starts_with(field("payload"), std::string("a\0b", 3))) ==
          "filter: a value that is not UTF-8 without U+0000");
    CHECK(verdict(field("n\xFF\x01") == 1).starts_with("filter: unknown field '?'; there are id"));
    const auto day = [](int year) {
        return Time(std::chrono::sys_days(std::chrono::year(year) / 12 / 31));
    };
    CHECK(verdict(field("createdAt") < day(9999)) == "fine");
    CHECK(verdict(field("createdAt") < day(10000)) ==
          "filter: '10000-12-31T00:00:00.000000Z' is not in years 0001 to 9999");
    CHECK(verdict(field("createdAt") < day(1)) == "fine");
    CHECK(verdict(field("createdAt") < day(0)) ==
          "filter: '0000-12-31T00:00:00.000000Z' is not in years 0001 to 9999");
}

TEST_CASE("a chain that is built makes the plan of its text, wherever its parentheses stand") {
    const Filter a = field("id") > 1;
    const Filter b = field("isSuccess") == true;
    const Filter c = contains(field("payload"), "x");
    const auto children = [](const Filter& filter) { return condition_of(filter).children.size(); };
    CHECK(children(a && b && c) == 3);
    CHECK(children(a && (b && c)) == 3);
    CHECK(children((a && b) || c) == 2);
    CHECK(children(a || b || c) == 3);
    CHECK(children(written("id gt 1 and isSuccess eq true and contains(payload,'x')")) == 3);
}

TEST_CASE("what can never be equal is false, and unknown if a function returns null") {
    std::vector<Event> rows(2);
    rows[0].id = {1};
    rows[1].id = {2};
    rows[1].response = "ab";
    const auto ids = [&](const char* filter) {
        std::string text;
        for (const Event& row : evaluate({.filter = written(filter)}, rows).value().items) {
            text += std::to_string(row.id.value);
        }
        return text;
    };
    CHECK(ids("length(response) in (1.5,2.5)").empty());
    CHECK(ids("not (length(response) in (1.5,2.5))") == "2");
    CHECK(ids("length(response) in (1.5,2)") == "2");
    CHECK(ids("statusCode in (1.5)").empty());
    CHECK(ids("not (statusCode in (1.5))") == "12");
    CHECK(ids("length(response) eq 1.5").empty());
    CHECK(ids("not (length(response) ne 1.5)").empty());
    CHECK(ids("length(response) ne 1.5") == "2");
}

TEST_CASE("a plus sign that became a space is also detected in quotes") {
    const auto error = [](const char* filter) { return verdict(written(filter)); };
    CHECK(
        error("createdAt ge '2026-11-01T00:00:00 02:00'") ==
        "filter: '2026-11-01T00:00:00 02:00' is not a timestamp at character 14; write the '+' of "
        "an offset as %2B");
    CHECK(error("createdAt ge '2026-11-01 02:00'") ==
          "filter: '2026-11-01 02:00' is not a timestamp at character 14; write it as "
          "2026-01-31T09:05:00Z");
}

TEST_CASE("a message shows whole characters, and no control characters") {
    const auto error = [](const std::string& filter) {
        return Filter::parse(filter).error().detail();
    };
    CHECK(error("id eq \xC3\xA9") ==
          "filter: expected a field or a value, found '\xC3\xA9' at character 7");
    CHECK(error("payload eq '\xF0\x9F\x98\x80' and \xC2\x85") ==
          "filter: expected a field or a value, found '?' at character 20");
    // Quoted text is cut between two characters.
    const std::string long_text = many("\xE2\x82\xAC", 100);
    const std::string message = verdict(field("createdAt") == long_text);
    CHECK(is_storable_text(message));
    CHECK(message.find(many("\xE2\x82\xAC", 20) + "...'") != std::string::npos);
}

TEST_CASE("a parameter with several errors reports one of them") {
    std::vector<SortKey> sort(9, {.field = "nonsense"});
    const Error error = ListQuery{.sort = sort}.check(ListKind::events).error();
    REQUIRE(error.fields().size() == 1);
    CHECK(error.fields()[0] == FieldError{"sort", "more than 8 keys"});
}

TEST_CASE("a filter is parsed in time that depends only on its length") {
    // A byte is at most one token, and each token may be read this often.
    constexpr std::size_t max_per_byte = 40;
    const auto blanks = std::string(1900, ' ');
    const std::string hard[] = {
        many("(", 16) + blanks + "true" + many(")", 16),
        many("( ", 16) + "true" + many(std::string(100, ' ') + ")", 16),
        "true" + blanks + ")",
        "true" + blanks + "x",
        many("not ", 16) + std::string(1900, 'x'),
        many("not(", 8) + std::string(1900, 'x') + many(")", 8),
        std::string(2048, 'x'),
        "tolower(" + std::string(2000, 'x') + ") eq 'a'",
        "id eq " + std::string(1000, '1'),
        "payload eq '" + many("''", 500) + "'",
        "payload eq " + many("''", 1000),
        many("true or ", 64),
        many("true and true or ", 32),
        "id in (" + many("1  ,  ", 100),
        many("(true) or ", 100),
        many("(", 2048),
        many("not ", 512),
        many("!", 2048),
        "payload" + many(".ToLower()", 200),
        many("np(", 600),
        "payload == \"" + many("\\u00e9", 300) + "\"",
        "payload == " + many("\"\\\"", 600),
        many("!isSuccess&&", 64),
        many("isSuccess?.", 180),
    };
    for (const std::string& text : hard) {
        CAPTURE(text);
        std::size_t steps = 0;
        query::parse_filter(text, &steps);
        CHECK(steps > 0);
        CHECK(steps <= max_per_byte * text.size());
    }
}

}  // namespace webhooks
