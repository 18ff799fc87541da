#include <boost/json.hpp>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

namespace {

boost::json::object parse(const Answer& answer) {
    INFO(answer.body);
    REQUIRE(answer.body.starts_with('{'));
    return boost::json::parse(answer.body).as_object();
}

}  // namespace

TEST_CASE_METHOD(ServerFixture, "subscribe, publish, delivered, seen in the event log") {
    Client client(start());
    const auto created =
        parse(client.exchange(request("POST", "/v1/webhooks/subscriptions",
                                      R"({"subscription":{"name":"n","eventType":"order.*",)"
                                      R"("url":"https://hooks.example.com/a"}})")));
    const std::string id = std::to_string(created.at("subscription").at("id").as_int64());
    const Answer published = client.exchange(request(
        "POST", "/v1/webhooks/events", R"({"eventType":"order.created","payload":{ "n" : 1.0 }})"));
    REQUIRE(published.status() == 202);
    const auto event_id = parse(published).at("eventIds").at(0);
    boost::json::object event;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    do {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        const auto log =
            parse(client.exchange(request("GET", "/v1/webhooks/subscriptions/" + id + "/events")));
        event = log.at("events").at(0).as_object();
    } while (!event.at("isSuccess").as_bool());
    CHECK(event.at("id") == event_id);
    CHECK(event.at("payload") == R"({ "n" : 1.0 })");
    CHECK(event.at("statusCode") == 200);
    CHECK(*transport->requests().at(0).body == R"({ "n" : 1.0 })");
}

TEST_CASE_METHOD(ServerFixture, "a subscription that was read can be written back unchanged") {
    Client client(start());
    const Answer created = client.exchange(
        request("POST", "/v1/webhooks/subscriptions",
                R"({"subscription":{"name":"\u00e4\"","eventType":"order.created",)"
                R"("url":"https://hooks.example.com/a?b","headers":{"X-A":"\\"}}})"));
    REQUIRE(created.status() == 200);
    const std::string path = "/v1/webhooks/subscriptions/" +
                             std::to_string(parse(created).at("subscription").at("id").as_int64());
    const Answer read = client.exchange(request("GET", path));
    auto before = parse(read).at("subscription").as_object();
    auto after =
        parse(client.exchange(request("PUT", path, read.body))).at("subscription").as_object();
    before.erase("updatedAt");
    after.erase("updatedAt");
    CHECK(after == before);
}

TEST_CASE_METHOD(ServerFixture, "bad requests have their status and the envelope") {
    const std::string events = "/v1/webhooks/events";
    const std::string types = "/V1/Webhooks/Event-Types/";
    const std::vector<std::pair<std::string, int>> rows = {
        {request("GET", types), 200},
        {"GET " + types + " HTTP/1.1\r\nHost: a\r\n\r\n", 401},
        {"GET " + types + " HTTP/1.1\r\nHost: a\r\nX-Api-Key: no\r\n\r\n", 401},
        {"GET " + types + "?x-api-key=" + key + " HTTP/1.1\r\nHost: a\r\n\r\n", 401},
        {request("GET", "/v1/webhooks/nothing"), 404},
        {request("GET", "/v1/webhooks/subscriptions/1"), 404},
        {request("DELETE", types), 405},
        {request("OPTIONS", types), 405},
        {request("POST", events, "{"), 400},
        {request("POST", events, R"({"eventType":"order.created\u0000","payload":1})"), 400},
        {head("POST", events) + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415},
        {request("POST", events + "/batch", "{}"), 400},
        {request("POST", events + "/1", "{}"), 405},
    };
    const auto port = start();
    for (const auto& [bytes, status] : rows) {
        Client client(port);
        const Answer answer = client.exchange(bytes);
        INFO(bytes.substr(0, bytes.find("\r\n")) << '\n' << answer.body);
        CHECK(answer.status() == status);
        CHECK(parse(answer).at("success").as_bool() == (status == 200));
        CHECK(parse(answer).contains("errors") == (status == 400));
        CHECK(answer.field("content-type") == "application/json; charset=utf-8");
        CHECK((status == 405) == !answer.field("allow").empty());
        CHECK((status == 401) == !answer.field("www-authenticate").empty());
        CHECK(client.exchange(live).status() == 200);
    }
}
