#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct PullApiFixture : ApiFixture {
    boost::json::object make(const std::string& more = "") {
        return json(200, "POST", "/subscriptions", body(more)).at("subscription").as_object();
    }
    static std::string body(const std::string& more = "") {
        return R"({"subscription":{"name":"n","eventType":"order.created","delivery":"pull")" +
               more + "}}";
    }
    static std::string path_of(const boost::json::object& subscription) {
        return "/subscriptions/" + std::to_string(subscription.at("id").as_int64());
    }
};

}  // namespace

TEST_CASE_METHOD(PullApiFixture, "a subscription that is read has no URL") {
    const auto made = make(R"(,"url":null)");
    CHECK(made.at("delivery") == "pull");
    CHECK(made.at("url") == "");
    CHECK_FALSE(create().contains("delivery"));
    CHECK(errors("POST", "/subscriptions", body(R"(,"url":"https://hooks.example.com/a")"))
              .starts_with(R"({"subscription.url":["must be left out)"));
    CHECK(errors("POST", "/subscriptions",
                 R"({"subscription":{"name":"n",)"
                 R"("eventType":"order.created","delivery":"push"}})") ==
          R"({"subscription.url":["is required"]})");
    CHECK(errors("POST", "/subscriptions", subscription(R"(,"delivery":"pigeon")")) ==
          R"({"subscription.delivery":["must be 'push' or 'pull'"]})");
}

TEST_CASE_METHOD(PullApiFixture, "what a subscription answers can be sent back") {
    auto made = make();
    const std::string path = path_of(made);
    made.erase("webhookEvents");
    made.at("name") = "other";
    const std::string same = serialize(boost::json::value{{"subscription", made}});
    CHECK(json(200, "PUT", path, same).at("subscription").at("name") == "other");
    CHECK(
        errors("PUT", path, R"({"subscription":{"delivery":"push"}})") ==
        R"({"subscription.delivery":["cannot be changed; create another subscription instead"]})");
    json(200, "PUT", path, R"({"subscription":{"delivery":null,"url":null}})");
}

TEST_CASE_METHOD(PullApiFixture, "a list selects subscriptions by how they are delivered to") {
    const auto made = make();
    create();
    const auto page = json(200, "GET", "/subscriptions?filter=delivery%20eq%20'pull'");
    CHECK(page.at("totalSubscriptionsCount") == 1);
    CHECK(page.at("subscriptions").at(0).at("id") == made.at("id"));
    const auto all = json(200, "GET", "/subscriptions?select=delivery&sort=delivery");
    CHECK(serialize(all.at("subscriptions")) == R"([{"delivery":"pull"},{"delivery":"push"}])");
}

TEST_CASE_METHOD(PullApiFixture, "what would send to a subscription that is read is a 409") {
    const std::string path = path_of(make());
    const std::int64_t event =
        json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})")
            .at("eventIds")
            .at(0)
            .as_int64();
    const std::string of_event = path + "/events/" + std::to_string(event);
    const auto shown = json(200, "GET", of_event).at("event").as_object();
    CHECK(shown.at("isSuccess") == true);
    CHECK(shown.at("statusCode").is_null());
    const auto refused = [&](const std::string& target, const std::string& content = "") {
        return std::string(json(409, "POST", target, content).at("message").as_string());
    };
    CHECK(refused(path + "/test") ==
          "nothing is sent to this subscription: read its events from its feed instead");
    CHECK(refused(of_event + "/retry") == refused(path + "/test"));
    CHECK(refused(path + "/recover", R"({"since":"2020-01-01"})") == refused(path + "/test"));
    CHECK(json(200, "GET", path + "/feed").at("events").at(0).at("id") == event);
}
