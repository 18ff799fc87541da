#include <set>
#include <storage/sql/condition_sql.hpp>
#include <support/catch.hpp>
#include <webhooks/testing/storage_contract/query_twins.hpp>

namespace webhooks::storage {
namespace {

constexpr Column columns[] = {{"", "c0", 1}, {"", "c1", 2}, {"", "c2", 0},  {"", "c3", 0},
                              {"", "c4", 0}, {"", "c5", 0}, {"", "c6", 0},  {"", "c7", 0},
                              {"", "c8", 0}, {"", "c9", 0}, {"", "c10", 0}, {"", "c11", 0}};

/// In single quotes, as SQL and OData have it, or in double ones.
std::string literal(const std::string& text, char quote) {
    std::string quoted(1, quote);
    for (const char c : text) {
        if (c == quote || (c == '\\' && quote == '"')) quoted += quote == '"' ? '\\' : quote;
        quoted += c;
    }
    return quoted + quote;
}

std::string filled(std::string text, const std::string& value) {
    for (std::size_t at = 0; (at = text.find("{}", at)) != std::string::npos;) {
        text.replace(at, 2, value);
        at += value.size();
    }
    return text;
}

/// The SQL of a query, or "rejected".
std::string sql_of(const ListQueryText& text, ListKind kind = ListKind::subscriptions) {
    const Result<ListQuery> query = ListQuery::parse(text, kind);
    if (!query) return "rejected";
    const query::Plan plan = query::make_plan(*query, kind).value();
    ListSql list(sqlite_dialect, columns);
    std::string sql = plan.condition ? list.condition(*plan.condition) : "";
    return sql + list.order(plan.order);
}

const std::string payloads[] = {
    "' OR '1'='1",
    "'; DROP TABLE webhooks_subscription; --",
    "x') UNION SELECT secret FROM webhooks_subscription --",
    "\\'; SELECT 1; --",
    "/* */ OR 1=1",
    "1; PRAGMA writable_schema=1",
    "%27 OR 1=1",
    ":v0",
    "{0}{1}",
    "id); ATTACH 'x' AS y; --",
    "\xEF\xBC\x87 OR 1=1",
    "name\" OR \"1\"=\"1",
};

}  // namespace

TEST_CASE("the SQL is the same for every value") {
    const char* const templates[] = {
        "name eq {}",         "name ne {}",          "{} lt name",
        "name in ({},{})",    "contains(name,{})",   "startswith(url,{}) or endswith(url,{})",
        "not (userId eq {})", "tolower(name) eq {}", "length(name) gt 1 and url ge {}",
        "Name={}||{}!=Url",   "Name.Contains({})",   "!Name.ToLower().StartsWith({})",
    };
    for (const std::string filter : templates) {
        std::set<std::string> texts;
        for (const std::string& payload : payloads) {
            for (const char quote : {'\'', '"'}) {
                texts.insert(sql_of({.filter = filled(filter, literal(payload, quote))}));
            }
        }
        INFO(filter);
        CHECK(texts.size() == 1);
        CHECK_FALSE(texts.contains("rejected"));
    }
}

TEST_CASE("a query in Dynamic LINQ produces the same SQL as in OData") {
    namespace contract = testing::storage_contract;
    for (const auto& [dynamic, odata] : contract::subscription_twins) {
        INFO(dynamic.filter.value_or(""));
        CHECK(sql_of(dynamic) != "rejected");
        CHECK(sql_of(dynamic) == sql_of(odata));
    }
    for (const auto& [dynamic, odata] : contract::event_twins) {
        INFO(dynamic.filter.value_or(""));
        CHECK(sql_of(dynamic, ListKind::events) != "rejected");
        CHECK(sql_of(dynamic, ListKind::events) == sql_of(odata, ListKind::events));
    }
}

TEST_CASE("an invalid query is rejected, in every parameter") {
    for (const std::string& payload : payloads) {
        INFO(payload);
        CHECK(sql_of({.filter = payload}) == "rejected");
        CHECK(sql_of({.sort = payload}) == "rejected");
        CHECK(sql_of({.select = payload}) == "rejected");
        CHECK(sql_of({.include = payload}) == "rejected");
        CHECK(sql_of({.take = payload}) == "rejected");
        CHECK(sql_of({.skip = payload}) == "rejected");
        CHECK(sql_of({.after = payload}) == "rejected");
    }
}

TEST_CASE("values are bound, and the joins of the requested fields are known") {
    ListSql list(sqlite_dialect, columns);
    const ListQuery query =
        ListQuery::parse({.filter = "name eq 'a' and id gt 1.5"}, ListKind::subscriptions).value();
    const query::Plan plan = query::make_plan(query, ListKind::subscriptions).value();
    CHECK(list.condition(*plan.condition) == "((c1 IS :v0) AND (c0 > :v1))");
    CHECK(list.joins() == 3);
}

}  // namespace webhooks::storage
