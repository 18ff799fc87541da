#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

TEST_CASE_METHOD(ApiFixture, "responses have the documented members in the documented order") {
    const std::string id = std::to_string(create().at("id").as_int64());
    const std::string list = call("GET", "/v1/webhooks/subscriptions").body;
    CHECK(names(list) == "subscriptions totalSubscriptionsCount success message ");

    const std::string one = call("GET", "/v1/webhooks/subscriptions/" + id).body;
    CHECK(names(one) == "subscription success message ");
    CHECK(names(raw_member(one, "subscription")) ==
          "id name eventType url secret maxRetryCount isActive userId headers createdAt updatedAt "
          "webhookEvents ");
    CHECK(names(call("GET", "/v1/webhooks/event-types").body) == "eventTypes success message ");
    CHECK(names(call("POST", "/v1/webhooks/subscriptions/" + id + "/test").body) ==
          "success message eventId ");
    const std::string events = call("GET", "/v1/webhooks/subscriptions/" + id + "/events").body;
    CHECK(names(events) == "events totalEventsCount success message ");
    const std::string array = raw_member(events, "events");
    CHECK(names(array.substr(1, array.size() - 2)) ==
          "id webhookSubscriptionId eventType payload statusCode response errorMessage isSuccess "
          "retryCount sentAt nextRetryAt createdAt ");
    CHECK(names(call("DELETE", "/v1/webhooks/subscriptions/" + id).body) == "success message ");
}

TEST_CASE_METHOD(ApiFixture, "a subscription is created with defaults") {
    const auto created = create();
    CHECK(created.at("maxRetryCount") == 9);
    CHECK(created.at("isActive") == true);
    CHECK(created.at("headers") == "{}");
    CHECK(created.at("userId") == "alice");
    CHECK(created.at("createdAt") == "2026-01-01T00:00:00.000Z");
    CHECK(created.at("webhookEvents").as_array().empty());
    CHECK(std::string(created.at("secret").as_string()).starts_with("whsec_"));
}

TEST_CASE_METHOD(ApiFixture, "nulls at creation are defaults") {
    const auto created =
        create(R"(,"secret":null,"headers":null,"maxRetryCount":null,"isActive":null)");
    CHECK(created.at("maxRetryCount") == 9);
    CHECK(created.at("isActive") == true);
    CHECK(created.at("headers") == "{}");
    CHECK(created.at("secret").as_string().size() > 20);
}

TEST_CASE_METHOD(ApiFixture, "all members are accepted, in any case") {
    const auto created = json(200, "POST", "/subscriptions",
                              R"({"SUBSCRIPTION":{"Name":"\u00e4","EventType":"order.*",)"
                              R"("URL":"https://hooks.example.com/x?y","Secret":"s3cret",)"
                              R"("Headers":{"X-A":"1","X-B":"\""},"MaxRetryCount":0,)"
                              R"("ISACTIVE":false,"id":77,"userId":"bob","other":[1]}})")
                             .at("subscription")
                             .as_object();
    CHECK(created.at("name") == "\xc3\xa4");
    CHECK(created.at("eventType") == "order.*");
    CHECK(created.at("url") == "https://hooks.example.com/x?y");
    CHECK(created.at("secret") == "s3cret");
    CHECK(created.at("headers") == R"({"X-A":"1","X-B":"\""})");
    CHECK(created.at("maxRetryCount") == 0);
    CHECK(created.at("isActive") == false);
    CHECK(created.at("id") != 77);
    CHECK(created.at("userId") == "alice");
}

TEST_CASE_METHOD(ApiFixture, "what was read can be written back") {
    const auto created = create(R"(,"headers":{"X-A":"1"},"maxRetryCount":3,"isActive":false)");
    const std::string path = "/subscriptions/" + std::to_string(created.at("id").as_int64());
    const std::string read = call("GET", "/v1/webhooks" + path).body;
    auto written = json(200, "PUT", path, read).at("subscription").as_object();
    written["updatedAt"] = created.at("updatedAt");
    CHECK(written == created);
}

TEST_CASE_METHOD(ApiFixture, "an update changes the given members, and nulls set three defaults") {
    const auto created =
        create(R"(,"secret":"s","headers":{"X-A":"1"},"maxRetryCount":3,"isActive":false)");
    const std::string path = "/subscriptions/" + std::to_string(created.at("id").as_int64());
    SECTION("nothing") {
        const auto same = json(200, "PUT", path, R"({"subscription":{}})").at("subscription");
        CHECK(same.at("name") == "n");
        CHECK(same.at("secret") == "s");
        CHECK(same.at("headers") == R"({"X-A":"1"})");
        CHECK(same.at("maxRetryCount") == 3);
        CHECK(same.at("isActive") == false);
    }
    SECTION("one member") {
        const auto changed = json(200, "PUT", path, R"({"subscription":{"name":"m"}})");
        CHECK(changed.at("subscription").at("name") == "m");
        CHECK(changed.at("subscription").at("maxRetryCount") == 3);
    }
    SECTION("nulls") {
        const auto changed =
            json(200, "PUT", path,
                 R"({"subscription":{"name":null,"eventType":null,"url":null,"secret":null,)"
                 R"("headers":null,"maxRetryCount":null,"isActive":null}})")
                .at("subscription");
        CHECK(changed.at("name") == "n");
        CHECK(changed.at("eventType") == "order.created");
        CHECK(changed.at("secret") == "s");
        CHECK(changed.at("headers") == "{}");
        CHECK(changed.at("maxRetryCount") == 9);
        CHECK(changed.at("isActive") == true);
    }
}

TEST_CASE_METHOD(ApiFixture, "a body that is not a subscription is a 400 that says why") {
    const auto [body, expected] = GENERATE(table<std::string, std::string>({
        {"", R"({"body":["is empty, must be a JSON object"]})"},
        {"[]", R"({"body":["must be a JSON object"]})"},
        {"null", R"({"body":["must be a JSON object"]})"},
        {"{", R"({"body":["is not valid JSON: incomplete JSON at byte 2"]})"},
        {"{}", R"({"subscription":["is required"]})"},
        {R"({"subscription":null})", R"({"subscription":["is required"]})"},
        {R"({"subscription":"x"})", R"({"subscription":["must be an object"]})"},
        {R"({"subscription":{},"Subscription":{}})",
         R"x({"subscription":["is given more than once (names are case-insensitive)"]})x"},
    }));
    INFO(body);
    const std::string found =
        errors("PUT", "/subscriptions/" + std::to_string(create().at("id").as_int64()), body);
    CHECK(found == expected);
}

TEST_CASE_METHOD(ApiFixture, "a wrong member is named") {
    const std::string wrong_headers =
        R"({"subscription.headers":)"
        R"(["must be an object of strings, or that object as JSON text"]})";
    const std::string wrong_retry_on =
        R"({"subscription.retryOn":["must be an array of '5xx', '429', '408' and 'network'; )"
        R"(null retries every failure except 410"]})";
    const auto [member, expected] = GENERATE_COPY(table<std::string, std::string>({
        {R"("maxRetryCount":9.5)",
         R"({"subscription.maxRetryCount":["must be a whole number, 0 to 100"]})"},
        {R"("maxRetryCount":101)",
         R"({"subscription.maxRetryCount":["must be a whole number, 0 to 100"]})"},
        {R"("maxRetryCount":-1)",
         R"({"subscription.maxRetryCount":["must be a whole number, 0 to 100"]})"},
        {R"("maxRetryCount":4294967297)",
         R"({"subscription.maxRetryCount":["must be a whole number, 0 to 100"]})"},
        {R"("maxRetryCount":1e400)",
         R"({"subscription.maxRetryCount":["must be a whole number, 0 to 100"]})"},
        {R"("rateLimit":100001)",
         R"({"subscription.rateLimit":["must be a whole number, 0 to 100000"]})"},
        {R"("rateLimit":0.5)",
         R"({"subscription.rateLimit":["must be a whole number, 0 to 100000"]})"},
        {R"("timeoutSeconds":0)",
         R"({"subscription.timeoutSeconds":["must be a whole number, 1 to 60"]})"},
        {R"("timeoutSeconds":61)",
         R"({"subscription.timeoutSeconds":["must be a whole number, 1 to 60"]})"},
        {R"("retryOn":"5xx")", wrong_retry_on},
        {R"("retryOn":["5xx",429])", wrong_retry_on},
        {R"("retryOn":["4xx"])", wrong_retry_on},
        {R"("isActive":1)", R"({"subscription.isActive":["must be true or false"]})"},
        {R"("isActive":"true")", R"({"subscription.isActive":["must be true or false"]})"},
        {R"("secret":5)", R"({"subscription.secret":["must be a string"]})"},
        {R"("headers":{"X-A":1})", R"({"subscription.headers.X-A":["must be a string"]})"},
        {R"("headers":[])", wrong_headers},
        {R"("headers":"X-A: 1")", wrong_headers},
        {R"("headers":"{\"X-A\":2}")", R"({"subscription.headers.X-A":["must be a string"]})"},
        {R"("NAME":"again")",
         R"x({"subscription.name":["is given more than once (names are case-insensitive)"]})x"},
    }));
    INFO(member);
    CHECK(errors("POST", "/subscriptions", subscription("," + member)) == expected);
    CHECK(json(200, "GET", "/subscriptions").at("totalSubscriptionsCount") == 0);
}

TEST_CASE_METHOD(ApiFixture, "all errors are reported together, the reader's and the service's") {
    const auto found =
        json(400, "POST", "/subscriptions",
             R"({"subscription":{"name":"","url":"ftp://x","isActive":0,"headers":{"Host":"x"}}})")
            .at("errors")
            .as_object();
    CHECK(found.size() == 5);
    for (const char* path : {"subscription.name", "subscription.eventType", "subscription.url",
                             "subscription.isActive", "subscription.headers.Host"}) {
        INFO(path);
        CHECK(found.contains(path));
    }
}

TEST_CASE_METHOD(ApiFixture, "an unknown type is told the nearest one") {
    CHECK(errors("POST", "/subscriptions",
                 R"({"subscription":{"name":"n","eventType":"order.creatd",)"
                 R"("url":"https://hooks.example.com/"}})")
              .find("order.created") != std::string::npos);
}

TEST_CASE_METHOD(ApiFixture, "another user's subscription looks like an absent one") {
    const std::string id = std::to_string(create().at("id").as_int64());
    key = "bob";
    for (const auto& [method, rest, body] :
         {std::tuple("GET", "", ""), std::tuple("PUT", "", R"({"subscription":{}})"),
          std::tuple("DELETE", "", ""), std::tuple("POST", "/test", ""),
          std::tuple("POST", "/test", R"({"eventType":"order.no"})"),
          std::tuple("GET", "/events", ""), std::tuple("GET", "/events/1", ""),
          std::tuple("DELETE", "/events/1", ""), std::tuple("POST", "/events/1/retry", ""),
          std::tuple("POST", "/recover", R"({"since":"2026-01-01"})"),
          std::tuple("POST", "/rotate-secret", ""), std::tuple("GET", "/stats", "")}) {
        INFO(method << rest);
        const Response others = call(method, "/v1/webhooks/subscriptions/" + id + rest, body);
        const Response absent =
            call(method, std::string("/v1/webhooks/subscriptions/999") + rest, body);
        CHECK(others.status == 404);
        CHECK(others.body == absent.body);
    }
    CHECK(json(200, "GET", "/subscriptions").at("totalSubscriptionsCount") == 0);
    key = "admin";
    CHECK(json(200, "GET", "/subscriptions").at("totalSubscriptionsCount") == 1);
    json(200, "DELETE", "/subscriptions/" + id);
    json(404, "GET", "/subscriptions/" + id);
}

TEST_CASE_METHOD(ApiFixture, "a list is cut by take and skip and counted whole") {
    for (int i = 0; i < 3; ++i)
        create();
    const auto page = json(200, "GET", "/subscriptions?take=1&skip=1");
    CHECK(page.at("totalSubscriptionsCount") == 3);
    CHECK(page.at("subscriptions").as_array().size() == 1);
    CHECK(json(200, "GET", "/subscriptions?$top=0").at("subscriptions").as_array().empty());
    CHECK(errors("GET", "/subscriptions?take=x&filter=y") ==
          R"({"filter":["unknown field 'y' at character 1; there are id, name, eventType, url, )"
          R"(maxRetryCount, isActive, userId, createdAt, updatedAt, failingSince, pausedUntil, )"
          R"(deactivationReason, operatorScope, filter, delivery"],)"
          R"("take":["must be a whole number, 0 to 2147483647"]})");
}

TEST_CASE_METHOD(ApiFixture, "included events are there, newest first") {
    const std::string id = std::to_string(create().at("id").as_int64());
    const auto first = json(200, "POST", "/subscriptions/" + id + "/test").at("eventId");
    const auto second = json(200, "POST", "/subscriptions/" + id + "/test").at("eventId");
    const auto page = json(200, "GET", "/subscriptions?include=webhookEvents");
    const auto& events = page.at("subscriptions").at(0).at("webhookEvents").as_array();
    REQUIRE(events.size() == 2);
    CHECK(events[0].at("id") == second);
    CHECK(events[1].at("id") == first);
}

TEST_CASE_METHOD(ApiFixture, "a body's content type must be JSON") {
    const auto [type, status] = GENERATE(table<const char*, int>({
        {"application/json-patch+json", 200},
        {"text/json; charset=UTF-8", 200},
        {"text/plain", 415},
        {"", 415},
        {"application/json; charset=utf-16", 415},
    }));
    content_type = type;
    CHECK(call("POST", "/v1/webhooks/subscriptions", subscription()).status == status);
}

TEST_CASE_METHOD(ApiFixture, "a compressed body is rejected") {
    extra_fields = {{"Content-Encoding", "gzip"}};
    CHECK(call("POST", "/v1/webhooks/subscriptions", subscription()).status == 415);
}

TEST_CASE_METHOD(ApiFixture, "event types are listed") {
    const auto answer = json(200, "GET", "/event-types");
    REQUIRE(answer.at("eventTypes").as_array().size() == 2 + operational_event_types().size());
    CHECK(answer.at("eventTypes").at(0).at("name") == "invoice.paid");
    CHECK(answer.at("eventTypes").at(3).at("name") == "webhook.event.exhausted");
}

TEST_CASE_METHOD(ApiFixture, "administrators create subscriptions to operational events of all") {
    const std::string scoped =
        R"({"subscription":{"name":"n","url":"https://hooks.example.com/a","operatorScope":true,)";
    const std::string body = scoped + R"("eventType":"webhook.*"}})";
    CHECK(json(403, "POST", "/subscriptions", body).at("message") ==
          "only an administrator may set operatorScope");
    key = "admin";
    CHECK(errors("POST", "/subscriptions", scoped + R"("eventType":"order.created"}})") ==
          R"({"subscription.operatorScope":["must be false unless eventType begins with )"
          R"('webhook.'"]})");
    const auto made = json(200, "POST", "/subscriptions", body).at("subscription").as_object();
    CHECK(made.at("operatorScope") == true);
    const std::string path = "/subscriptions/" + std::to_string(made.at("id").as_int64());
    CHECK(errors("PUT", path, R"({"subscription":{"eventType":"order.created"}})")
              .starts_with(R"({"subscription.operatorScope":)"));
    const auto found = json(200, "GET", "/subscriptions?filter=operatorScope%20eq%20true");
    CHECK(found.at("totalSubscriptionsCount") == 1);
    json(200, "PUT", path, R"({"subscription":{"operatorScope":null}})");
    CHECK(
        errors("PUT", path, R"({"subscription":{"operatorScope":false}})") ==
        R"({"subscription.operatorScope":["cannot be changed; create another subscription instead"]})");
    CHECK(errors("POST", "/events", R"({"eventType":"webhook.worker.lost","payload":{}})") ==
          R"({"eventType":["must not begin with 'webhook.', which only the service publishes"]})");
}

TEST_CASE_METHOD(ApiFixture,
                 "a filter is saved, shown if it is set, and cleared by null or an empty text") {
    const std::string filter = "payload/total >= 100 && payload/cur == 'EUR'";
    const auto made =
        json(200, "POST", "/subscriptions",
             R"({"subscription":{"name":"n","eventType":"*","url":"https://hooks.example.com/a",)"
             R"("filter":")" +
                 filter + R"("}})")
            .at("subscription")
            .as_object();
    CHECK(made.at("filter").as_string() == filter);
    const std::string path = "/subscriptions/" + std::to_string(made.at("id").as_int64());
    CHECK(json(200, "GET", "/subscriptions?filter=filter%20ne%20null")
              .at("totalSubscriptionsCount") == 1);
    CHECK(json(200, "GET", path).at("subscription").at("filter").as_string() == filter);
    CHECK(errors("PUT", path, R"({"subscription":{"filter":"payload/total gt"}})") ==
          R"({"subscription.filter":["expected a field or a value at character 17"]})");
    const std::string empty = GENERATE("null", R"("")");
    const auto reset = json(200, "PUT", path, R"({"subscription":{"filter":)" + empty + "}}");
    CHECK_FALSE(reset.at("subscription").as_object().contains("filter"));
    CHECK(json(200, "GET", "/subscriptions?filter=filter%20ne%20null")
              .at("totalSubscriptionsCount") == 0);
}

TEST_CASE_METHOD(ApiFixture, "a rate limit is shown if it is set, as the last member") {
    const std::string documented =
        "id name eventType url secret maxRetryCount isActive userId headers createdAt updatedAt "
        "webhookEvents ";
    const auto shown = [](const Response& response) {
        return names(raw_member(response.body, "subscription"));
    };
    const std::string path = "/v1/webhooks/subscriptions/" +
                             std::to_string(create(R"(,"rateLimit":100000)").at("id").as_int64());
    const Response limited = call("GET", path);
    CHECK(shown(limited) == documented + "rateLimit ");
    CHECK(json(200, "GET", "/subscriptions").at("subscriptions").at(0).at("rateLimit") == 100'000);
    CHECK(shown(call("PUT", path, R"({"subscription":{}})")) == documented + "rateLimit ");
    CHECK(shown(call("PUT", path, limited.body)) == documented + "rateLimit ");
    const auto none = GENERATE("0", "null");
    CHECK(shown(call("PUT", path, R"({"subscription":{"rateLimit":)" + std::string(none) + "}}")) ==
          documented);
}

TEST_CASE_METHOD(ApiFixture, "timeoutSeconds and retryOn are shown if they are set") {
    const auto created = create(R"(,"timeoutSeconds":60,"retryOn":["network","5xx","network"])");
    CHECK(created.at("timeoutSeconds") == 60);
    CHECK(boost::json::serialize(created.at("retryOn")) == R"(["5xx","network"])");
    const std::string path = "/subscriptions/" + std::to_string(created.at("id").as_int64());
    const auto put = [&](const std::string& members) {
        return json(200, "PUT", path, R"({"subscription":{)" + members + "}}")
            .at("subscription")
            .as_object();
    };
    CHECK(put("").at("timeoutSeconds") == 60);
    const std::string read = call("GET", "/v1/webhooks" + path).body;
    CHECK(put(R"("name":"other")").at("retryOn") == created.at("retryOn"));
    CHECK(call("PUT", "/v1/webhooks" + path, read).status == 200);
    CHECK(put(R"("retryOn":[])").at("retryOn").as_array().empty());
    const auto reset = put(R"("timeoutSeconds":null,"retryOn":null)");
    CHECK_FALSE(reset.contains("timeoutSeconds"));
    CHECK_FALSE(reset.contains("retryOn"));
}

TEST_CASE_METHOD(ApiFixture, "a list selects only documented members") {
    create(R"(,"rateLimit":5)");
    const std::string list = raw_member(
        call("GET", "/v1/webhooks/subscriptions?select=name,isActive").body, "subscriptions");
    CHECK(names(list.substr(1, list.size() - 2)) == "name isActive ");
    for (const char* query : {"select=rateLimit", "filter=rateLimit%20eq%205", "sort=rateLimit"}) {
        CHECK(call("GET", std::string("/v1/webhooks/subscriptions?") + query).status == 400);
    }
}

TEST_CASE_METHOD(ApiFixture, "of too many headers only the first are checked and reported") {
    std::string headers;
    for (int i = 0; i < 10'000; ++i)
        headers += (i == 0 ? "\"X-" : ",\"X-") + std::to_string(i) + "\":" + (i < 2 ? "1" : "\"\"");
    const std::string body = subscription(R"(,"headers":{)" + headers + "}");
    const auto found = json(400, "POST", "/subscriptions", body).at("errors").as_object();
    CHECK(found.size() == 3);
    CHECK(found.contains("subscription.headers.X-1"));
    CHECK(serialize(found.at("subscription.headers")) == R"(["must be at most 32"])");
}

TEST_CASE_METHOD(ApiFixture,
                 "a subscription says what its endpoint does, only if there is something") {
    const Subscription mine = subscribe();
    const std::string path = "/subscriptions/" + std::to_string(mine.id.value);
    const auto shown = [&](const std::string& query = "") {
        return call("GET", "/v1/webhooks/subscriptions" + query).body;
    };
    CHECK_FALSE(shown().find("deactivation") != std::string::npos);
    transport->respond_with_status(503);
    publish();
    settle();
    const auto failing = json(200, "GET", path).at("subscription").as_object();
    CHECK(failing.at("failingSince") == "2026-01-01T00:00:00.000Z");
    CHECK_FALSE(failing.contains("deactivation"));
    json(200, "PUT", path, R"({"subscription":{"isActive":false}})");
    const auto inactive = json(200, "GET", path).at("subscription").as_object();
    CHECK_FALSE(inactive.contains("failingSince"));
    CHECK(serialize(inactive.at("deactivation")) ==
          R"({"reason":"user","at":"2026-01-01T00:00:00.000Z"})");
    const std::string selected = shown(
        "?filter=deactivationReason%20eq%20'user'&select=deactivation,failingSince,"
        "deactivationReason");
    CHECK(selected.starts_with(
        R"({"subscriptions":[{"failingSince":null,"deactivationReason":"user",)"
        R"("deactivation":{"reason":"user","at":"2026-01-01T00:00:00.000Z"}}],)"));
}
