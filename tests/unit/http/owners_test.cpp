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

}  // namespace webhooks::http
