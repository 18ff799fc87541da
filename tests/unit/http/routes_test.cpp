#include <api/answers.hpp>
#include <api/documents.hpp>
#include <api/media_type.hpp>
#include <api/query.hpp>
#include <api/router.hpp>
#include <net/response_head.hpp>
#include <support/catch.hpp>
#include <webhooks/http/api.hpp>

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

Route find(std::string_view method, std::string_view path) {
    return find_route(method, path, "/v1/webhooks", true);
}

}  // namespace

TEST_CASE("each operation is found by its method and path") {
    for (const Operation& operation : operations()) {
        std::string path(operation.path);
        for (const auto& [name, value] :
             {std::pair<std::string, std::string>{"{base}", "/v1/webhooks"},
              {"{id}", "7"},
              {"{eventId}", "8"},
              {"{event}", "9"},
              {"{keyId}", "10"},
              {"{hash}", "11"},
              {"{file}", "portal.js"},
              {"{sessionId}", "12"}}) {
            const std::size_t at = path.find(name);
            if (at != std::string::npos) path.replace(at, name.size(), value);
        }
        INFO(operation.method << ' ' << path);
        CHECK(find(operation.method, path).operation == &operation);
        if (operation.method == "GET") CHECK(find("HEAD", path).operation == &operation);
    }
}

TEST_CASE("ids are parsed from the path") {
    const Route route = find("DELETE", "/v1/webhooks/subscriptions/12/events/34");
    CHECK(route.id == 12);
    CHECK(route.event_id == 34);
}

TEST_CASE("a path is matched regardless of case, escapes and one trailing slash") {
    const auto path = GENERATE("/V1/WebHooks/Event-Types", "/v1/webhooks/event-types/",
                               "/v1/webhooks/event%2Dtypes", "/v1/%77ebhooks/event-types");
    CHECK(find("GET", path).operation != nullptr);
}

TEST_CASE("any other path does not exist") {
    const auto path = GENERATE(
        as<std::string>(), "", "/", "*", "/v1/webhooks", "/v1/webhooks/", "/v1/webhooks/other",
        "/v1/webhooks/event-types//", "//v1/webhooks/event-types", "/v1//webhooks/event-types",
        "/v1/webhooks/event-types/a/b", "/v1/webhooks/events/x", "/v1/webhooks/events/1/2",
        "/v1/webhooks/event%2", "/v1/webhooks%2Fevent-types", "/v1/webhooks/subscriptions/x",
        "/v1/webhooks/subscriptions/1x", "/v1/webhooks/subscriptions/-1",
        "/v1/webhooks/subscriptions/+1", "/v1/webhooks/subscriptions/1.0",
        "/v1/webhooks/subscriptions/%201", "/v1/webhooks/subscriptions/9007199254740992",
        "/v1/webhooks/subscriptions/99999999999999999999", "/v1/webhooks/subscriptions/1/test/2",
        "/v1/webhooks/subscriptions/1/events/", "/v1/webhooks/subscriptions/1/events/x");
    INFO(path);
    const bool is_list = path == "/v1/webhooks/subscriptions/1/events/";
    const Route route = find("GET", path);
    CHECK((route.operation != nullptr) == is_list);
    CHECK(route.allow.empty());
}

TEST_CASE("the largest id is the largest that every JSON parser represents") {
    CHECK(find("GET", "/v1/webhooks/subscriptions/9007199254740991").id == 9'007'199'254'740'991);
}

TEST_CASE("a wrong method is told the allowed ones") {
    const auto [method, path, allow] = GENERATE(table<const char*, const char*, const char*>({
        {"DELETE", "/v1/webhooks/subscriptions", "GET, HEAD, POST"},
        {"OPTIONS", "/v1/webhooks/subscriptions/1", "GET, HEAD, PUT, DELETE"},
        {"GET", "/v1/webhooks/subscriptions/1/test", "POST"},
        {"PUT", "/v1/webhooks/events", "GET, HEAD, POST"},
        {"GET", "/v1/webhooks/events/batch", "POST"},
        {"POST", "/v1/webhooks/subscriptions/1/events/1", "GET, HEAD, DELETE"},
        {"GET", "/v1/webhooks/subscriptions/1/events/1/retry", "POST"},
        {"GET", "/v1/webhooks/subscriptions/1/recover", "POST"},
        {"PUT", "/v1/webhooks/subscriptions/1/rotate-secret", "POST"},
        {"POST", "/v1/webhooks/subscriptions/1/stats", "GET, HEAD"},
        {"POST", "/health/live", "GET, HEAD"},
        {"get", "/health/live", "GET, HEAD"},
        {"DELETE", "/v1/webhooks/event-types/OpenAPI.json", "GET, HEAD"},
        {"DELETE", "/v1/webhooks/event-types/openapi%2Ejson", "GET, HEAD"},
        {"FOO", "/v1/webhooks/event-types", "GET, HEAD, POST"},
    }));
    const Route route = find(method, path);
    CHECK(route.operation == nullptr);
    CHECK(route.allow == allow);
}

TEST_CASE("list parameters are read under both their names, in any case") {
    const auto [query, take, skip, include] =
        GENERATE(table<const char*, unsigned, unsigned, bool>({
            {"", 100, 0, false},
            {"take=5&skip=7", 5, 7, false},
            {"$top=5&%24skip=7", 5, 7, false},
            {"TAKE=5&$SKIP=7", 5, 7, false},
            {"take=&skip=&include=", 100, 0, false},
            {"take=0", 0, 0, false},
            {"take=2147483647", 2147483647, 0, false},
            {"take=0000000009", 9, 0, false},
            {"include=webhookEvents", 100, 0, true},
            {"$expand=WEBHOOKEVENTS%20,+webhookevents", 100, 0, true},
            {"other=1&other=2&filter=&%zz=1", 100, 0, false},
            {"&take=3&", 3, 0, false},
        }));
    INFO(query);
    const auto list = read_list_query(query, ListKind::subscriptions);
    REQUIRE(list);
    CHECK(list->take == take);
    CHECK(list->skip == skip);
    CHECK(list->include_events == include);
}

TEST_CASE("a wrong list parameter is named") {
    const auto [query, detail] = GENERATE(table<const char*, const char*>({
        {"count=1", "count: must be true or false"},
        {"take=x", "take: must be a whole number, 0 to 2147483647"},
        {"take=-1", "take: must be a whole number, 0 to 2147483647"},
        {"take=+1", "take: must be a whole number, 0 to 2147483647"},
        {"take=1.0", "take: must be a whole number, 0 to 2147483647"},
        {"skip=2147483648", "skip: must be a whole number, 0 to 2147483647"},
        {"$skip=00000000001", "skip: must be a whole number, 0 to 2147483647"},
        {"take=1&take=1", "take: is given more than once"},
        {"take=1&$top=1", "take: is given more than once"},
        {"take=1&Take=", "take: is given more than once"},
        {"take=%", "take: has a broken % escape; a '%' in a value is written %25"},
        {"take=%zz", "take: has a broken % escape; a '%' in a value is written %25"},
        {"include=foo", "include: unknown relation 'foo' at character 1; there is webhookEvents"},
        {"include=webhookEvents,", "include: expected a relation at character 15"},
        {"include=webhookEvents,webhookEvents,webhookEvents,webhookEvents,webhookEvents,"
         "webhookEvents,webhookEvents,webhookEvents,webhookEvents",
         "include: more than 8 relations"},
        {"select=nam", "select: unknown field 'nam' at character 1; did you mean 'name'?"},
        {"$filter=isActiv",
         "filter: unknown field 'isActiv' at character 1; did you mean 'isActive'?"},
        {"$orderby=secret", "sort: field 'secret' cannot be filtered or sorted by at character 1"},
        {"sort=name&$orderby=id", "sort: is given more than once"},
        {"after=-1", "after: must be an id, a whole number from 0"},
        {"after=5&sort=name", "after: requires a sort by only id, or none"},
        {"filter=createdAt+ge+2026-11-01T00:00:00+02:00",
         "filter: neither a number nor a timestamp: '2026-11-01T00:00:00' at character 14; "
         "write the '+' of an offset as %2B"},
        {"take=x&filter=name%20eq",
         "filter: expected a field or a value at character 8; "
         "take: must be a whole number, 0 to 2147483647"},
        {"filter=isActive&&name==%22x%22",
         "filter: ends at '&&'; in a URL it is written %26%26, or 'and'"},
        {"take=5&$FILTER=isActive&&",
         "filter: ends at '&&'; in a URL it is written %26%26, or 'and'"},
        {"%24orderby=id&&take=5", "sort: ends at '&&'; in a URL it is written %26%26, or 'and'"},
        {"foo&&take=5", "filter: ends at '&&'; in a URL it is written %26%26, or 'and'"},
        {"filter=name==%22a&b%22&take=5",
         "filter: a string that is not closed at character 7; end it with a double quote; a '&' in "
         "a value is written %26"},
        {"filter=isActive+&+isActive",
         "filter: a blank at the end at character 9; a '&' in a value is written %26"},
        {"filter=isActive+&$top=5&x", "filter: a blank at the end at character 9"},
        {"filter=isActive+&limit=5", "filter: a blank at the end at character 9"},
    }));
    const auto list = read_list_query(query, ListKind::subscriptions);
    REQUIRE_FALSE(list);
    CHECK(list.error().detail() == detail);
}

TEST_CASE("events have no relations") {
    CHECK_FALSE(read_list_query("include=webhookEvents", ListKind::events));
    CHECK(read_list_query("include=", ListKind::events));
}

TEST_CASE("JSON is recognized by its content type") {
    const auto [type, is_json] = GENERATE(table<const char*, bool>({
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json-patch+json", true},
        {"text/json", true},
        {"application/vnd.x.y+json", true},
        {"application/json;charset=utf-8", true},
        {"application/json ; charset=\"UTF-8\" ; q=1", true},
        {"application/json;", true},
        {"", false},
        {"application/xml", false},
        {"text/plain", false},
        {"application/+json", false},
        {"application/jsonx", false},
        {"text/x+json", false},
        {"application/json;charset=latin1", false},
        {"application/json;charset=", false},
        {"application/json;charset=utf-8;charset=utf-16", false},
    }));
    INFO(type);
    CHECK(is_json_type(type) == is_json);
}

TEST_CASE("times are RFC 3339 with milliseconds") {
    CHECK(format_time(Time{}) == "1970-01-01T00:00:00.000Z");
    CHECK(format_time(Time{std::chrono::sys_days(std::chrono::February / 29 / 2028)} + 23h + 59min +
                      58s + 7ms + 999us) == "2028-02-29T23:59:58.007Z");
    CHECK(format_time(Time{-1us}) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("each error has its status") {
    const auto [code, status] = GENERATE(table<Errc, int>({
        {Errc::invalid_argument, 400},
        {Errc::not_found, 404},
        {Errc::forbidden, 403},
        {Errc::conflict, 409},
        {Errc::overloaded, 503},
        {Errc::unavailable, 503},
        {Errc::locked, 503},
        {Errc::stale_revision, 500},
        {Errc::fenced, 503},
        {Errc::stopped, 503},
        {Errc::unsupported, 500},
        {Errc::internal, 500},
        {Errc::invalid_state, 500},
    }));
    CHECK(status_of(Error(code, "x")) == status);
    CHECK(status_of(Error(std::make_error_code(std::errc::io_error), "x")) == 500);
}

TEST_CASE("errors of one field are in one array") {
    const Response response = failure(400, "m", {{"b", "1"}, {"a", "2"}, {"b", "3"}});
    CHECK(response.body == R"({"success":false,"message":"m","errors":{"a":["2"],"b":["1","3"]}})");
    CHECK(failure(400, "m").body ==
          R"({"success":false,"message":"m","errors":{"request":["m"]}})");
    CHECK(failure(404, "m").body == R"({"success":false,"message":"m"})");
}

TEST_CASE("an internal error shows the caller its id, and the log the rest") {
    struct Log final : Observer {
        void on_log(LogLevel, std::string_view line) noexcept override { text += line; }
        std::string text;
    } log;
    const Response response = failure(Error(Errc::internal, "disk /x is full"), "id-1", log);
    CHECK(response.status == 500);
    CHECK(response.body.find("disk") == std::string::npos);
    CHECK(response.body.find("id-1") != std::string::npos);
    CHECK(log.text == "request id-1 was answered 500: internal error: disk /x is full");
    CHECK(find_field(failure(Error(Errc::overloaded, "q"), "id", log).fields, "retry-after") ==
          "1");
}

TEST_CASE("a request id is the caller's if it is valid") {
    const auto chosen = [](std::string id) { return choose_request_id({{"X-Request-ID", id}}); };
    CHECK(chosen("a.B_9-") == "a.B_9-");
    CHECK(chosen(std::string(128, 'x')) == std::string(128, 'x'));
    for (const std::string& bad : {std::string(), std::string(129, 'x'), std::string("a b"),
                                   std::string("\xc3\xa4"), std::string("<x>")}) {
        CHECK(chosen(bad) != bad);
        CHECK(chosen(bad).size() == 16);
    }
    CHECK(choose_request_id({}) != choose_request_id({}));
    CHECK(choose_request_id({{"x-request-id", "a"}, {"x-request-id", "b"}}).size() == 16);
}

TEST_CASE("a head has the status line, the date, the length and the fields") {
    const Response response{.status = 404, .fields = {{"A", "b"}}, .body = "xyz"};
    CHECK(format_head(response, 784111777, true) ==
          "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n"
          "Connection: keep-alive\r\nA: b\r\n\r\n");
    CHECK(format_head(response, 0, false).find("Connection: close") != std::string::npos);
}
