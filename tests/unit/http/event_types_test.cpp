#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

/// The example may have U+0000, which `names` does not take.
std::string names_of(const std::string& type) {
    std::string text = type;
    const std::size_t null_character = text.find("\\u0000");
    if (null_character != std::string::npos) text.erase(null_character, 6);
    return names(text);
}

struct EventTypesFixture : ApiFixture {
    EventTypesFixture() { key = "admin"; }

    static std::string body(const std::string& more, const std::string& name = "order.paid") {
        return R"({"eventType":{"name":")" + name + "\"" + (more.empty() ? "" : ",") + more + "}}";
    }

    boost::json::object put(const std::string& more, const std::string& name = "order.paid") {
        return json(200, "POST", "/event-types", body(more, name)).at("eventType").as_object();
    }

    std::string errors_of(const std::string& more) {
        return errors("POST", "/event-types", body(more));
    }

    std::size_t count(const std::string& query) {
        return json(200, "GET", "/event-types" + query).at("eventTypes").as_array().size() -
               operational_event_types().size();
    }
};

}  // namespace

TEST_CASE_METHOD(EventTypesFixture, "an event type is registered, shown as written, and replaced") {
    const std::string example = R"({ "n": 1e400, "n": 9007199254740993, "s": "\u0000" })";
    const std::string schema = R"({"type": "object",  "maximum": 1.10})";
    put(R"("description":"Paid","group":"Orders","schema":)" + schema + R"(,"example":)" + example +
        R"(,"isDeprecated":true,"deprecation":{"since":"2001-01-01","successor":"order.created",)"
        R"("note":"n"},"createdAt":"x","retiredAt":5)");
    const Response shown = call("GET", "/v1/webhooks/event-types/order.paid");
    const json::Members outer = json::parse_object(shown.body, {"eventType"}, "eventType").value();
    const std::string type(outer.at("eventType").value);
    CHECK(names_of(type) ==
          "name description group schema example isDeprecated deprecation createdAt updatedAt ");
    const json::Members members =
        json::parse_object(type, {"schema", "example", "deprecation", "createdAt"}, "example")
            .value();
    CHECK(members.at("schema").value == schema);
    CHECK(members.at("example").value == example);
    const std::string deprecation(members.at("deprecation").value);
    CHECK(names(deprecation) == "since successor note ");
    CHECK(raw_member(deprecation, "since") == members.at("createdAt").value);
    CHECK(names(serialize(put(R"("description":"new","example":null)"))) ==
          "name description createdAt updatedAt ");
}

TEST_CASE_METHOD(EventTypesFixture, "a schema may have 32 levels below an event type") {
    std::string schema = "{}";
    for (int level = 1; level < 32; ++level)
        schema = "{\"not\":" + schema + "}";
    CHECK(call("POST", "/v1/webhooks/event-types", body(R"("schema":)" + schema)).status == 200);
    CHECK(errors("POST", "/event-types", body(R"("schema":{"not":)" + schema + "}"))
              .find("too deep") != std::string::npos);
}

TEST_CASE_METHOD(EventTypesFixture, "all errors of an event type are told together") {
    CHECK(errors("POST", "/event-types", "{}") == R"({"eventType":["is required"]})");
    CHECK(errors("POST", "/event-types", R"({"eventType":[]})") ==
          R"({"eventType":["must be an object"]})");
    CHECK(errors("POST", "/event-types", R"({"eventType":{}})")
              .starts_with(R"({"eventType.name":["is required"])"));
    CHECK(errors_of(R"("group":5,"schema":[],"deprecation":{"note":5,"successor":"a b"})") ==
          R"({"eventType.deprecation.note":["must be a string"],)"
          R"("eventType.deprecation.successor":["must be the name of an event type"],)"
          R"("eventType.group":["must be a string"],)"
          R"("eventType.schema":["must be a JSON object"]})");
    CHECK(errors_of(R"("isDeprecated":false,"deprecation":{})") ==
          R"({"eventType.deprecation":["must be left out unless isDeprecated is true"]})");
    CHECK(errors_of(R"("schema":{"properties":{"a":{"$ref":"https://a.example"}}})")
              .find("/properties/a/$ref must begin with '#'") != std::string::npos);
    CHECK(errors("GET", "/event-types?retired=1") == R"({"retired":["must be true or false"]})");
    CHECK(errors("DELETE", "/event-types/order.created?force=yes") ==
          R"({"force":["must be true or false"]})");
}

TEST_CASE_METHOD(EventTypesFixture, "an event type is retired and revived") {
    put(R"("deprecation":{"successor":"order.created"})");
    create();
    const auto taken = json(409, "DELETE", "/event-types/order.created");
    CHECK(taken.at("message").as_string().starts_with(
        "1 active subscription has exactly this event type"));
    json(200, "DELETE", "/event-types/order.created?force=true");
    json(200, "DELETE", "/event-types/order.paid");
    CHECK(json(404, "DELETE", "/event-types/order.paid").at("message") ==
          "This event type was retired; use 'order.created' instead.");
    CHECK(json(404, "DELETE", "/event-types/order.no").at("message") ==
          "There is no such event type.");
    CHECK(json(404, "GET", "/event-types/order.paid").at("message") ==
          "This event type was retired; use 'order.created' instead.");
    CHECK(json(200, "GET", "/event-types/order.paid?retired=true")
              .at("eventType")
              .as_object()
              .contains("retiredAt"));
    CHECK(count("") == 2);
    CHECK(count("?retired=true") == 4);
    CHECK(errors("POST", "/events", R"({"eventType":"order.paid","payload":1})") ==
          R"({"eventType":["was retired; use 'order.created' instead"]})");
    put("");
    CHECK(count("") == 3);
    json(202, "POST", "/events", R"({"eventType":"order.paid","payload":1})");
    key = "alice";
    json(403, "GET", "/event-types?retired=true");
    json(403, "POST", "/event-types", body(""));
    json(403, "DELETE", "/event-types/order.paid");
    json(200, "GET", "/event-types/order.paid");
}

TEST_CASE_METHOD(EventTypesFixture, "a successor is another type that can be used") {
    const auto successor = [](const std::string& name) {
        return R"("deprecation":{"successor":")" + name + R"("})";
    };
    const auto error_of = [&](const std::string& name, const std::string& other) {
        return errors("POST", "/event-types", body(successor(other), name));
    };
    const auto told = [](const std::string& message) {
        return R"({"eventType.deprecation.successor":[")" + message + R"("]})";
    };
    CHECK(error_of("order.paid", "order.creatd") ==
          told("is not a registered event type; did you mean 'order.created'?"));
    put(successor("order.created"), "order.paid");
    put(successor("order.paid"), "order.settled");
    CHECK(error_of("order.created", "order.settled") == told("leads back to this event type"));
    CHECK(error_of("order.created", "order.created") == told("must be another event type"));
    CHECK(error_of("order.created", "webhook.worker.lost") ==
          told("must not begin with 'webhook.', which only the service publishes"));
    json(200, "DELETE", "/event-types/order.paid");
    CHECK(error_of("order.old", "order.paid") == told("was retired; use 'order.created' instead"));
    // What was read can be written back.
    put(R"("description":"new",)" + successor("order.paid"), "order.settled");
}

TEST_CASE_METHOD(EventTypesFixture, "operational types have schemas and examples") {
    const auto found = json(200, "GET", "/event-types");
    for (const auto& type : found.at("eventTypes").as_array()) {
        const std::string name(type.at("name").as_string());
        if (!name.starts_with("webhook.")) continue;
        INFO(name);
        CHECK(type.at("example").at("type").as_string() == name);
        CHECK(type.at("schema").at("properties").at("type").at("const").as_string() == name);
    }
}

TEST_CASE_METHOD(EventTypesFixture, "types about workers are in no answer to a customer") {
    const std::string name = "webhook.worker.lost";
    const std::string document = "/v1/webhooks/event-types/openapi.json";
    const auto subscription = [](const std::string& pattern, const std::string& more = "") {
        return R"({"subscription":{"name":"n","url":"https://a.example/","eventType":")" + pattern +
               R"(")" + more + "}}";
    };
    const std::string by_operator = R"(,"operatorScope":true)";
    const auto told = [](const std::string& field, const std::string& message) {
        return R"({")" + field + R"(":[")" + message + R"("]})";
    };
    const std::string about_workers =
        "is about workers, which only subscriptions with operatorScope receive";
    CHECK(errors("POST", "/subscriptions", subscription(name)) ==
          told("subscription.eventType", about_workers));
    CHECK(errors("POST", "/subscriptions", subscription("webhook.worker.lots", by_operator)) ==
          told("subscription.eventType",
               "is not a registered event type; did you mean 'webhook.worker.lost'?"));
    json(200, "POST", "/subscriptions", subscription(name, by_operator));
    json(200, "GET", "/event-types/" + name);
    const Response of_administrators = call("GET", document);
    CHECK(of_administrators.body.find(name) != std::string::npos);
    key = "alice";
    CHECK(json(404, "GET", "/event-types/" + name).at("message") == "There is no such event type.");
    CHECK(call("GET", "/v1/webhooks/event-types").body.find(name) == std::string::npos);
    const Response of_customers = call("GET", document);
    CHECK(of_customers.body.find(name) == std::string::npos);
    CHECK(find_field(of_customers.fields, "etag") != find_field(of_administrators.fields, "etag"));
    const std::string unknown = told("subscription.eventType",
                                     "is not a registered event type, and none has a similar name");
    for (const std::string& more : {std::string(), by_operator}) {
        CHECK(errors("POST", "/subscriptions", subscription(name, more)) == unknown);
        CHECK(errors("POST", "/subscriptions", subscription("webhook.worker.lots", more)) ==
              unknown);
        CHECK(errors("POST", "/subscriptions", subscription("webhook.worker.*", more)) ==
              told("subscription.eventType", "matches no registered event type"));
    }
    const auto made = json(200, "POST", "/subscriptions", subscription("webhook.*"));
    const std::int64_t id = made.at("subscription").as_object().at("id").as_int64();
    const std::string path = "/subscriptions/" + std::to_string(id);
    CHECK(errors("PUT", path, subscription(name)) == unknown);
    CHECK(errors("POST", path + "/test", R"({"eventType":"webhook.worker.lost"})") ==
          told("eventType", "is not a registered event type, or was retired"));
    json(200, "POST", path + "/test", R"({"eventType":"webhook.event.exhausted"})");
    for (const char* operation : {"/events", "/events/match"}) {
        CHECK(errors("POST", operation, R"({"eventType":"wehbook.worker.lost","payload":1})") ==
              told("eventType", "is not a registered event type, and none has a similar name"));
    }
}

TEST_CASE_METHOD(EventTypesFixture, "event types of a group are listed") {
    put(R"("group":"Money & more")");
    const auto found = json(200, "GET", "/event-types?group=Money+%26%20more");
    REQUIRE(found.at("eventTypes").as_array().size() == 1);
    CHECK(found.at("eventTypes").at(0).at("name") == "order.paid");
    CHECK(count("?group=") == 4);
}

TEST_CASE_METHOD(EventTypesFixture, "who subscribes to a deprecated type is told") {
    put(R"("isDeprecated":true)");
    const auto message_to = [&](const std::string& event_type) {
        const std::string made = R"({"subscription":{"name":"n","url":"https://a.example/",)"
                                 R"("eventType":")" +
                                 event_type + "\"}}";
        return std::string(json(200, "POST", "/subscriptions", made).at("message").as_string());
    };
    key = "alice";
    CHECK(message_to("order.paid") ==
          "The subscription was created. Its event type is deprecated.");
    CHECK(message_to("order.created") == "The subscription was created.");
    key = "admin";
    put(R"("deprecation":{"successor":"order.created","note":"It ends in May."})");
    key = "alice";
    CHECK(message_to("order.paid") ==
          "The subscription was created. Its event type is deprecated; use 'order.created' "
          "instead: It ends in May.");
}

TEST_CASE_METHOD(EventTypesFixture, "a subscription to a retired type is read and written back") {
    const std::string path = "/subscriptions/" + std::to_string(create().at("id").as_int64());
    json(200, "DELETE", "/event-types/order.created?force=true");
    json(200, "PUT", path, R"({"subscription":{"name":"new","eventType":"order.created"}})");
    CHECK(errors("PUT", path, R"({"subscription":{"name":"","eventType":"order.created"}})") ==
          R"({"subscription.name":["must be 1 to 256 characters of UTF-8 without U+0000"]})");
    CHECK(errors("PUT", path, R"({"subscription":{"name":5,"url":"x"}})")
              .starts_with(R"({"subscription.name":["must be a string"],"subscription.url")"));
}

TEST_CASE_METHOD(EventTypesFixture, "the catalog is an OpenAPI document, which is sent once") {
    put(R"("description":"Paid","group":"Orders","example":{ "n": 1.10 },"schema":)"
        R"({"$ref":"#/$defs/a","$defs":{"a":{},"b c":{}}},"deprecation":{"note":"It ends in May."})");
    key = "alice";
    const std::string path = "/v1/webhooks/event-types/openapi.json";
    const Response first = call("GET", path);
    REQUIRE(first.status == 200);
    CHECK(find_field(first.fields, "content-type") == "application/json; charset=utf-8");
    CHECK(find_field(first.fields, "cache-control") == "private, no-cache");
    CHECK(first.body.find(R"({"example":{"value":{ "n": 1.10 }}})") != std::string::npos);
    const auto document = boost::json::parse(first.body).as_object();
    CHECK(document.at("openapi") == "3.1.0");
    CHECK(document.at("info") == boost::json::parse(R"({"title":"Webhooks","version":"1.0.0"})"));
    CHECK(document.at("tags").at(0) == boost::json::parse(R"({"name":"Orders"})"));
    CHECK_FALSE(document.contains("paths"));
    const auto& webhook = document.at("webhooks").at("order.paid").at("post");
    CHECK(webhook.at("operationId") == "order.paid");
    CHECK(webhook.at("description") == "Paid\n\nDeprecated since 2026-01-01. It ends in May.");
    CHECK(webhook.at("deprecated") == true);
    CHECK(document.at("components").at("schemas").at("order.paid").at("$ref") ==
          "#/components/schemas/order.paid/$defs/a");
    CHECK(document.at("components").at("schemas").at("order.paid.a").at("$ref") ==
          "#/components/schemas/order.paid/$defs/a");
    CHECK_FALSE(document.at("components").at("schemas").as_object().contains("order.paid.b c"));

    const std::string tag(find_field(first.fields, "etag"));
    const auto status_if_none = [&](const std::string& tags) {
        extra_fields = {{"If-None-Match", tags}};
        const Response response = call("GET", path);
        CHECK(response.body.empty() == (response.status == 304));
        CHECK(find_field(response.fields, "etag").starts_with('"'));
        return response.status;
    };
    for (const std::string& tags : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")})
        CHECK(status_if_none(tags) == 304);
    CHECK(status_if_none("\"x\"") == 200);
    extra_fields.clear();
    create();
    CHECK(status_if_none(tag) == 304);
    extra_fields.clear();
    key = "admin";
    json(200, "DELETE", "/event-types/order.paid");
    key = "alice";
    CHECK(status_if_none(tag) == 200);
    extra_fields.clear();
    CHECK(call("GET", path).body.find("order.paid") == std::string::npos);
}

TEST_CASE_METHOD(EventTypesFixture, "a test event has the example of an event type") {
    put(R"("example":{ "n": 1.10 })");
    put("", "order.other");
    key = "alice";
    const std::string path = "/subscriptions/" + std::to_string(create().at("id").as_int64());
    const auto payload_of = [&](const std::string& test) {
        const std::int64_t id = json(200, "POST", path + "/test", test).at("eventId").as_int64();
        return std::string(json(200, "GET", "/events/" + std::to_string(id))
                               .at("event")
                               .at("payload")
                               .as_string());
    };
    CHECK(payload_of(R"({"eventType":"order.paid"})") == R"({ "n": 1.10 })");
    CHECK(payload_of(R"({"eventType":"order.other"})").find("This is a test event") !=
          std::string::npos);
    CHECK(errors("POST", path + "/test", R"({"eventType":"order.no"})") ==
          R"({"eventType":["is not a registered event type, or was retired"]})");
    CHECK(errors("POST", path + "/test", R"({"eventType":"order.paid","payload":1})") ==
          R"({"eventType":["must be left out next to 'payload'"]})");
}
