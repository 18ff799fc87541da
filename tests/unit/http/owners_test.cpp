#include "api_fixture.hpp"

namespace webhooks::http {

TEST_CASE_METHOD(ApiFixture, "an administrator creates a subscription for a user, who manages it") {
    const auto create_for = [&](int status, const std::string& parameters) {
        return json(status, "POST", "/subscriptions" + parameters, subscription());
    };
    CHECK(create_for(403, "?userId=bob").at("message") ==
          "only an administrator may create a subscription of another user");
    create_for(200, "?userId=alice");
    key = "admin";
    const auto made = create_for(200, "?userId=bob").at("subscription").as_object();
    CHECK(made.at("userId") == "bob");
    CHECK(create_for(200, "").at("subscription").as_object().at("userId") == "admin");
    CHECK(create_for(400, "?userId=").at("errors").as_object().contains("userId"));
    CHECK(create_for(400, "?userId=" + std::string(257, 'a'))
              .at("errors")
              .as_object()
              .contains("subscription.userId"));
    key = "bob";
    const std::string path = "/subscriptions/" + std::to_string(made.at("id").as_int64());
    json(200, "DELETE", path);
}

TEST_CASE_METHOD(ApiFixture,
                 "an owner in the body is an error of administrators, unless it is the owner") {
    const std::string bob = subscription(R"(,"userId":"bob")");
    const std::string beside = R"({"userId":"bob",)" + subscription().substr(1);
    const auto owner = [&](const std::string& path, const std::string& body) {
        return json(200, "POST", path, body).at("subscription").at("userId");
    };
    CHECK(owner("/subscriptions", bob) == "alice");
    CHECK(owner("/subscriptions", beside) == "alice");
    key = "admin";
    const std::string message = "is a query parameter here: POST .../subscriptions?userId=";
    CHECK(errors("POST", "/subscriptions", bob) ==
          R"({"subscription.userId":[")" + message + R"(bob"]})");
    CHECK(errors("POST", "/subscriptions?userId=alice", beside) ==
          R"({"userId":[")" + message + R"(bob"]})");
    CHECK(errors("POST", "/subscriptions", subscription(R"(,"userId":7)")) ==
          R"({"subscription.userId":[")" + message + R"(USER"]})");
    CHECK(owner("/subscriptions?userId=bob", bob) == "bob");
    CHECK(owner("/subscriptions", subscription(R"(,"userId":"admin")")) == "admin");
    CHECK(owner("/subscriptions", subscription(R"(,"userId":null)")) == "admin");
    CHECK(owner("/subscriptions", subscription(R"(,"userId":"")")) == "admin");
    json(200, "PUT", "/subscriptions/1", bob);
}

TEST_CASE_METHOD(ApiFixture,
                 "members without a subscription around them are told where they belong") {
    CHECK(errors("POST", "/subscriptions", R"({"name":"n","url":"https://a.example.com"})") ==
          R"({"subscription":["is required; put the members into it"]})");
    CHECK(errors("POST", "/subscriptions", "{}") == R"({"subscription":["is required"]})");
}

}  // namespace webhooks::http
