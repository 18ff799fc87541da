#include <api/openapi.hpp>
#include <api/operations.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

/// What an operation's entry in the document has as query parameters, without aliases.
std::set<std::string> query_parameters(const boost::json::object& document,
                                       const boost::json::object& operation) {
    std::set<std::string> names;
    const auto* parameters = operation.if_contains("parameters");
    if (!parameters) return names;
    for (const boost::json::value& entry : parameters->as_array()) {
        const auto* reference = entry.as_object().if_contains("$ref");
        const boost::json::value& parameter =
            reference ? boost::json::value(document).at_pointer(
                            std::string(reference->as_string()).substr(1))
                      : entry;
        const std::string name(parameter.at("name").as_string());
        if (parameter.at("in") == "query" && !name.starts_with('$')) names.insert(name);
    }
    return names;
}

std::set<std::string> words(std::string_view text) {
    std::set<std::string> found;
    std::istringstream stream{std::string(text)};
    for (std::string word; stream >> word;)
        if (!word.starts_with('$')) found.insert(word);
    return found;
}

struct Misspelt {
    const char* method;
    const char* path;
    const char* body;
    const char* error;
};

}  // namespace

TEST_CASE("the table and the OpenAPI document have the same query parameters of additions") {
    const boost::json::value document = boost::json::parse(openapi_text());
    std::map<std::string, const boost::json::object*> described;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& member : path.value().as_object()) {
            const auto* operation = member.value().if_object();
            if (!operation || !operation->contains("operationId")) continue;
            described[std::string(operation->at("operationId").as_string())] = operation;
        }
    }
    for (const Operation& operation : operations()) {
        if (operation.area == Area::portal_page) continue;
        INFO(operation.id);
        const auto& entry = *described.at(std::string(operation.id));
        const bool is_below_base = operation.path.starts_with("{base}");
        const bool is_addition = entry.contains("x-addition");
        if (is_below_base) CHECK(operation.parameters.has_value() == is_addition);
        if (!operation.parameters) continue;
        CHECK(words(*operation.parameters) == query_parameters(document.as_object(), entry));
    }
}

TEST_CASE_METHOD(ApiFixture, "a misspelt parameter or member is named, and nothing is done") {
    create();
    key = "admin";
    const auto [method, path, body, error] = GENERATE(values<Misspelt>({
        {"POST", "/subscriptions/1/rotate-secret", R"({"overlap":0})",
         R"({"overlap":["is not a member here; there are secret, overlapSeconds"]})"},
        {"POST", "/subscriptions/1/recover", R"({"since":"2026-01-01","dry_run":true})",
         R"({"dry_run":["is not a member here; did you mean 'dryRun'?"]})"},
        {"POST", "/events", R"({"eventType":"order.created","payload":1,"idempotency_key":"a"})",
         R"({"idempotency_key":["is not a member here; did you mean 'idempotencyKey'?"]})"},
        {"POST", "/events", R"({"eventType":"order.created","payload":1,"delay":5})",
         R"({"delay":["is not a member here; there are eventType, payload, userId, )"
         R"(idempotencyKey, deliverAt, expiresAt, orderingKey"]})"},
        {"POST", "/events/batch",
         R"({"events":[{"eventType":"order.created","payload":1,"user_id":"a"}]})",
         R"({"events[0].user_id":["is not a member here; did you mean 'userId'?"]})"},
        {"POST", "/events/batch", R"({"events":[],"atomic":true})",
         R"({"atomic":["is not a member here; there are events"],)"
         R"("events":["must be an array of 1 to 1000 objects"]})"},
        {"POST", "/events?eventType=order.created&idempotency_key=a", "1",
         R"({"idempotency_key":["is not a parameter here; did you mean 'idempotencyKey'?"]})"},
        {"GET", "/subscriptions/1/feed?cusor=1-2", "",
         R"({"cusor":["is not a parameter here; did you mean 'cursor'?"]})"},
        {"GET", "/events?fliter=isSuccess&limit=5", "",
         R"({"fliter":["is not a parameter here; did you mean 'filter'?"],)"
         R"("limit":["is not a parameter here; there are select, filter, sort, include, take, )"
         R"(skip, after, count"]})"},
        {"GET", "/events?filter=eventType%20eq%20'a&b'", "",
         R"({"b'":["is not a parameter here; a '&' in a value is written %26"]})"},
        {"GET", "/subscriptions/1/stats?from=2026-01-01", "",
         R"({"from":["is not a parameter here; there are none"]})"},
        {"POST", "/api-keys", R"({"apiKey":{"name":"a","scopes":[]}})",
         R"({"apiKey.scopes":["is not a member here; there are name, userId, permissions, )"
         R"(subscriptionId, expiresAt, rateLimit"]})"},
        {"POST", "/api-keys", R"({"apiKey":{"name":"a","rateLimit":{"perSecond":1,"burts":2}}})",
         R"({"apiKey.rateLimit.burts":["is not a member here; did you mean 'burst'?"]})"},
        {"POST", "/event-types", R"({"eventType":{"name":"a.b","exmple":1}})",
         R"({"eventType.exmple":["is not a member here; did you mean 'example'?"]})"},
        {"POST", "/filters/test", R"({"filter":"true","payload":1,"eventtypes":"a"})",
         R"({"eventtypes":["is not a member here; did you mean 'eventType'?"]})"},
    }));
    INFO(method << ' ' << path << ' ' << body);
    CHECK(errors(method, path, body) == error);
    CHECK(json(200, "GET", "/events").at("totalEventsCount") == 0);
}

TEST_CASE_METHOD(ApiFixture, "the documented operations ignore what they do not have") {
    const std::string other =
        R"({"other":1,"subscription":{"name":"n","eventType":"order.created",)"
        R"("url":"https://hooks.example.com/a","other":{"a":[null]}}})";
    json(200, "POST", "/subscriptions?other=1", other);
    json(200, "PUT", "/subscriptions/1?other=1", other);
    json(200, "GET", "/subscriptions/1?other=1");
    json(200, "GET", "/subscriptions?other=1");
    json(200, "GET", "/event-types?other=1");
    json(200, "GET", "/subscriptions/1/events?other=1");
    json(200, "POST", "/subscriptions/1/test?other=1", R"({"other":1})");
    json(200, "DELETE", "/subscriptions/1/events/1?other=1");
    json(200, "DELETE", "/subscriptions/1?other=1");
}

TEST_CASE_METHOD(ApiFixture, "probes may add parameters") {
    content_type.clear();
    CHECK(call("GET", "/health/live?at=1").status == 200);
    CHECK(call("GET", "/openapi.json?v=1").status == 200);
}

TEST_CASE_METHOD(ApiFixture, "names of parameters and members are read without regard to case") {
    create();
    json(200, "GET", "/events?TAKE=1&$Filter=isSuccess");
    json(200, "POST", "/subscriptions/1/rotate-secret", R"({"OVERLAPSECONDS":0})");
}

TEST_CASE_METHOD(ApiFixture, "an event type that was read can be written back") {
    key = "admin";
    json(200, "POST", "/event-types",
         R"({"eventType":{"name":"a.b","isDeprecated":true,"deprecation":{"note":"n"}}})");
    const auto read = json(200, "GET", "/event-types/a.b").at("eventType");
    json(200, "POST", "/event-types", serialize(boost::json::object{{"eventType", read}}));
}

TEST_CASE_METHOD(ApiFixture, "of very many unknown members the first ten are named") {
    create();
    std::string body = "{\"a\":1";
    for (int i = 0; i < 10'000; ++i)
        body += ",\"x" + std::to_string(i) + "\":1";
    CHECK(json(400, "POST", "/subscriptions/1/rotate-secret", body + "}")
              .at("errors")
              .as_object()
              .size() == 10);
}
