#include <set>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct PublishFixture : ApiFixture {
    std::string id = std::to_string(create().at("id").as_int64());

    const std::string& last_body() {
        requests = transport->requests();
        REQUIRE_FALSE(requests.empty());
        return *requests.back().body;
    }

    std::vector<OutgoingRequest> requests;
};

}  // namespace

TEST_CASE_METHOD(PublishFixture, "a publication is answered 202 with the ids of its events") {
    const Response response =
        call("POST", "/v1/webhooks/events", R"({"eventType":"order.created","payload":{"a":1}})");
    CHECK(response.status == 202);
    CHECK(names(response.body) == "eventIds success message ");
    const auto events = json(200, "GET", "/subscriptions/" + id + "/events");
    CHECK(events.at("totalEventsCount") == 1);
    CHECK(events.at("events").at(0).at("payload") == R"({"a":1})");
    CHECK(events.at("events").at(0).at("isSuccess") == true);
    CHECK("[" + serialize(events.at("events").at(0).at("id")) + "]" ==
          raw_member(response.body, "eventIds"));
}

TEST_CASE_METHOD(PublishFixture, "an empty user or key is an error, not an absent one") {
    for (const char* name : {"userId", "idempotencyKey"}) {
        const std::string body =
            R"({"eventType":"order.created","payload":1,")" + std::string(name) + R"(":""})";
        CHECK(errors("POST", "/events", body) ==
              R"({")" + std::string(name) + R"(":["must not be empty; leave it out"]})");
    }
}

TEST_CASE_METHOD(PublishFixture, "a payload is sent byte for byte") {
    const std::string payload =
        GENERATE(as<std::string>(), "1e400", R"({ "b" : 1.0 ,	"a":"\u0000\ud83d\ude00" })",
                 R"({"a":1,"a":2})", "null", "[]", "\"\xc3\xa4\\u00e4\\/\"", "-0.0",
                 R"({"payload":{"Payload":1}})");
    json(202, "POST", "/events",
         R"({"eventType":"order.created", "Payload" : )" + payload + R"( ,"userId":null})");
    CHECK(last_body() == payload);
    CHECK(requests.back().content_type == "application/json");
}

TEST_CASE_METHOD(PublishFixture, "a raw body is sent with its own content type") {
    content_type = "application/cloudevents+json; charset=utf-8";
    json(202, "POST", "/events?EventType=order.created", "not { JSON \xc3\xa4");
    CHECK(last_body() == "not { JSON \xc3\xa4");
    CHECK(requests.back().content_type == content_type);
}

TEST_CASE_METHOD(PublishFixture, "a raw body is UTF-8 without U+0000 and has a content type") {
    CHECK(call("POST", "/v1/webhooks/events?eventType=order.created", "\xff").status == 400);
    CHECK(call("POST", "/v1/webhooks/events?eventType=order.created", std::string("a\0b", 3))
              .status == 400);
    content_type = "";
    CHECK(call("POST", "/v1/webhooks/events?eventType=order.created", "a").status == 415);
}

TEST_CASE_METHOD(PublishFixture, "a wrong publication is a 400 that names all errors") {
    const auto [body, expected] = GENERATE(table<std::string, std::string>({
        {"{}", R"({"eventType":["is required"],"payload":["is required"]})"},
        {R"({"eventType":5,"payload":1})", R"({"eventType":["must be a string"]})"},
        {R"({"eventType":"order.created","payload":1,"deliverAt":"2030-01-01T00:00:00Z"})",
         R"({"deliverAt":["must be at most 366 days ahead"]})"},
        {R"({"eventType":"order.created","payload":1,"deliverAt":5,"expiresAt":"2026-01-01"})",
         R"({"deliverAt":["must be a string"],)"
         R"("expiresAt":["must be later than now and than deliverAt"]})"},
        {R"({"eventType":"order.created","payload":1,"expiresAt":"x","orderingKey":""})",
         R"({"expiresAt":["must be an RFC 3339 time, such as 2026-01-31T09:05:00Z"],)"
         R"("orderingKey":["must not be empty; leave it out"]})"},
        {R"({"eventType":"order.created","payload":1,"deliverAt":"2026-01-02T00:00:00Z",)"
         R"("orderingKey":"k"})",
         R"({"orderingKey":["cannot be combined with deliverAt"]})"},
        {R"({"eventType":"order.created","payload":1,"idempotencyKey":7,"userId":8})",
         R"({"idempotencyKey":["must be a string"],"userId":["must be a string"]})"},
        {R"({"eventType":"order.created","payload":1,"PAYLOAD":2})",
         R"x({"payload":["is given more than once (names are case-insensitive)"]})x"},
        {R"({"eventType":"order.created\u0000","payload":1})",
         R"({"body":["is not valid JSON: U+0000 is not accepted in text at byte 34"]})"},
        {R"({"eventType":"order.created","payload":1e})",
         R"({"body":["is not valid JSON: syntax error at byte 42"]})"},
    }));
    INFO(body);
    CHECK(errors("POST", "/events", body) == expected);
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(PublishFixture, "the reader's and the service's errors are reported together") {
    const auto found =
        json(400, "POST", "/events", R"({"eventType":"order.creatd","idempotencyKey":true})")
            .at("errors")
            .as_object();
    CHECK(found.size() == 3);
    CHECK(found.contains("eventType"));
    CHECK(found.contains("payload"));
    CHECK(found.contains("idempotencyKey"));
}

TEST_CASE_METHOD(PublishFixture,
                 "a publication that matches no subscription is accepted without events") {
    CHECK(json(202, "POST", "/events", R"({"eventType":"invoice.paid","payload":1})")
              .at("eventIds")
              .as_array()
              .empty());
}

TEST_CASE_METHOD(PublishFixture, "an idempotency key returns the first receipt or a conflict") {
    const std::string body = R"({"eventType":"order.created","payload":1,"idempotencyKey":"k"})";
    const auto first = json(202, "POST", "/events", body);
    CHECK(json(202, "POST", "/events", body).at("eventIds") == first.at("eventIds"));
    json(409, "POST", "/events",
         R"({"eventType":"order.created","payload":2,"idempotencyKey":"k"})");
    CHECK(
        json(202, "POST", "/events?eventType=order.created&idempotencyKey=k", "1").at("eventIds") ==
        first.at("eventIds"));
}

TEST_CASE_METHOD(PublishFixture, "only an administrator may publish to another user") {
    key = "bob";
    json(403, "POST", "/events", R"({"eventType":"order.created","payload":1,"userId":"alice"})");
    CHECK(transport->requests().empty());
    key = "admin";
    CHECK(json(202, "POST", "/events",
               R"({"eventType":"order.created","payload":1,"userId":"alice"})")
              .at("eventIds")
              .as_array()
              .size() == 1);
}

TEST_CASE_METHOD(PublishFixture, "a test event has the given payload, byte for byte") {
    const auto [body, payload] = GENERATE(table<std::string, std::string>({
        {R"({"payload":{ "a":1e400 }})", R"({ "a":1e400 })"},
        {R"({"payload":"text"})", R"("text")"},
        {R"({"Payload":false,"x":1})", "false"},
    }));
    const auto sent = json(200, "POST", "/subscriptions/" + id + "/test", body);
    CHECK(last_body() == payload);
    const auto events = json(200, "GET", "/subscriptions/" + id + "/events").at("events");
    CHECK(events.at(0).at("id") == sent.at("eventId"));
    CHECK(events.at(0).at("eventType") == "webhook.test");
}

TEST_CASE_METHOD(PublishFixture, "a test event without a payload has an example payload") {
    const auto [type, body] = GENERATE(table<const char*, const char*>({
        {"", ""},
        {"text/plain", ""},
        {"text/json", "{}"},
        {"text/json", R"({"payload":null})"},
    }));
    content_type = type;
    json(200, "POST", "/subscriptions/" + id + "/test", body);
    CHECK(boost::json::parse(last_body()).is_object());
}

TEST_CASE_METHOD(PublishFixture, "a test event's body is checked") {
    const std::string path = "/v1/webhooks/subscriptions/" + id + "/test";
    CHECK(call("POST", path, "[]").status == 400);
    CHECK(call("POST", path, R"({"payload":1,"Payload":2})").status == 400);
    content_type = "text/plain";
    CHECK(call("POST", path, "{}").status == 415);
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(PublishFixture, "an event shows its latest attempt") {
    transport->respond_with_status(500);
    const auto published =
        json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
    const auto event =
        json(200, "GET", "/subscriptions/" + id + "/events").at("events").at(0).as_object();
    CHECK(event.at("statusCode") == 500);
    CHECK(event.at("isSuccess") == false);
    CHECK(event.at("retryCount") == 0);
    CHECK(event.at("sentAt") == "2026-01-01T00:00:00.000Z");
    CHECK(event.at("nextRetryAt") == "2026-01-01T00:00:05.000Z");
    CHECK(event.at("errorMessage").is_string());
}

TEST_CASE_METHOD(PublishFixture, "an event is deleted once") {
    const auto sent = json(200, "POST", "/subscriptions/" + id + "/test");
    const std::string path =
        "/subscriptions/" + id + "/events/" + std::to_string(sent.at("eventId").as_int64());
    json(200, "DELETE", path);
    json(404, "DELETE", path);
    CHECK(json(200, "GET", "/subscriptions/" + id + "/events").at("totalEventsCount") == 0);
}

TEST_CASE_METHOD(PublishFixture, "failures of all of a caller's subscriptions are one list") {
    const auto other = create().at("id").as_int64();
    transport->respond([requests = 0](const OutgoingRequest&) mutable {
        const int status = ++requests % 2 == 1 ? 500 : 204;
        return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = status};
    });
    json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
    const auto list = [&](const std::string& query) { return json(200, "GET", "/events" + query); };
    CHECK(list("").at("totalEventsCount") == 2);
    const auto uncounted = list("?count=false&take=1");
    CHECK(uncounted.at("totalEventsCount").is_null());
    CHECK(uncounted.at("events").as_array().size() == 1);
    CHECK(uncounted.at("message") == "1 rows.");
    const auto failed = list("?filter=isSuccess%20eq%20false&sort=id%20desc");
    CHECK(failed.at("totalEventsCount") == 1);
    REQUIRE(failed.at("events").as_array().size() == 1);
    const auto event = failed.at("events").at(0).as_object();
    CHECK(event.at("statusCode") == 500);
    CHECK(names(serialize(event)) == names(serialize(list("").at("events").at(1))));
    const auto delivered = list("?filter=isSuccess&select=webhookSubscriptionId,id");
    CHECK(names(serialize(delivered.at("events").at(0))) == "id webhookSubscriptionId ");
    const std::set<std::int64_t> seen = {
        event.at("webhookSubscriptionId").as_int64(),
        delivered.at("events").at(0).at("webhookSubscriptionId").as_int64()};
    CHECK(seen == std::set<std::int64_t>{std::stoll(id), other});

    CHECK(list("?filter=webhookSubscriptionId%20eq%20" + id).at("totalEventsCount") == 1);
    CHECK(list("?take=1&skip=1").at("events").as_array().size() == 1);
    CHECK(list("?after=1").at("events").at(0).at("id") == 2);
    CHECK(
        errors("GET", "/events?filter=name%20eq%20'a'&include=webhookEvents") ==
        R"({"filter":["unknown field 'name' at character 1; there are id, webhookSubscriptionId, )"
        R"(eventType, payload, statusCode, response, errorMessage, isSuccess, retryCount, sentAt, )"
        R"(nextRetryAt, createdAt, orderingKey"],)"
        R"("include":["unknown relation 'webhookEvents' at character 1"]})");
    key = "bob";
    CHECK(list("?filter=true").at("totalEventsCount") == 0);
    key = "admin";
    CHECK(list("?filter=isSuccess%20eq%20false").at("totalEventsCount") == 1);
}

TEST_CASE_METHOD(PublishFixture, "events cannot include anything") {
    CHECK(errors("GET", "/subscriptions/" + id + "/events?include=webhookEvents") ==
          R"({"include":["unknown relation 'webhookEvents' at character 1"]})");
}

TEST_CASE_METHOD(PublishFixture, "a delayed publication is sent at its time") {
    const std::string at = "2026-01-01T01:00:00%2B00:00";
    SECTION("as members") {
        json(202, "POST", "/events",
             R"({"eventType":"order.created","payload":1,"deliverAt":"2026-01-01T01:00:00Z",)"
             R"("expiresAt":"2026-01-01T01:00:01Z"})");
    }
    SECTION("as parameters of the raw form") {
        json(202, "POST",
             "/events?eventType=order.created&deliverAt=" + at + "&expiresAt=2026-01-02", "1");
    }
    SECTION("in the past it is sent at once") {
        json(202, "POST", "/events",
             R"({"eventType":"order.created","payload":1,"deliverAt":"2025-12-31T00:00:00Z"})");
        CHECK(transport->requests().size() == 1);
        return;
    }
    const auto event = json(200, "GET", "/subscriptions/" + id + "/events").at("events").at(0);
    CHECK(event.at("nextRetryAt") == "2026-01-01T01:00:00.000Z");
    CHECK(event.at("sentAt").is_null());
    CHECK(transport->requests().empty());
    advance(std::chrono::hours(1));
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(PublishFixture, "wrong parameters of the raw form are named together") {
    const std::string no_time =
        R"("must be an RFC 3339 time, such as 2026-01-31T09:05:00Z; write the '+' of an offset as %2B")";
    CHECK(errors("POST",
                 "/events?eventType=order.created&deliverAt=2026-01-01T01:00:00+01:00"
                 "&expiresAt=soon&orderingKey=",
                 "1") == R"({"deliverAt":[)" + no_time + R"(],"expiresAt":[)" + no_time +
                             R"(],"orderingKey":["must not be empty; leave it out"]})");
    CHECK(errors("POST", "/events?eventType=order.created&expiresAt=2026-01-01", "1") ==
          R"({"expiresAt":["must be later than now and than deliverAt"]})");
}

TEST_CASE_METHOD(PublishFixture, "a parameter of the raw form next to a JSON event is an error") {
    const std::string event = R"({"eventType":"order.created","payload":1})";
    const std::string batch = R"({"events":[)" + event + "]}";
    for (const char* name : {"userId", "idempotencyKey", "deliverAt", "expiresAt", "orderingKey"}) {
        CAPTURE(name);
        for (const char* value : {"", "=", "=alice"}) {
            const std::string parameter = std::string("?") + name + value;
            CHECK(errors("POST", "/events" + parameter, event)
                      .starts_with(R"({")" + std::string(name) + R"(":["is a parameter only )"));
            json(400, "POST", "/events/batch" + parameter, batch);
        }
    }
    CHECK(json(200, "GET", "/events").at("totalEventsCount") == 0);
}

TEST_CASE_METHOD(ApiFixture, "an event type that is given twice is named") {
    CHECK(errors("POST", "/events?eventType=order.created&eventType=order.paid", "1") ==
          R"({"eventType":["is given more than once"]})");
}

TEST_CASE_METHOD(ApiFixture, "an empty parameter of a raw publication is an error, not absent") {
    const std::string empty = "must not be empty; leave it out";
    CHECK(errors("POST", "/events?eventType=order.created&userId=&idempotencyKey=", "1") ==
          R"({"idempotencyKey":[")" + empty + R"("],"userId":[")" + empty + R"("]})");
    CHECK(errors("POST", "/events?eventType=order.created&deliverAt=&expiresAt=", "1") ==
          R"({"deliverAt":[")" + empty + R"("],"expiresAt":[")" + empty + R"("]})");
    CHECK(errors("POST", "/events?eventType=", R"({"eventType":"order.created","payload":1})") ==
          R"({"eventType":[")" + empty + R"("]})");
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(ApiFixture, "an event is found by its id alone, and by its webhook-id") {
    const Subscription mine = subscribe();
    const EventId event = publish();
    settle();
    REQUIRE(transport->requests().size() == 1);
    const std::string id = std::to_string(event.value);
    const std::string webhook_id = transport->requests().front().webhook_id;
    const Response full = call(
        "GET", "/v1/webhooks/subscriptions/" + std::to_string(mine.id.value) + "/events/" + id);
    REQUIRE(full.status == 200);
    CHECK(call("GET", "/v1/webhooks/events/" + id).body == full.body);
    CHECK(call("GET", "/v1/webhooks/events/" + webhook_id).body == full.body);
    const auto other = GENERATE_COPY(std::string("999"), "0000000000000000_" + id, "msg_1",
                                     webhook_id + "0", std::string("_"));
    INFO(other);
    CHECK(call("GET", "/v1/webhooks/events/" + other).status == 404);
    CHECK(call("GET", "/v1/webhooks/events/batch").status == 405);
    key = "bob";
    CHECK(call("GET", "/v1/webhooks/events/" + webhook_id).status == 404);
}

TEST_CASE_METHOD(ApiFixture, "a failed attempt shows how far it came") {
    subscribe();
    transport->respond([](const OutgoingRequest&) {
        TransportAnswer answer{.kind = TransportAnswer::Kind::answered, .status_code = 500};
        answer.details = std::make_shared<const AttemptDetails>(
            AttemptDetails{.response_headers = {{"server", "nginx"}, {"via", "\"a\""}},
                           .address = "192.0.2.1",
                           .connect = std::chrono::microseconds(1500),
                           .first_byte = std::chrono::milliseconds(20)});
        return answer;
    });
    const EventId event = publish();
    settle();
    const std::string body = call("GET", "/v1/webhooks/events/" + std::to_string(event.value)).body;
    CHECK(body.find(R"("outcome":"retry","responseHeaders":{"server":"nginx","via":"\"a\""},)"
                    R"("address":"192.0.2.1","phasesMs":{"lookup":null,"connect":1.5,"tls":null,)"
                    R"("firstByte":20}}])") != std::string::npos);
}

TEST_CASE_METHOD(ApiFixture, "a publication keeps the trace of its request, if it is valid") {
    running.reset();
    options.trace_to_endpoints = true;
    open();
    api = Api::make(service(), std::make_shared<NameAuthenticator>()).value();
    subscribe();
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const std::string other = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const auto [fields, is_kept] = GENERATE_COPY(table<Fields, bool>({
        {{{"TraceParent", trace}, {"tracestate", "a=1"}, {"TraceState", "b=2"}}, true},
        {{{"traceparent", trace + "0"}}, false},
        {{{"traceparent", trace}, {"traceparent", other}}, false},
        {{{"tracestate", "a=1"}}, false},
    }));
    extra_fields = fields;
    const auto [target, body] = GENERATE(table<std::string, std::string>({
        {"/events", R"({"eventType":"order.created","payload":1})"},
        {"/events?eventType=order.created", "1"},
        {"/events/batch", R"({"events":[{"eventType":"order.created","payload":1}]})"},
    }));
    json(202, "POST", target, body);
    settle();
    REQUIRE(transport->requests().size() == 1);
    const Headers sent = transport->requests().front().headers;
    CHECK(sent.size() == (is_kept ? 2 : 0));
    if (!is_kept) return;
    CHECK(sent[0].value.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    CHECK(sent[1].value == "a=1,b=2");
}
