#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

TEST_CASE_METHOD(ApiFixture, "administrators see the whole installation") {
    create();
    service().publish(testing::alice, {.event_type = "order.created", .payload = "1"}).value();
    settle();
    advance(10s);
    CHECK(call("GET", "/v1/webhooks/overview").status == 403);
    CHECK(call("GET", "/v1/webhooks/users").status == 403);
    key = "admin";
    const auto overview = json(200, "GET", "/overview").at("overview").as_object();
    CHECK(serialize(overview.at("subscriptions")) ==
          R"({"active":1,"inactive":0,"failing":0,"paused":0})");
    CHECK(overview.at("users") == 1);
    CHECK(serialize(overview.at("queue")) ==
          R"({"due":0,"scheduled":0,"inFlight":0,"inMemory":0,"reserved":0,"oldestDueSeconds":0})");
    const auto& worker = overview.at("workers").as_array().at(0).as_object();
    CHECK(worker.at("isLive") == true);
    CHECK(worker.at("startedAt") == "2026-01-01T00:00:00.000Z");
    CHECK(worker.at("version") == WEBHOOKS_VERSION);
    CHECK(serialize(overview.at("storage")) == R"({"kind":"memory"})");
    CHECK(call("GET", "/v1/webhooks/users").body ==
          R"({"users":[{"userId":"alice","subscriptions":1,"active":1,"failing":0,"waiting":0}],)"
          R"("success":true,"message":"1 users."})");
    for (const char* take : {"0", "1001", "ten", "1.5"}) {
        CHECK(errors("GET", "/users?take=" + std::string(take)) ==
              R"({"take":["must be a whole number, 1 to 1000"]})");
    }
}

TEST_CASE_METHOD(ApiFixture, "a series has a bucket for each step") {
    const std::string id = std::to_string(create().at("id").as_int64());
    service().publish(testing::alice, {.event_type = "order.created", .payload = "1"}).value();
    settle();
    advance(10s);
    const std::string range = "?from=2026-01-01T00:00:00Z&step=5m";
    const std::string body =
        R"({"series":{"from":"2026-01-01T00:00:00.000Z","to":"2026-01-01T00:05:00.000Z",)"
        R"("stepSeconds":300,"isComplete":true,"buckets":[{"start":"2026-01-01T00:00:00.000Z",)"
        R"("attempts":1,"delivered":1,"failed":0,"exhausted":0,"cancelled":0,"expired":0,)"
        R"("filtered":0,)"
        R"("byStatus":{"2xx":1,"3xx":0,"4xx":0,"5xx":0,"none":0},)"
        R"("latencyMs":{"p50":2.5,"p95":4.75,"p99":4.95}}]},"success":true,"message":"1 buckets."})";
    CHECK(call("GET", "/v1/webhooks/subscriptions/" + id + "/stats/series" + range).body == body);
    CHECK(call("GET", "/v1/webhooks/stats/series" + range).body == body);
    CHECK(call("GET", "/v1/webhooks/stats/series?userId=bob").status == 403);
    CHECK(
        errors("GET", "/stats/series?step=2h&from=x&to=y") ==
        R"({"from":["must be an RFC 3339 time, such as 2026-01-31T09:05:00Z; write the '+' of an )"
        R"(offset as %2B"],"step":["must be 5m, 1h or 1d"],"to":["must be an RFC 3339 time, such )"
        R"(as 2026-01-31T09:05:00Z; write the '+' of an offset as %2B"]})");
    key = "bob";
    const auto empty = json(200, "GET", "/stats/series").at("series").as_object();
    CHECK(empty.at("buckets").as_array().size() == 289);
    CHECK(serialize(empty.at("buckets").at(0).at("latencyMs")) ==
          R"({"p50":null,"p95":null,"p99":null})");
}
