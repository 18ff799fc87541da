#include <webhooks/api_keys.hpp>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct Presented {
    Fields fields;
    int status;
};

int status_with(ApiFixture& fixture, Fields fields) {
    fixture.key.clear();
    fixture.extra_fields = std::move(fields);
    return fixture.call("GET", "/v1/webhooks/subscriptions").status;
}

}  // namespace

TEST_CASE_METHOD(ApiFixture, "who calls is told by either field") {
    const auto [fields, status] = GENERATE(values<Presented>({
        {{{"X-API-KEY", "alice"}}, 200},
        {{{"Authorization", "Bearer alice"}}, 200},
        {{{"authorization", "bEARER   alice"}}, 200},
        {{{"Authorization", "Basic eDp5"}, {"x-api-key", "alice"}}, 200},
        {{}, 401},
        {{{"x-api-key", ""}}, 401},
        {{{"x-api-key", "wrong"}}, 401},
        {{{"Authorization", "alice"}}, 401},
        {{{"Authorization", "Basic alice"}}, 401},
        {{{"Authorization", "Bearer"}}, 401},
        {{{"x-api-key", "alice"}, {"X-Api-Key", "alice"}}, 401},
        {{{"Authorization", "Bearer alice"}, {"Authorization", "Bearer alice"}}, 401},
        {{{"x-api-key", "down"}}, 503},
    }));
    CHECK(status_with(*this, fields) == status);
}

TEST_CASE_METHOD(ApiFixture, "a 401 asks for credentials, a 503 says when to come again") {
    key = "wrong";
    CHECK(find_field(call("GET", "/v1/webhooks/event-types").fields, "www-authenticate") ==
          "Bearer");
    key = "down";
    CHECK(find_field(call("GET", "/v1/webhooks/event-types").fields, "retry-after") == "1");
}

TEST_CASE_METHOD(ApiFixture, "a key in the query is no key") {
    key.clear();
    CHECK(call("GET", "/v1/webhooks/event-types?x-api-key=alice&api_key=alice").status == 401);
}

TEST_CASE_METHOD(ApiFixture, "who is not known does not learn what paths there are") {
    key.clear();
    CHECK(call("GET", "/nothing").status == 401);
    CHECK(call("OPTIONS", "/v1/webhooks/subscriptions").status == 401);
    key = "alice";
    CHECK(call("GET", "/nothing").status == 404);
    const Response response = call("OPTIONS", "/v1/webhooks/subscriptions");
    CHECK(response.status == 405);
    CHECK(find_field(response.fields, "allow") == "GET, HEAD, POST");
}

TEST_CASE_METHOD(ApiFixture, "a method is not overridden by a header") {
    extra_fields = {{"X-HTTP-Method-Override", "DELETE"}};
    const std::string path =
        "/v1/webhooks/subscriptions/" + std::to_string(create().at("id").as_int64());
    CHECK(call("POST", path).status == 405);
    CHECK(call("GET", path).status == 200);
}

TEST_CASE_METHOD(ApiFixture, "health needs no key") {
    key.clear();
    CHECK(call("GET", "/health/live").status == 200);
    CHECK(call("GET", "/Health/Ready/").status == 200);
    CHECK(call("GET", "/health/other").status == 404);
    CHECK(call("POST", "/health/live").status == 405);
    service().stop(std::chrono::milliseconds(0)).value();
    const auto is_ready = [&] {
        std::optional<Response> response;
        api.handle({.method = "GET", .path = "/health/ready", .query = "", .fields = {}},
                   [&](Response answered) { response = std::move(answered); });
        return response->status;
    };
    CHECK(is_ready() == 503);
}

TEST_CASE_METHOD(ApiFixture, "HEAD answers as GET without the body") {
    const Response get = call("GET", "/v1/webhooks/event-types");
    const Response head = call("HEAD", "/v1/webhooks/event-types");
    CHECK_FALSE(get.omit_body);
    CHECK(head.omit_body);
    CHECK(head.status == 200);
    CHECK(head.body == get.body);
}

TEST_CASE_METHOD(ApiFixture, "every answer carries the same three fields") {
    extra_fields = {{"x-request-id", "abc"}};
    for (const char* path : {"/health/live", "/nothing", "/v1/webhooks/event-types"}) {
        const Response response = call("GET", path);
        CHECK(find_field(response.fields, "x-request-id") == "abc");
        CHECK(find_field(response.fields, "cache-control") == "no-store");
        CHECK(find_field(response.fields, "x-content-type-options") == "nosniff");
        CHECK(find_field(response.fields, "content-type") == "application/json; charset=utf-8");
    }
    const Response refused = Api::refuse(413, "too large");
    CHECK(refused.body == R"({"success":false,"message":"too large"})");
    CHECK(find_field(refused.fields, "x-request-id").size() == 16);
}

TEST_CASE("without an authenticator everyone is refused") {
    testing::ServiceFixture fixture;
    const Api api(fixture.service(), nullptr, nullptr);
    int status = 0;
    api.handle({.method = "GET",
                .path = "/v1/webhooks/event-types",
                .query = "",
                .fields = {{"x-api-key", "alice"}}},
               [&](const Response& response) { status = response.status; });
    CHECK(status == 401);
}

TEST_CASE("API keys are taken from both fields unless they name two users") {
    ApiKeys keys(make_memory_storage());
    const Secret alice = keys.create(testing::alice).value();
    const Secret other = keys.create(testing::alice).value();
    const Secret bob = keys.create(testing::bob).value();
    const auto authenticator = authenticate_by_api_key(keys);
    const auto accepts = [&](std::string_view key, std::string_view bearer) {
        return authenticator->authenticate({.api_key = key, .bearer = bearer}).has_value();
    };
    CHECK(accepts(alice.reveal(), ""));
    CHECK(accepts("", alice.reveal()));
    CHECK(accepts(alice.reveal(), alice.reveal()));
    CHECK(accepts(alice.reveal(), other.reveal()));
    CHECK_FALSE(accepts(alice.reveal(), bob.reveal()));
    CHECK_FALSE(accepts(alice.reveal(), "wrong"));
    CHECK_FALSE(accepts("wrong", alice.reveal()));
    CHECK_FALSE(accepts("", ""));
}
