#include <unit/allocations.hpp>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct BatchFixture : ApiFixture {
    std::string id = std::to_string(create().at("id").as_int64());

    static std::string batch(const std::string& events) { return R"({"events":[)" + events + "]}"; }

    /// This many events, each with its index as its payload.
    static std::string many(std::size_t count) {
        std::string events;
        for (std::size_t i = 0; i < count; ++i) {
            if (i > 0) events += ",";
            events += R"({"eventType":"order.created","payload":)" + std::to_string(i) + "}";
        }
        return batch(events);
    }

    std::int64_t published() {
        return json(200, "GET", "/subscriptions/" + id + "/events?take=0")
            .at("totalEventsCount")
            .to_number<std::int64_t>();
    }
};

}  // namespace

TEST_CASE_METHOD(BatchFixture, "a batch is answered 202 with a receipt for each event, in order") {
    create();
    const Response response = call("POST", "/v1/webhooks/events/batch",
                                   batch(R"({"eventType":"order.created","payload":1},)"
                                         R"({"eventType":"invoice.paid","payload":2},)"
                                         R"({"eventType":"order.created","payload":3})"));
    CHECK(response.status == 202);
    CHECK(names(response.body) == "receipts success message ");
    const auto receipts = boost::json::parse(response.body).at("receipts").as_array();
    REQUIRE(receipts.size() == 3);
    CHECK(receipts[0].at("eventIds").as_array().size() == 2);
    CHECK(receipts[1].at("eventIds").as_array().empty());
    CHECK(receipts[2].at("eventIds").as_array().size() == 2);
    const auto events = json(200, "GET", "/subscriptions/" + id + "/events").at("events");
    CHECK(events.at(0).at("id") == receipts[0].at("eventIds").at(0));
    CHECK(events.at(1).at("payload") == "3");
}

TEST_CASE_METHOD(BatchFixture, "the payloads of a batch are sent byte for byte") {
    json(
        202, "POST", "/events/batch",
        R"({ "Events" : [ {"eventType":"order.created", "Payload" : { "b" : 1e400 , "a":"\u0000" } },)"
        R"({"payload":{"events":[1, 2]},"eventType":"order.created"}] })");
    const auto requests = transport->requests();
    REQUIRE(requests.size() == 2);
    CHECK(*requests[0].body == R"({ "b" : 1e400 , "a":"\u0000" })");
    CHECK(*requests[1].body == R"({"events":[1, 2]})");
}

TEST_CASE_METHOD(BatchFixture, "a batch takes up to 1,000 events") {
    CHECK(json(202, "POST", "/events/batch", many(1000)).at("receipts").as_array().size() == 1000);
    CHECK(published() == 1000);
    const std::string error = R"({"events":["must be an array of 1 to 1000 objects"]})";
    CHECK(errors("POST", "/events/batch", many(1001)) == error);
    CHECK(errors("POST", "/events/batch", many(0)) == error);
    CHECK(published() == 1000);
}

TEST_CASE_METHOD(BatchFixture,
                 "all errors of a batch are named by path, and nothing is published") {
    const std::string sound = R"({"eventType":"order.created","payload":1})";
    const auto [body, expected] = GENERATE_COPY(table<std::string, std::string>({
        {"", R"({"body":["is empty, must be a JSON object"]})"},
        {"[]", R"({"body":["must be a JSON object"]})"},
        {"{}", R"({"events":["must be an array of 1 to 1000 objects"]})"},
        {R"({"events":null})", R"({"events":["must be an array of 1 to 1000 objects"]})"},
        {R"({"events":{}})", R"({"events":["must be an array of 1 to 1000 objects"]})"},
        {R"({"events":[1],"Events":[]})",
         R"x({"events":["is given more than once (names are case-insensitive)"]})x"},
        {batch(sound + ",7," + sound), R"({"events[1]":["must be an object"]})"},
        {batch(sound + R"(,{"eventType":"order.creatd"})"),
         R"({"events[1].eventType":["is not a registered event type; did you mean )"
         R"('order.created'?"],"events[1].payload":["is required"]})"},
        {batch(R"({"payload":1,"userId":""},)" + sound +
               R"(,{"eventType":"order.created","payload":1,"PAYLOAD":2,"orderingKey":""})"),
         R"({"events[0].eventType":["is required"],)"
         R"("events[0].userId":["must not be empty; leave it out"],)"
         R"("events[2].orderingKey":["must not be empty; leave it out"],)"
         R"x("events[2].payload":["is given more than once (names are case-insensitive)"]})x"},
        {batch(sound + R"(,{"eventType":"order.created","payload":1,"deliverAt":"soon"})"),
         R"({"events[1].deliverAt":["must be an RFC 3339 time, such as 2026-01-31T09:05:00Z"]})"},
        {batch(sound + R"(,{"eventType":"order.created\u0000","payload":1})"),
         R"({"body":["is not valid JSON: U+0000 is not accepted in text at byte 87"]})"},
        {batch(sound + R"(,{"eventType":"order.created","payload":1e}])"),
         R"({"body":["is not valid JSON: syntax error at byte 95"]})"},
    }));
    INFO(body);
    CHECK(errors("POST", "/events/batch", body) == expected);
    CHECK(published() == 0);
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(BatchFixture, "a payload may be nested as deep in a batch as on its own") {
    const auto nested = [](std::size_t depth) {
        return R"({"eventType":"order.created","payload":)" + std::string(depth, '[') +
               std::string(depth, ']') + "}";
    };
    json(202, "POST", "/events", nested(31));
    json(202, "POST", "/events/batch", batch(nested(31)));
    json(400, "POST", "/events", nested(32));
    json(400, "POST", "/events/batch", batch(nested(32)));
    json(400, "POST", "/events/batch", "[" + std::string(100'000, '[') + "]");
    json(400, "POST", "/events/batch", batch(std::string(100'000, '[')));
}

TEST_CASE_METHOD(BatchFixture,
                 "a conflict or another's user fails the whole batch, and names which") {
    json(202, "POST", "/events",
         R"({"eventType":"order.created","payload":1,"idempotencyKey":"k"})");
    const auto conflict =
        json(409, "POST", "/events/batch",
             batch(R"({"eventType":"order.created","payload":1},)"
                   R"({"eventType":"order.created","payload":2,"idempotencyKey":"k"})"));
    CHECK(serialize(conflict.at("errors")) ==
          R"({"events[1]":["the idempotency key was used for other content within 24 hours"]})");
    const std::string to_bob = batch(R"({"eventType":"order.created","payload":1},)"
                                     R"({"eventType":"order.created","payload":2,"userId":"bob"})");
    CHECK(
        json(403, "POST", "/events/batch", to_bob).at("errors").as_object().contains("events[1]"));
    CHECK(published() == 1);
    key = "admin";
    json(202, "POST", "/events/batch", to_bob);
}

TEST_CASE_METHOD(BatchFixture, "a repeated batch returns the first receipts") {
    const std::string body =
        batch(R"({"eventType":"order.created","payload":1,"idempotencyKey":"a"},)"
              R"({"eventType":"order.created","payload":2,"idempotencyKey":"b"})");
    const auto first = json(202, "POST", "/events/batch", body);
    CHECK(json(202, "POST", "/events/batch", body).at("receipts") == first.at("receipts"));
    CHECK(published() == 2);
}

TEST_CASE_METHOD(BatchFixture, "a batch is JSON by its content type") {
    content_type = "text/plain";
    CHECK(call("POST", "/v1/webhooks/events/batch", many(1)).status == 415);
    content_type = "";
    CHECK(call("POST", "/v1/webhooks/events/batch", many(1)).status == 415);
}

#ifndef __SANITIZE_ADDRESS__

/// A batch is parsed on a thread that also serves others.
TEST_CASE_METHOD(BatchFixture,
                 "the memory for a batch is bounded by its bytes, however many members it has") {
    const auto allocations_for = [&](const std::string& more, int count, int status) {
        std::string members = R"("eventType":"order.created","payload":1)";
        for (int i = 0; i < count; ++i)
            members += more;
        const long before = testing::allocations();
        CHECK(call("POST", "/v1/webhooks/events/batch", batch("{" + members + "}")).status ==
              status);
        return testing::allocations() - before;
    };
    const auto [more, status] = GENERATE(table<std::string, int>({
        {R"(,"a":1)", 400},
        {R"(,"a long name that is not of this API":1)", 400},
        {R"(,"payload":1)", 400},
        {R"(,"userId":5)", 400},
    }));
    CAPTURE(more);
    const long few = allocations_for(more, 10, status);
    CHECK(allocations_for(more, 100'000, status) <= few + 50);
}

#endif

TEST_CASE_METHOD(BatchFixture, "only the first 100 errors of a batch are reported") {
    std::string events;
    for (int i = 0; i < 1000; ++i)
        events += std::string(i == 0 ? "" : ",") + R"({"eventType":1,"payload":1,"userId":2})";
    const auto found = json(400, "POST", "/events/batch", batch(events)).at("errors").as_object();
    CHECK(found.size() == 100);
    CHECK(found.contains("events[49].userId"));
    CHECK_FALSE(found.contains("events[50].userId"));
}
