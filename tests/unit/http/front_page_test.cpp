#include "api_fixture.hpp"

using namespace webhooks::http;

TEST_CASE_METHOD(
    ApiFixture, "a person at the server's root is told what it is, a program that it needs a key") {
    key.clear();
    CHECK(call("GET", "/").status == 401);
    extra_fields = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};
    const Response page = call("GET", "/");
    CHECK(page.status == 200);
    CHECK(find_field(page.fields, "content-type") == "text/html; charset=utf-8");
    CHECK(page.body.find("/v1/webhooks") != std::string::npos);
    CHECK(page.body.find("href=\"openapi.json\"") != std::string::npos);
    CHECK(page.body.find("portal") == std::string::npos);
    CHECK(call("HEAD", "/").omit_body);
    CHECK(call("POST", "/").status == 401);
    CHECK(call("GET", "/v1/webhooks/subscriptions").status == 401);
    CHECK(call("GET", "/other").status == 401);
    CHECK_FALSE(api.serves("/"));

    ApiOptions given;
    given.portal.emplace().public_url = "https://hooks.example.com";
    given.base_path = "/hooks";
    api = Api::make(service(), std::make_shared<NameAuthenticator>(), given).value();
    const std::string with_portal = call("GET", "/?from=mail").body;
    CHECK(with_portal.find("href=\"portal/\"") != std::string::npos);
    CHECK(with_portal.find("<code>/hooks</code>") != std::string::npos);
}
