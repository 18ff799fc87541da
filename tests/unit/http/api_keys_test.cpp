#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

/// The API with the service's own keys.
struct KeysFixture : ApiFixture {
    KeysFixture() {
        api = Api::make(service(), authenticate_by_api_key(ApiKeys(storage, clock))).value();
        use(ApiKeys(storage).create(testing::alice).value());
    }

    void use(const Secret& secret) { key = secret.reveal(); }

    boost::json::object make(const std::string& more = "", int status = 200) {
        return json(status, "POST", "/api-keys", R"({"apiKey":{"name":"k")" + more + "}}");
    }
    std::string make_key(const std::string& more = "") {
        return std::string(make(more).at("apiKey").at("key").as_string());
    }
};

}  // namespace

TEST_CASE_METHOD(KeysFixture, "a key is shown once, and then by its hint") {
    const std::string id = std::to_string(create().at("id").as_int64());
    const auto made = make(R"(,"permissions":["events:read"],"subscriptionId":)" + id +
                           R"(,"expiresAt":"2026-02-01T00:00:00Z",)"
                           R"("rateLimit":{"perSecond":5,"burst":9})")
                          .at("apiKey")
                          .as_object();
    const std::string text(made.at("key").as_string());
    CHECK(text.size() == 47);
    CHECK(text.starts_with("whk_"));
    const std::string list = call("GET", "/v1/webhooks/api-keys").body;
    CHECK(list.find(text) == std::string::npos);
    const auto second = boost::json::parse(list).at("apiKeys").at(1).as_object();
    CHECK(serialize(second) ==
          R"({"id":2,"name":"k","hint":")" + text.substr(43) +
              R"(","userId":"alice","permissions":["events:read"],"subscriptionId":)" + id +
              R"(,"expiresAt":"2026-02-01T00:00:00.000Z","rateLimit":{"perSecond":5,"burst":9},)"
              R"("createdAt":"2026-01-01T00:00:00.000Z","lastUsedAt":null})");
    key = text;
    CHECK(call("GET", "/v1/webhooks/subscriptions/" + id + "/events").status == 200);
    CHECK(call("GET", "/v1/webhooks/api-keys").status == 403);
}

TEST_CASE_METHOD(KeysFixture, "a program that publishes can do nothing else") {
    key = make_key(R"(,"permissions":["events:publish"])");
    json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
    for (const char* path : {"/subscriptions", "/events", "/event-types", "/api-keys"}) {
        CHECK(call("GET", std::string("/v1/webhooks") + path).status == 403);
    }
}

TEST_CASE_METHOD(KeysFixture, "a revoked key is rejected at once") {
    const std::string own = key;
    const auto made = make().at("apiKey").as_object();
    key = std::string(made.at("key").as_string());
    CHECK(call("GET", "/v1/webhooks/event-types").status == 200);
    key = own;
    const std::string path = "/api-keys/" + std::to_string(made.at("id").as_int64());
    json(200, "DELETE", path);
    json(404, "DELETE", path);
    key = std::string(made.at("key").as_string());
    CHECK(call("GET", "/v1/webhooks/event-types").status == 401);
}

TEST_CASE_METHOD(KeysFixture, "a key's own rate limits its requests") {
    key = make_key(R"(,"rateLimit":{"perSecond":1})");
    CHECK(call("GET", "/v1/webhooks/event-types").status == 200);
    CHECK(call("GET", "/v1/webhooks/event-types").status == 429);
}

TEST_CASE_METHOD(KeysFixture, "a key that its maker may not make is forbidden or invalid") {
    make(R"(,"permissions":["administrator"])", 403);
    make(R"(,"userId":"bob")", 403);
    const auto errors_of = [&](const std::string& more) {
        return serialize(make(more, 400).at("errors"));
    };
    CHECK(errors_of(R"(,"subscriptionId":99)") ==
          R"({"apiKey.subscriptionId":["must be a subscription of the key's user"]})");
    CHECK(errors_of(R"(,"permissions":["events:dance"])") ==
          R"({"apiKey.permissions":["must be names of permissions: subscriptions:read )"
          R"(subscriptions:write secrets:read events:read events:send events:publish feed:read )"
          R"(administrator"]})");
    CHECK(errors_of(R"(,"expiresAt":"2025-01-01")") ==
          R"({"apiKey.expiresAt":["must be in the future"]})");
    CHECK(errors_of(R"(,"permissions":"viewer","subscriptionId":0,"rateLimit":{"burst":0})") ==
          R"({"apiKey.permissions":["must be an array of strings"],)"
          R"("apiKey.rateLimit.burst":["must be a whole number, 1 to 1000000"],)"
          R"("apiKey.rateLimit.perSecond":["is required"],)"
          R"("apiKey.subscriptionId":["must be an id, a whole number from 1"]})");
    CHECK(errors("POST", "/api-keys", "{}") == R"({"apiKey":["is required"]})");
    CHECK(errors("POST", "/api-keys", R"({"apiKey":{}})") == R"({"apiKey.name":["is required"]})");
    CHECK(errors("POST", "/api-keys", R"({"apiKey":1})") == R"({"apiKey":["must be an object"]})");
}
