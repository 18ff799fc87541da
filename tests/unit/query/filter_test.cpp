#include <support/catch.hpp>
#include <unit/query/repeated.hpp>
#include <unit/query/sample_events.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks {
namespace {

using namespace std::chrono_literals;

/// The ids of the events that match a filter, or why it is invalid.
std::string ask(const std::string& filter) {
    const Result<ListQuery> query = ListQuery::parse({.filter = filter}, ListKind::events);
    if (!query) return query.error().detail();
    return ids(evaluate(*query, sample_events()));
}

}  // namespace

TEST_CASE("a comparison returns the rows for which it is true") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"isSuccess", "1"},
        {"isSuccess eq false", "23"},
        {"not isSuccess", "23"},
        {"false eq isSuccess", "23"},
        {"isSuccess gt false", "1"},
        {"true", "123"},
        {"false", ""},
        {"id eq 2", "2"},
        {"2 lt id", "3"},
        {"id ge 2 and id lt 3", "2"},
        {"statusCode ge 500", "3"},
        {"retryCount ne 0", "1"},
        {"ISSUCCESS EQ TRUE", "1"},
        {"createdAt ge 2026-11-01T00:00:01Z", "23"},
        {"createdAt lt sentAt", "1"},
        {"createdAt eq sentAt", "3"},
        {"id in (1, 3,7)", "13"},
        {"eventType in ('invoice.paid','x')", "3"},
        {"id in ()", ""},
        {"not (id in ())", "123"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("and binds more tightly than or, not more tightly than both") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"id eq 1 or id eq 2 and id eq 3", "1"},
        {"(id eq 1 or id eq 2) and id eq 2", "2"},
        {"not isSuccess and id eq 2", "2"},
        {"not (isSuccess and id eq 2)", "123"},
        {"not(isSuccess)or id eq 1", "filter: expected a blank before 'or' at character 15"},
        {"not(isSuccess) or id eq 1", "123"},
        {"not not isSuccess", "1"},
        {"not a eq 1",
         "filter: 'not' takes a group, a test or a boolean at character 5; put the comparison in "
         "parentheses"},
        {"not contains(payload,'b')", "12"},
        {"( id eq 1 )", "1"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("null is only equal to null, and has no order") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"statusCode eq null", "2"},
        {"statusCode ne null", "13"},
        {"null eq statusCode", "2"},
        {"statusCode ne 200", "23"},
        {"not (statusCode eq 200)", "23"},
        {"errorMessage ne 'a'", "123"},
        {"statusCode gt 0", "13"},
        {"not (statusCode gt 0)", ""},
        {"not (statusCode le 200)", "3"},
        {"statusCode gt 0 or id eq 2", "123"},
        {"contains(response,'')", "13"},
        {"not contains(response,'x')", "13"},
        {"length(response) eq 0", "1"},
        {"length(response) ne 0", "3"},
        {"not (length(response) eq 0)", "3"},
        {"tolower(errorMessage) ne 'a'", "3"},
        {"statusCode in (200)", "1"},
        {"not (statusCode in (200))", "23"},
        {"length(response) in (0)", "1"},
        {"not (length(response) in (0))", "3"},
        {"sentAt eq null", "2"},
        {"statusCode gt null",
         "filter: null has no order at character 15; use 'eq null' or 'ne null'"},
        {"statusCode in (1,null)",
         "filter: null cannot stand in a list at character 18; compare it with 'eq null'"},
        {"null eq null",
         "filter: cannot compare two values at character 1; one side must be a field or a "
         "function"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("text is compared by code point, and its tests take every character literally") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"eventType eq 'order.created'", "1"},
        {"tolower(eventType) eq 'order.created'", "12"},
        {"toupper(eventType) eq 'ORDER.CREATED'", "12"},
        {"eventType lt 'a'", "2"},
        {"contains(payload,'%')", "1"},
        {"contains(payload,'_')", "1"},
        {"contains(payload,'\\')", "1"},
        {"contains(payload,'O''Hara')", "1"},
        {"contains(payload,'\xC3\xA9')", "1"},
        {"endswith(payload,'\xC3\xA9')", "1"},
        {"startswith(payload,'100%')", "1"},
        {"startswith(payload,'')", "123"},
        {"endswith(payload,'')", "123"},
        {"endswith(payload,'bb')", ""},
        {"length(payload) eq 15", "1"},
        {"payload eq ''", "2"},
        {"contains( payload , 'b' )", "3"},
        {"contains(tolower(toupper(payload)),'b')", "3"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("numbers are compared exactly, in any notation") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"id eq 2.0", "2"},
        {"id eq 20e-1", "2"},
        {"id eq 0.2E+1", "2"},
        {"id eq 1.5", ""},
        {"id ne 1.5", "123"},
        {"id gt 1.5", "23"},
        {"id ge 1.5", "23"},
        {"id lt 1.5", "1"},
        {"id le 1.5", "1"},
        {"1.5 lt id", "23"},
        {"id gt -0.5", "123"},
        {"id in (1.5,2)", "2"},
        {"length(payload) eq 0.5", ""},
        {"length(payload) ne 0.5", "123"},
        {"not (length(response) eq 0.5)", "13"},
        {"id lt 9223372036854775807", "123"},
        {"id gt -9223372036854775808", "123"},
        {"id gt -9223372036854775808.5",
         "filter: '-9223372036854775808.5' is beyond 64 bits at character 7"},
        {"id lt 9223372036854775808",
         "filter: '9223372036854775808' is beyond 64 bits at character 7"},
        {"id lt 1e999999999999", "filter: '1e999999999999' is beyond 64 bits at character 7"},
        {"id gt 1e-999999999999", "123"},
        {"id gt 0e999999999999", "123"},
        {"id eq 1.", "filter: neither a number nor a timestamp: '1.' at character 7"},
        {"id eq 1x",
         "filter: neither a number nor a timestamp: '1x' at character 7; write numbers without a "
         "suffix"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("times have the resolution shown, and literals the resolution written") {
    const auto [filter, rows] = GENERATE(table<const char*, const char*>({
        {"sentAt eq 2026-11-01T00:00:00.001Z", "1"},
        {"sentAt eq 2026-11-01T00:00:00.0015Z", ""},
        {"sentAt gt 2026-11-01T00:00:00.0009Z", "13"},
        {"sentAt lt 2026-11-01T00:00:00.0011Z", "1"},
        {"createdAt eq 2026-11-01", "1"},
        {"createdAt eq 2026-11-01T00:00Z", "1"},
        {"createdAt eq 2026-11-01t00:00:00z", "1"},
        {"createdAt eq 2026-11-01T02:00:00+02:00", "1"},
        {"createdAt eq 2026-10-31T23:59:60Z", "1"},
        {"createdAt eq '2026-11-01T00:00:00Z'", "1"},
        {"createdAt in (2026-11-01,'2026-11-01T00:00:01Z')", "12"},
        {"createdAt ge 0001-01-01", "123"},
        {"createdAt le 9999-12-31T23:59:59.999999999999Z", "123"},
        {"createdAt eq 'yesterday'",
         "filter: 'yesterday' is not a timestamp at character 14; write it as "
         "2026-01-31T09:05:00Z"},
        {"createdAt eq 2026-02-29",
         "filter: neither a number nor a timestamp: '2026-02-29' at character 14"},
        {"createdAt eq 2024-02-29", ""},
        {"createdAt eq 0000-01-01",
         "filter: neither a number nor a timestamp: '0000-01-01' at character 14"},
        {"createdAt eq 2026-11-01T24:00:00Z",
         "filter: neither a number nor a timestamp: '2026-11-01T24:00:00Z' at character 14"},
        {"createdAt eq 2026-11-01T00:00:00",
         "filter: neither a number nor a timestamp: '2026-11-01T00:00:00' at character 14"},
        {"createdAt eq 2026-11-01T00:00:00 02:00",
         "filter: neither a number nor a timestamp: '2026-11-01T00:00:00' at character 14; write "
         "the '+' of an offset as %2B"},
        {"createdAt eq 2026-11-01T00:00:00.1234567890123Z",
         "filter: neither a number nor a timestamp: '2026-11-01T00:00:00.1234567890123Z' at "
         "character 14"},
    }));
    INFO(filter);
    CHECK(ask(filter) == rows);
}

TEST_CASE("mismatched types, unknown names and broken text are rejected with their position") {
    const auto [filter, message] = GENERATE(table<const char*, const char*>({
        {"payload eq 1",
         "cannot compare text with a number at character 12; write it in quotes: '7'"},
        {"id eq '1'", "cannot compare a number with text at character 7"},
        {"isSuccess eq 1", "cannot compare a boolean with a number at character 14"},
        {"id eq createdAt", "cannot compare a number with a timestamp at character 7"},
        {"id in (1,'2')", "cannot compare a number with text at character 10"},
        {"contains(id,'1')", "text is needed here at character 10"},
        {"length(id) eq 1", "text is needed here at character 8"},
        {"contains(null,'1')", "text is needed here at character 10"},
        {"id",
         "field 'id' is a number, which is not a condition by itself at character 1; compare it "
         "with something"},
        {"isSucess", "unknown field 'isSucess' at character 1; did you mean 'isSuccess'?"},
        {"payload eq '\xC3\xA9' and foobarbaz eq 1",
         "unknown field 'foobarbaz' at character 20; there are id, webhookSubscriptionId, "
         "eventType, "
         "payload, statusCode, response, errorMessage, isSuccess, retryCount, sentAt, nextRetryAt, "
         "createdAt, orderingKey"},
        {"foo(payload) eq 'a'",
         "unknown function 'foo' at character 1; there are contains, startswith, endswith, "
         "tolower, "
         "toupper, length"},
        {"id gte 5", "'gte' is not an operator at character 4; did you mean 'ge'?"},
        {"id lte 5", "'lte' is not an operator at character 4; did you mean 'le'?"},
        {"payload like '%a%'",
         "'like' is not an operator at character 9; write contains(name,'part')"},
        {"isSuccess is true", "'is' is not an operator at character 11; write eq, as in x eq null"},
        {"payload eq 'a",
         "a string that is not closed at character 12; end it with a single quote"},
        {"payload eq", "expected a field or a value at character 11"},
        {"payload eq ", "expected a field or a value at character 12"},
        {"id eq 1 ", "a blank at the end at character 8"},
        {" id eq 1", "a blank at the beginning at character 1"},
        {"(id eq 1", "expected 'and', 'or' or ')' at character 9"},
        {"id eq 1)", "expected 'and', 'or' or the end, found ')' at character 8"},
        {"id eq 1 and", "expected a field or a value at character 12"},
        {"id eq 1 xor id eq 2", "expected 'and', 'or' or the end, found 'xor' at character 9"},
        {"contains(payload, payload)",
         "expected a string in quotes, found 'payload' at character 19"},
        {"1 in (1)",
         "a value is looked for in a list at character 1; a field or a function is needed before "
         "'in'"},
        {"", "expected a field or a value at character 1"},
    }));
    INFO(filter);
    const Error error = Filter::parse(filter).has_value()
                            ? ListQuery::parse({.filter = filter}, ListKind::events).error()
                            : Filter::parse(filter).error();
    REQUIRE(error.fields().size() == 1);
    CHECK(error.fields()[0] == FieldError{"filter", message});
}

TEST_CASE("a message quotes little, and only what can be shown") {
    CHECK(ask("id eq " + std::string(200, '1') + "xy").size() < 150);
    CHECK(ask("\x01") == "filter: expected a field or a value, found '?' at character 1");
    CHECK(ask("\xFF") == "filter: must be UTF-8 without U+0000");
    CHECK(ask(std::string("id\0", 3)) == "filter: must be UTF-8 without U+0000");
}

TEST_CASE("every limit of a filter holds at its edge") {
    const auto is_accepted = [](const std::string& filter) {
        return Filter::parse(filter).has_value();
    };
    SECTION("2048 bytes") {
        const std::string most = "id eq 1" + repeated(" or id eq 1", 63);
        REQUIRE(most.size() < 2048);
        CHECK(is_accepted("(" + std::string(2048 - most.size() - 2, ' ') + most + ")"));
        CHECK_FALSE(is_accepted("(" + std::string(2049 - most.size() - 2, ' ') + most + ")"));
    }
    SECTION("64 conditions") {
        CHECK(is_accepted("true" + repeated(" or true", 63)));
        CHECK_FALSE(is_accepted("true" + repeated(" or true", 64)));
    }
    SECTION("16 deep") {
        CHECK(is_accepted(repeated("(", 16) + "true" + repeated(")", 16)));
        CHECK_FALSE(is_accepted(repeated("(", 17) + "true" + repeated(")", 17)));
        CHECK(is_accepted(repeated("not ", 16) + "true"));
        CHECK_FALSE(is_accepted(repeated("not ", 17) + "true"));
    }
    SECTION("100 items") {
        CHECK(is_accepted("id in (1" + repeated(",1", 99) + ")"));
        CHECK_FALSE(is_accepted("id in (1" + repeated(",1", 100) + ")"));
    }
    SECTION("1024 bytes of a value") {
        CHECK(is_accepted("name eq '" + std::string(1024, 'a') + "'"));
        CHECK_FALSE(is_accepted("name eq '" + std::string(1025, 'a') + "'"));
    }
}

TEST_CASE("a filter that is built is equivalent to its text") {
    const std::pair<Filter, const char*> rows[] = {
        {field("isSuccess") == true && contains(field("payload"), "O'Hara"),
         "isSuccess eq true and contains(payload,'O''Hara')"},
        {!(field("statusCode") >= 500 || field("statusCode") == nullptr),
         "not (statusCode ge 500 or statusCode eq null)"},
        {is_in(to_lower(field("eventType")), {"order.created"}),
         "tolower(eventType) in ('order.created')"},
        {field("createdAt") > start + 1s, "createdAt gt 2026-11-01T00:00:01Z"},
        {length(field("payload")) < 5 && field("id") != 2, "length(payload) lt 5 and id ne 2"},
        {starts_with(to_upper(field("payload")), "B") || ends_with(field("payload"), "\xC3\xA9"),
         "startswith(toupper(payload),'B') or endswith(payload,'\xC3\xA9')"},
        {field("id") <= 1, "id le 1"},
    };
    for (const auto& [filter, text] : rows) {
        INFO(text);
        CHECK(ids(evaluate({.filter = filter}, sample_events())) == ask(text));
    }
    CHECK(ids(evaluate({.filter = field("nme") == "x"}, std::vector<Subscription>())) ==
          "filter: unknown field 'nme'; did you mean 'name'?");
}

}  // namespace webhooks
