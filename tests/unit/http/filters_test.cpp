#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

TEST_CASE_METHOD(ApiFixture, "a filter is tried on a payload, which is read as it is written") {
    const std::string path = "/v1/webhooks/filters/test";
    CHECK(call("POST", path,
               R"({"filter":"payload/id eq 9007199254740993 and payload/x gt 1",)"
               R"("payload":{"id":9007199254740993}})")
              .body ==
          R"({"matches":false,"conditions":[)"
          R"({"text":"payload/id eq 9007199254740993","character":1,"value":"9007199254740993",)"
          R"("result":"true"},)"
          R"({"text":"payload/x gt 1","character":36,"value":null,"result":"unknown"}],)"
          R"("success":true,"message":"The filter does not let the event through."})");
    CHECK(json(200, "POST", "/filters/test",
               R"({"filter":"eventType eq 'a.b'","eventType":"a.b","payload":null})")
              .at("matches")
              .as_bool());
    CHECK(errors("POST", "/filters/test", R"({"filter":"total"})") ==
          R"({"payload":["is required, or 'subscriptionId'"]})");
    CHECK(errors("POST", "/filters/test", R"({"payload":1,"subscriptionId":1})") ==
          R"({"filter":["is required"],"payload":["must be absent next to 'subscriptionId'"]})");
    CHECK(errors("POST", "/filters/test", R"({"filter":"total","payload":1})") ==
          R"({"filter":["unknown name 'total' at character 1; a member of the payload is written )"
          R"(payload/total, a text 'total'"]})");
}

TEST_CASE_METHOD(ApiFixture, "a filter is tried on the events of a subscription") {
    const std::string id = std::to_string(create().at("id").as_int64());
    for (const char* payload : {"1", "2", "3"}) {
        service()
            .publish(testing::alice, {.event_type = "order.created", .payload = payload})
            .value();
    }
    CHECK(call("POST", "/v1/webhooks/filters/test",
               R"({"filter":"payload ge 2","subscriptionId":)" + id + "}")
              .body == R"({"matched":2,"of":3,"eventIds":[3,2],"success":true,)"
                       R"("message":"The filter lets 2 of 3 events through."})");
    CHECK(call("POST", "/v1/webhooks/filters/test", R"({"filter":"x","subscriptionId":999})")
              .status == 404);
}

TEST_CASE_METHOD(ApiFixture, "where an event would go is told without publishing it") {
    const std::string id =
        std::to_string(create(R"(,"filter":"payload/total ge 100")").at("id").as_int64());
    CHECK(call("POST", "/v1/webhooks/events/match",
               R"({"eventType":"order.created","payload":{"total":99}})")
              .body == R"({"matches":[{"subscriptionId":)" + id +
                           R"(,"isMatch":false,"reason":"filter"}],"totalSubscriptionsCount":1,)"
                           R"("success":true,"message":"Nothing was published."})");
    CHECK(errors("POST", "/events/match", R"({"eventType":"x","userId":""})").find("payload") !=
          std::string::npos);
    // What was published, as it was published.
    CHECK(json(200, "POST", "/events/match",
               R"({"eventType":"order.created","payload":{"total":100},"idempotencyKey":"k",)"
               R"("orderingKey":"o","expiresAt":"2100-01-01T00:00:00Z"})")
              .at("matches")
              .at(0)
              .at("isMatch") == true);
    CHECK(errors("POST", "/events/match",
                 R"({"eventType":"order.created","payload":1,"idempotencyKey":7})") ==
          R"({"idempotencyKey":["must be a string"]})");
    CHECK(json(200, "GET", "/events").at("totalEventsCount") == 0);
}
