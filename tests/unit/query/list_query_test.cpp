#include <support/catch.hpp>
#include <unit/query/sample_events.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks {
namespace {

std::string sorted(const std::string& sort) {
    const Result<ListQuery> query = ListQuery::parse({.sort = sort}, ListKind::events);
    if (!query) return query.error().detail();
    return ids(evaluate(*query, sample_events()));
}

}  // namespace

TEST_CASE("rows are sorted by every key in turn, nulls lowest, the id last") {
    const auto [sort, rows] = GENERATE(table<const char*, const char*>({
        {"id", "123"},
        {"id desc", "321"},
        {"statusCode", "213"},
        {"statusCode desc", "312"},
        {"isSuccess", "231"},
        {"isSuccess , id desc", "321"},
        {"eventType", "231"},
        {"CREATEDAT DESC", "321"},
        {"retryCount asc,createdAt desc", "321"},
        {"", "sort: expected a field at character 1"},
        {"id,", "sort: expected a field at character 4"},
        {"id up", "sort: expected 'asc' or 'desc', found 'up' at character 4"},
        {"-createdAt", "sort: expected a field, found '-' at character 1; write createdAt desc"},
        {"id desc asc", "sort: expected ',', found 'asc' at character 9"},
        {"idd", "sort: unknown field 'idd' at character 1; did you mean 'id'?"},
        {"id,id,id,id,id,id,id,id", "123"},
        {"id,id,id,id,id,id,id,id,id", "sort: more than 8 keys"},
    }));
    INFO(sort);
    CHECK(sorted(sort) == rows);
}

TEST_CASE("select returns the named fields, spelled and ordered as documented") {
    const auto select = [](const char* text) {
        std::string names;
        for (const std::string& name :
             ListQuery::parse({.select = text}, ListKind::subscriptions).value().select) {
            names += name + " ";
        }
        return names;
    };
    CHECK(select("*").empty());
    CHECK(select("URL , id,ID") == "id url ");
    CHECK(select("webhookEvents,secret,headers") == "secret headers webhookEvents ");
    CHECK(ListQuery::parse({.select = "id,nam"}, ListKind::subscriptions).error().detail() ==
          "select: unknown field 'nam' at character 4; did you mean 'name'?");
    CHECK_FALSE(ListQuery::parse({.select = "id desc"}, ListKind::subscriptions));
    CHECK_FALSE(ListQuery::parse({.select = "*,id"}, ListKind::subscriptions));
}

TEST_CASE("a page is cut from what matches, and counted whole") {
    const auto page = [](ListQuery query) { return evaluate(query, sample_events()).value(); };
    CHECK(page({.take = 0}).total == 3);
    CHECK(page({.take = 0}).items.empty());
    CHECK(ids<Event>(page({.take = 2, .skip = 1})) == "23");
    CHECK(ids<Event>(page({.skip = 3})).empty());
    CHECK(ids<Event>(page({.after = 1})) == "23");
    CHECK(ids<Event>(page({.sort = {{.field = "id", .is_descending = true}}, .after = 3})) == "21");
    CHECK(page({.after = 3}).total == 3);
    CHECK(page({.filter = field("id") > 1, .take = 1}).total == 2);
}

TEST_CASE("errors of all parameters are reported together, one each") {
    const Error error = ListQuery::parse({.select = "x",
                                          .filter = "y",
                                          .sort = "z",
                                          .include = "w",
                                          .take = "-1",
                                          .skip = "2147483648",
                                          .after = "9007199254740992"},
                                         ListKind::events)
                            .error();
    std::string fields;
    for (const FieldError& field_error : error.fields()) {
        fields += field_error.field + " ";
    }
    CHECK(fields == "sort select include take skip after filter ");
}
}  // namespace webhooks
