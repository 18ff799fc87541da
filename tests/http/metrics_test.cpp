#include <algorithm>
#include <vector>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;

namespace {

const std::string get_metrics = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE_METHOD(ServerFixture,
                 "the listener for metrics answers them without a key, and no more") {
    Client api(start({.metrics_port = 0}));
    CHECK(api.exchange(get_metrics).status() == 401);
    api.exchange(request("GET", "/v1/webhooks/event-types"));

    Client metrics(server->metrics_port());
    const Answer answer = metrics.exchange(get_metrics);
    CHECK(answer.status() == 200);
    CHECK(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(answer.body.find("operation=\"listEventTypes\",code=\"2xx\"} 1\n") != std::string::npos);
    CHECK(metrics.exchange(request("GET", "/v1/webhooks/event-types")).status() == 404);
    CHECK(metrics.exchange(live).status() == 404);
    CHECK(metrics.exchange("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
              .status() == 404);
}

TEST_CASE_METHOD(ServerFixture, "without a port for metrics there is no second listener") {
    start();
    CHECK(server->metrics_port() == 0);
}

TEST_CASE_METHOD(ServerFixture, "an address of the listener for metrics that is none is named") {
    const auto opened = Server::open(service, nullptr, {.port = 0, .metrics_host = "nowhere"});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().fields().front().field == "metrics_host");
}

TEST_CASE_METHOD(ServerFixture, "metrics on an address that is not loopback cause a warning") {
    struct Warnings final : Observer {
        void on_record(const LogRecord& record) override { events.push_back(record.event); }
        std::vector<LogEvent> events;
    };
    const auto log = std::make_shared<Warnings>();
    const auto opened = Server::open(
        service, nullptr, {.port = 0, .metrics_host = "0.0.0.0", .metrics_port = 0}, log);
    REQUIRE(opened);
    CHECK(log->events == std::vector{LogEvent::insecure_setting});
}
