#include <api/openapi.hpp>
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

TEST_CASE_METHOD(ApiFixture, "the authenticator decides who calls, also without credentials") {
    const auto [fields, status] = GENERATE(values<Presented>({
        {{{"X-API-KEY", "alice"}}, 200},
        {{{"Authorization", "Basic eDp5"}, {"x-api-key", "alice"}}, 200},
        {{}, 401},
        {{{"x-api-key", ""}}, 401},
        {{{"x-api-key", "wrong"}}, 401},
        {{{"x-api-key", "down"}}, 503},
    }));
    CHECK(status_with(*this, fields) == status);
}

TEST_CASE_METHOD(ApiFixture, "a 401 asks for credentials, a 503 says when to retry") {
    key = "wrong";
    CHECK(find_field(call("GET", "/v1/webhooks/event-types").fields, "www-authenticate") ==
          "Bearer");
    key = "down";
    CHECK(find_field(call("GET", "/v1/webhooks/event-types").fields, "retry-after") == "1");
}

TEST_CASE_METHOD(ApiFixture, "a key in the query is ignored") {
    key.clear();
    CHECK(call("GET", "/v1/webhooks/event-types?x-api-key=alice&api_key=alice").status == 401);
}

TEST_CASE_METHOD(ApiFixture, "an unknown caller does not learn which paths exist") {
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
        api.handle({.method = "GET", .target = "/health/ready", .fields = {}, .peer = {}}, "",
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

TEST_CASE_METHOD(ApiFixture, "every response has the same three fields") {
    extra_fields = {{"x-request-id", "abc"}};
    for (const char* path : {"/health/live", "/nothing", "/v1/webhooks/event-types"}) {
        const Response response = call("GET", path);
        CHECK(find_field(response.fields, "x-request-id") == "abc");
        CHECK(find_field(response.fields, "cache-control") == "no-store");
        CHECK(find_field(response.fields, "x-content-type-options") == "nosniff");
        CHECK(find_field(response.fields, "content-type") == "application/json; charset=utf-8");
    }
    const Response rejected = Api::reject(413, "too large");
    CHECK(rejected.body == R"({"success":false,"message":"too large"})");
    CHECK(find_field(rejected.fields, "x-request-id").size() == 16);
}

TEST_CASE("without an authenticator every request is rejected") {
    testing::ServiceFixture fixture;
    const Api api = Api::make(fixture.service(), nullptr).value();
    int status = 0;
    api.handle({.method = "GET",
                .target = "/v1/webhooks/event-types",
                .fields = {{"x-api-key", "alice"}},
                .peer = {}},
               "", [&](const Response& response) { status = response.status; });
    CHECK(status == 401);
}

TEST_CASE("API keys are taken from both fields unless they name two users") {
    ApiKeys keys(make_memory_storage());
    const Secret alice = keys.create(testing::alice).value();
    const Secret other = keys.create(testing::alice).value();
    const Secret bob = keys.create(testing::bob).value();
    const auto authenticator = authenticate_by_api_key(keys);
    const auto accepts = [&](const Fields& fields) {
        return authenticator
            ->authenticate({.method = "GET", .target = "/", .fields = fields, .peer = {}})
            .has_value();
    };
    const auto both = [&](std::string_view key, std::string_view bearer) {
        return accepts(
            {{"X-Api-Key", std::string(key)}, {"Authorization", "bEARER " + std::string(bearer)}});
    };
    CHECK(accepts({{"x-api-key", std::string(alice.reveal())}}));
    CHECK(accepts({{"authorization", "Bearer " + std::string(alice.reveal())}}));
    CHECK(accepts({{"authorization", "bearer   " + std::string(alice.reveal())}}));
    for (const char* scheme : {"", "Basic ", "Bearer"})
        CHECK_FALSE(accepts({{"authorization", scheme + std::string(alice.reveal())}}));
    CHECK(accepts({{"authorization", "Basic abc"}, {"x-api-key", std::string(alice.reveal())}}));
    CHECK(both(alice.reveal(), alice.reveal()));
    CHECK(both(alice.reveal(), other.reveal()));
    CHECK_FALSE(both(alice.reveal(), bob.reveal()));
    CHECK_FALSE(both(alice.reveal(), "wrong"));
    CHECK_FALSE(both("wrong", alice.reveal()));
    CHECK_FALSE(accepts({}));
    CHECK_FALSE(accepts(
        {{"x-api-key", std::string(alice.reveal())}, {"X-Api-Key", std::string(alice.reveal())}}));
}

TEST_CASE_METHOD(ApiFixture, "the authenticator's error is the response's message") {
    const auto answers = [&](const char* caller) {
        key = caller;
        const Response response = call("GET", "/v1/webhooks/event-types");
        return std::to_string(response.status) + " " + response.body;
    };
    CHECK(answers("stranger") == R"(401 {"success":false,"message":"what is this?"})");
    CHECK(answers("blocked") == R"(403 {"success":false,"message":"This account is blocked."})");
    CHECK(answers("down").starts_with("503 "));
    key = "stranger";
    CHECK(find_field(call("GET", "/nothing").fields, "www-authenticate") == "Bearer");
}

TEST_CASE_METHOD(ApiFixture, "an authenticator that throws is a 500 without details") {
    key = "throws";
    const Response response = call("GET", "/v1/webhooks/event-types");
    CHECK(response.status == 500);
    CHECK(response.body.find("users") == std::string::npos);
}

TEST_CASE_METHOD(ApiFixture, "the head decides whether a body may be sent, and how large") {
    const auto admit = [&](const std::string& target, const std::string& caller) {
        return api.admit(
            {.method = "POST", .target = target, .fields = {{"x-api-key", caller}}, .peer = {}});
    };
    const auto rejected = admit("/v1/webhooks/events", "stranger");
    REQUIRE(std::holds_alternative<Response>(rejected));
    CHECK(std::get<Response>(rejected).status == 401);
    const auto ordinary = admit("/v1/webhooks/events", "alice");
    REQUIRE(std::holds_alternative<Api::Admission>(ordinary));
    CHECK(std::get<Api::Admission>(ordinary).max_body_bytes() == (1024 + 64) * 1024);
    CHECK(std::get<Api::Admission>(ordinary).is_authenticated());
    const auto batch = admit("/v1/webhooks/events/batch", "alice");
    CHECK(std::get<Api::Admission>(batch).max_body_bytes() == 16 * 1024 * 1024);
    const auto health = admit("/health/live", "stranger");
    CHECK_FALSE(std::get<Api::Admission>(health).is_authenticated());
    CHECK(call("POST", "/v1/webhooks/events", std::string(1088 * 1024 + 1, ' ')).status == 413);
}

TEST_CASE("the largest payload fits into a body, whatever the other members") {
    testing::ServiceFixture fixture;
    const std::size_t size = GENERATE(1000, 1024 * 1024, 16 * 1024 * 1024);
    fixture.options.max_payload_bytes = size;
    fixture.running.reset();
    fixture.open();
    const Api api = Api::make(fixture.service(), std::make_shared<NameAuthenticator>()).value();
    // Each character of a member may be an escape of six characters.
    std::string escaped;
    for (int i = 0; i < 256; ++i)
        escaped += "\\u0061";
    const auto publish = [&](const std::string& target, std::size_t payload_size) {
        const std::string payload = '"' + std::string(payload_size - 2, 'a') + '"';
        std::string event = R"({"eventType":"order.created","userId":"\u0061lice",)"
                            R"("idempotencyKey":")" +
                            escaped + R"(","payload":)" + payload + "}";
        if (target.ends_with("batch")) event = R"({"events":[)" + event + "]}";
        int answered = 0;
        api.handle({.method = "POST",
                    .target = target,
                    .fields = {{"x-api-key", "alice"}, {"content-type", "application/json"}},
                    .peer = {}},
                   event, [&](const Response& response) { answered = response.status; });
        fixture.settle();
        return answered;
    };
    for (const char* target : {"/v1/webhooks/events", "/v1/webhooks/events/batch"}) {
        CHECK(publish(target, size) == 202);
        CHECK(publish(target, size + 1) == 400);
    }
}

TEST_CASE("a configured body limit holds, whatever the payload limit is") {
    testing::ServiceFixture fixture;
    const Api api = Api::make(fixture.service(), std::make_shared<NameAuthenticator>(),
                              {.max_body_bytes = 1000})
                        .value();
    const auto admitted = api.admit({.method = "POST",
                                     .target = "/v1/webhooks/events",
                                     .fields = {{"x-api-key", "alice"}},
                                     .peer = {}});
    CHECK(std::get<Api::Admission>(admitted).max_body_bytes() == 1000);
}

TEST_CASE("the base path is an option, and says what the API serves") {
    testing::ServiceFixture fixture;
    const auto make = [&](const std::string& base_path) {
        return Api::make(fixture.service(), std::make_shared<NameAuthenticator>(),
                         {.base_path = base_path});
    };
    for (const char* wrong : {"hooks", "/hooks/", "/", "/a//b", "/a b", "/a?b", "/{id}"})
        CHECK(make(wrong).error() == Errc::invalid_argument);
    const auto base = GENERATE(as<std::string>(), "/api/Hooks", "");
    const Api api = make(base).value();
    const auto status = [&](const std::string& target) {
        int found = 0;
        api.handle(
            {.method = "GET", .target = target, .fields = {{"x-api-key", "alice"}}, .peer = {}}, "",
            [&](const Response& response) { found = response.status; });
        return found;
    };
    CHECK(status(base + "/event-types") == 200);
    CHECK(status(base + "/other") == 404);
    CHECK(status("/health/live") == 200);
    CHECK(api.serves(base + "/event-types?x"));
    CHECK(api.serves("/health/live"));
    if (base.empty()) return;
    CHECK(status("/v1/webhooks/event-types") == 404);
    CHECK(status("/api/hooks/event-types") == 200);
    CHECK_FALSE(api.serves("/api"));
    CHECK_FALSE(api.serves("/api/hooksx/event-types"));
    CHECK_FALSE(api.serves("no target"));
}

TEST_CASE_METHOD(ApiFixture, "the API describes itself, with its own base path") {
    key.clear();
    const auto document = boost::json::parse(call("GET", "/openapi.json").body).as_object();
    CHECK(document.at("openapi").as_string().starts_with("3.1"));
    CHECK(document.at("paths").as_object().contains("/v1/webhooks/subscriptions/{id}"));
    CHECK(document.at("paths").as_object().size() ==
          boost::json::parse(openapi_text()).at("paths").as_object().size());
    const Api mounted = Api::make(service(), nullptr, {.base_path = "/hooks"}).value();
    std::string text;
    mounted.handle({.method = "GET", .target = "/openapi.json", .fields = {}, .peer = {}}, "",
                   [&](const Response& response) { text = response.body; });
    const auto moved = boost::json::parse(text).at("paths").as_object();
    CHECK(moved.contains("/hooks/subscriptions/{id}"));
    CHECK(text.find("/v1/webhooks") == std::string::npos);
}

TEST_CASE_METHOD(ApiFixture, "an error response stays small, however many errors there are") {
    std::string headers;
    for (int i = 0; i < 5000; ++i)
        headers += (i ? ",\"" : "\"") + std::string(150, 'n') + std::to_string(i) + "\":1";
    const std::string body = subscription(R"(,"headers":{)" + headers + "}");
    const Response many = call("POST", "/v1/webhooks/subscriptions", body);
    CHECK(many.status == 400);
    CHECK(many.body.size() < 64 * 1024);
    const auto errors = boost::json::parse(many.body).at("errors").as_object();
    CHECK(errors.size() == 100);
    CHECK(many.body.find("; and 90 more") != std::string::npos);

    std::string batch;
    for (int i = 0; i < 1000; ++i)
        batch += R"(,{"eventType":7,"deliverAt":8,"expiresAt":9})";
    const Response of_batch =
        call("POST", "/v1/webhooks/events/batch", R"({"events":[)" + batch.substr(1) + "]}");
    CHECK(of_batch.status == 400);
    CHECK(of_batch.body.size() < 64 * 1024);

    const std::string name = std::string(200'000, '"');
    const std::string escaped = boost::json::serialize(name);
    const Response one = call("POST", "/v1/webhooks/subscriptions",
                              R"({"subscription":{)" + escaped + ":1," + escaped + ":2}}");
    CHECK(one.status == 400);
    CHECK(one.body.size() < 64 * 1024);
}

TEST_CASE_METHOD(ApiFixture, "an API that was moved from serves nothing and answers 503") {
    const RequestHead head{.method = "GET", .target = "/health/live", .fields = {}, .peer = {}};
    auto admitted = api.admit(head);
    auto& admission = std::get<Api::Admission>(admitted);
    const Api::Admission kept = std::move(admission);
    CHECK(admission.max_body_bytes() == 0);
    CHECK_FALSE(admission.is_authenticated());
    CHECK_FALSE(admission.is_query());
    CHECK(admission.user_id().empty());
    const auto answers_503 = [](const Response& response) { CHECK(response.status == 503); };
    api.answer(std::move(admission), "", answers_503);
    const Api moved = std::move(api);
    CHECK_FALSE(api.serves("/health/live"));
    CHECK(std::get<Response>(api.admit(head)).status == 503);
    api.handle(head, "", answers_503);
    CHECK(moved.serves("/health/live"));
}

TEST_CASE_METHOD(ApiFixture, "a host that throws when it is given a response is called once") {
    for (const char* target : {"/health/live", "/v1/webhooks/event-types", "/nothing"}) {
        CAPTURE(target);
        int calls = 0;
        api.handle({.method = "GET", .target = target, .fields = {}, .peer = {}}, "",
                   [&](const Response&) {
                       ++calls;
                       throw std::runtime_error("the connection is gone");
                   });
        CHECK(calls == 1);
    }
}
