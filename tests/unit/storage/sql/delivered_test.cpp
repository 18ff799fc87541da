#include <storage/sql/delivered.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {
namespace {

Holds holds(const std::string& filter) {
    const ListQuery query = ListQuery::parse({.filter = filter}, ListKind::events).value();
    return holds_for_delivered(*query::make_plan(query, ListKind::events).value().condition);
}

}  // namespace

TEST_CASE("a condition that no delivered event meets is recognized") {
    const char* const filter = GENERATE(
        "isSuccess eq false", "not isSuccess", "isSuccess ne true", "false", "nextRetryAt ne null",
        "nextRetryAt gt 2026-01-01", "not (nextRetryAt gt 2026-01-01)", "errorMessage ne null",
        "contains(errorMessage,'refused')", "startswith(tolower(errorMessage),'c')",
        "length(errorMessage) gt 3", "errorMessage in ('a','b')", "statusCode ge 300",
        "statusCode gt 299", "statusCode lt 200", "statusCode eq 503", "500 le statusCode",
        "statusCode in (410,429)", "not (statusCode ge 200 and statusCode lt 300)",
        "isSuccess eq false and eventType eq 'a'",
        "(statusCode ge 500 or errorMessage ne null) and contains(payload,'x')",
        "not (isSuccess or contains(payload,'x'))", "isSuccess and nextRetryAt ne null");
    INFO(filter);
    CHECK(holds(filter) == Holds::never);
}

TEST_CASE("a condition that every delivered event meets is recognized") {
    const char* const filter =
        GENERATE("isSuccess", "isSuccess eq true", "true", "nextRetryAt eq null",
                 "errorMessage eq null", "errorMessage ne 'a'", "statusCode ne 503",
                 "not (isSuccess eq false)", "isSuccess eq true and errorMessage eq null");
    INFO(filter);
    CHECK(holds(filter) == Holds::always);
}

TEST_CASE("a condition on the status depends on whether the event is only read") {
    const char* const filter = GENERATE("statusCode eq null", "statusCode ge 200",
                                        "statusCode lt 300", "statusCode ne null");
    INFO(filter);
    CHECK(holds(filter) == Holds::sometimes);
}

TEST_CASE("a condition that depends on the delivered event is not mistaken for another") {
    const char* const filter =
        GENERATE("statusCode ge 299", "statusCode lt 201", "statusCode eq 204",
                 "statusCode in (204,503)", "not (statusCode eq 200)", "eventType eq 'a'",
                 "isSuccess eq false or eventType eq 'a'", "isSuccess and eventType eq 'a'",
                 "contains(response,'x')", "not (isSuccess and contains(payload,'x'))",
                 "nextRetryAt ne sentAt", "retryCount gt 0", "sentAt eq null");
    INFO(filter);
    CHECK(holds(filter) == Holds::sometimes);
}

}  // namespace webhooks::storage
