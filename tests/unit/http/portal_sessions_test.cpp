#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

struct SessionsFixture : ApiFixture {
    SessionsFixture() {
        api = Api::make(service(), std::make_shared<NameAuthenticator>(),
                        {.portal = PortalOptions{.public_url = "https://example.com/hooks/"}})
                  .value();
        key = "admin";
    }

    boost::json::object make(const std::string& more = "", int status = 200) {
        return json(status, "POST", "/portal-sessions", R"({"userId":"alice")" + more + "}");
    }
    std::string errors_of(const std::string& more) {
        return serialize(make(more, 400).at("errors"));
    }
    std::string make_code(const std::string& more = "") {
        const std::string url(make(more).at("session").at("url").as_string());
        const std::string before = "https://example.com/hooks/portal/#code=";
        REQUIRE(url.starts_with(before));
        return url.substr(before.size());
    }

    /// Calls without credentials, or with a token.
    Response call_as(const std::string& token, const std::string& method, const std::string& target,
                     const std::string& body = "") {
        const std::string before = std::exchange(key, "");
        if (!token.empty()) extra_fields = {{"Authorization", "Bearer " + token}};
        const Response response = call(method, target, body);
        extra_fields.clear();
        key = before;
        return response;
    }
    Response start(const std::string& code) {
        return call_as("", "POST", "/portal/session", R"({"code":")" + code + "\"}");
    }
    std::string start_new(const std::string& more = "") {
        const Response response = start(make_code(more));
        REQUIRE(response.status == 200);
        return std::string(boost::json::parse(response.body).at("session").at("token").as_string());
    }
    int status_as(const std::string& token,
                  const std::string& path = "/v1/webhooks/subscriptions") {
        return call_as(token, "GET", path).status;
    }
};

}  // namespace

TEST_CASE_METHOD(SessionsFixture, "a link's code is exchanged for a token of the user's") {
    const auto made = make().at("session").as_object();
    CHECK(made.at("userId") == "alice");
    CHECK(made.at("expiresAt") == "2026-01-01T01:00:00.000Z");
    const std::string url(made.at("url").as_string());
    const Response response = start(url.substr(url.find('=') + 1));
    CHECK(find_field(response.fields, "cache-control") == "no-store");
    auto session = boost::json::parse(response.body).at("session").as_object();
    const std::string token(session.at("token").as_string());
    CHECK(token.size() == 47);
    CHECK(token.starts_with("whp_"));
    session.erase("token");
    CHECK(
        session ==
        boost::json::parse(
            R"({"userId":"alice","permissions":["subscriptions:read","subscriptions:write",)"
            R"("secrets:read","events:read","events:send","feed:read"],"subscriptionId":null,"view":"user",)"
            R"("expiresAt":"2026-01-01T01:00:00.000Z"})"));
    CHECK(boost::json::parse(call_as(token, "GET", "/portal/session").body).at("session") ==
          session);
    CHECK(status_as(token) == 200);
}

TEST_CASE_METHOD(SessionsFixture, "a code works once, and a second use changes nothing") {
    const std::string code = make_code();
    const Response first = start(code);
    const std::string token(boost::json::parse(first.body).at("session").at("token").as_string());
    const Response second = start(code);
    CHECK(second.status == 401);
    CHECK(second.body ==
          R"({"success":false,"message":"This code does not exist, was used, or has expired."})");
    CHECK(status_as(token) == 200);
    CHECK(start("unknown").status == 401);
    CHECK(start("").status == 401);
    CHECK(start(std::string(257, 'x')).status == 401);
}

TEST_CASE_METHOD(SessionsFixture, "a code works for 5 minutes") {
    const std::string in_time = make_code();
    const std::string late = make_code();
    advance(5min - 1us);
    CHECK(start(in_time).status == 200);
    advance(1us);
    CHECK(start(late).status == 401);
}

TEST_CASE_METHOD(SessionsFixture, "a session ends when its time is over") {
    const std::string token = start_new(R"(,"expiresInSeconds":300)");
    advance(5min - 1us);
    CHECK(status_as(token) == 200);
    advance(1us);
    const Response response = call_as(token, "GET", "/portal/session");
    CHECK(response.status == 401);
    CHECK(response.body == R"({"success":false,"message":"This session has ended."})");
}

TEST_CASE_METHOD(SessionsFixture, "a session is revoked at once, alone or with all of its user's") {
    const auto made = make().at("session").as_object();
    const std::string url(made.at("url").as_string());
    const Response started = start(url.substr(url.find('=') + 1));
    const std::string token(boost::json::parse(started.body).at("session").at("token").as_string());
    const std::string second = start_new();
    const std::string third = start_new();
    const std::string unused = make_code();
    const std::string path = "/portal-sessions/" + std::to_string(made.at("id").as_int64());
    json(200, "DELETE", path);
    json(404, "DELETE", path);
    CHECK(status_as(token) == 401);
    CHECK(status_as(second) == 200);
    CHECK(json(200, "DELETE", "/portal-sessions?userId=alice").at("ended") == 3);
    CHECK(status_as(second) == 401);
    CHECK(status_as(third) == 401);
    CHECK(start(unused).status == 401);
    CHECK(json(200, "DELETE", "/portal-sessions?userId=alice").at("ended") == 0);
    CHECK(errors("DELETE", "/portal-sessions") == R"({"userId":["is required"]})");
}

TEST_CASE_METHOD(SessionsFixture, "signing out ends the session") {
    const std::string token = start_new();
    CHECK(call_as(token, "DELETE", "/portal/session").status == 200);
    CHECK(status_as(token) == 401);
    CHECK(call("DELETE", "/portal/session").status == 404);
    CHECK(call_as("", "DELETE", "/portal/session").status == 401);
}

TEST_CASE_METHOD(SessionsFixture, "only an administrator makes and revokes sessions") {
    const std::string token = start_new();
    key = "alice";
    make("", 403);
    json(403, "DELETE", "/portal-sessions/1");
    json(403, "DELETE", "/portal-sessions?userId=alice");
    CHECK(call_as(token, "POST", "/v1/webhooks/portal-sessions", R"({"userId":"alice"})").status ==
          403);
}

TEST_CASE_METHOD(SessionsFixture,
                 "a session reaches only its user's objects, as far as permitted") {
    key = "bob";
    const std::string other = std::to_string(create().at("id").as_int64());
    key = "alice";
    const std::string own = std::to_string(create().at("id").as_int64());
    key = "admin";
    const std::string token = start_new();
    const std::string base = "/v1/webhooks/subscriptions/";
    CHECK(status_as(token, base + own) == 200);
    CHECK(status_as(token, base + other) == 404);
    CHECK(call_as(token, "POST", base + other + "/test").status == 404);
    CHECK(
        call_as(token, "POST", "/v1/webhooks/events", R"({"eventType":"a","payload":1})").status ==
        403);
    CHECK(status_as(token, "/v1/webhooks/users") == 403);

    const std::string reader = start_new(R"(,"permissions":["subscriptions:read"])");
    const Response seen = call_as(reader, "GET", base + own);
    CHECK(seen.status == 200);
    CHECK(seen.body.find("whsec_****") != std::string::npos);
    CHECK(status_as(reader, base + own + "/events") == 403);
    CHECK(call_as(reader, "POST", base + own + "/test").status == 403);
    CHECK(call_as(reader, "DELETE", base + own).status == 403);
}

TEST_CASE_METHOD(SessionsFixture, "an operator's session is an administrator's") {
    const std::string token = start_new(R"(,"view":"operator")");
    const auto session =
        boost::json::parse(call_as(token, "GET", "/portal/session").body).at("session").as_object();
    CHECK(session.at("view") == "operator");
    CHECK(serialize(session.at("permissions")) == R"(["administrator"])");
    CHECK(status_as(token, "/v1/webhooks/users") == 200);
}

TEST_CASE_METHOD(SessionsFixture, "an API key that is typed into the page is told what it may") {
    key = "alice";
    const auto session =
        boost::json::parse(call("GET", "/portal/session").body).at("session").as_object();
    CHECK(session.at("userId") == "alice");
    CHECK(session.at("view") == "user");
    CHECK(session.at("expiresAt").is_null());
    CHECK(call_as("", "GET", "/portal/session").status == 401);
}

TEST_CASE_METHOD(SessionsFixture, "what is wrong with a session that is to be made is named") {
    CHECK(errors_of(R"(,"expiresInSeconds":299)") ==
          R"({"expiresInSeconds":["must be a whole number, 300 to 86400"]})");
    CHECK(errors_of(R"(,"expiresInSeconds":86401)") ==
          R"({"expiresInSeconds":["must be a whole number, 300 to 86400"]})");
    CHECK(errors_of(R"(,"permissions":[])") ==
          R"({"permissions":["must name at least one permission"]})");
    CHECK(errors_of(R"(,"permissions":["administrator"])") ==
          R"({"permissions":["must not have 'administrator', which the view 'operator' has"]})");
    CHECK(errors_of(R"(,"permissions":["events:read"],"view":"operator")") ==
          R"({"permissions":["must be absent: this view has all of them"]})");
    CHECK(errors_of(R"(,"view":"god")") == R"({"view":["must be 'user' or 'operator'"]})");
    CHECK(errors("POST", "/portal-sessions", "{}") == R"({"userId":["is required"]})");
    CHECK(errors("POST", "/portal-sessions", R"({"userId":""})").starts_with(R"({"userId":[)"));
    CHECK(start("x\",\"code\":\"y").status == 400);
    CHECK(call_as("", "POST", "/portal/session", "{}").status == 400);
    CHECK(call_as("", "POST", "/portal/session", std::string(4097, ' ')).status == 413);
}

TEST_CASE_METHOD(SessionsFixture, "a token is not accepted next to other credentials") {
    const std::string token = start_new();
    extra_fields = {{"Authorization", "Bearer " + token}};
    key = "alice";
    CHECK(call("GET", "/v1/webhooks/subscriptions").status == 401);
    key.clear();
    CHECK(call("GET", "/v1/webhooks/subscriptions").status == 200);
    extra_fields.push_back(extra_fields.front());
    CHECK(call("GET", "/v1/webhooks/subscriptions").status == 401);
    extra_fields = {{"x-api-key", token}};
    CHECK(call("GET", "/v1/webhooks/subscriptions").status == 401);
}

TEST_CASE_METHOD(SessionsFixture, "a session has a rate of its own") {
    const std::string token = start_new();
    int accepted = 0;
    while (accepted < 1000 && status_as(token, "/v1/webhooks/event-types") == 200)
        ++accepted;
    CHECK(accepted >= 60);
    CHECK(accepted < 1000);
}

TEST_CASE_METHOD(SessionsFixture, "wrong codes from one address are too many at some point") {
    const auto status_from = [&](const std::string& address) {
        RequestHead head{.method = "POST",
                         .target = "/portal/session",
                         .fields = {{"Content-Type", "application/json"}},
                         .peer = {.address = address, .certificate = {}}};
        int status = 0;
        api.handle(std::move(head), R"({"code":"x"})",
                   [&](const Response& response) { status = response.status; });
        return status;
    };
    int wrong = 0;
    while (wrong < 1000 && status_from("192.0.2.1") == 401)
        ++wrong;
    CHECK(wrong < 1000);
    CHECK(status_from("192.0.2.1") == 429);
    CHECK(status_from("192.0.2.2") == 401);
}

TEST_CASE_METHOD(SessionsFixture, "without a portal there are no sessions") {
    const std::string token = start_new();
    api = Api::make(service(), std::make_shared<NameAuthenticator>()).value();
    make("", 404);
    CHECK(start("x").status == 404);
    CHECK(status_as(token) == 401);
}
