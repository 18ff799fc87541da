#include <api/metrics.hpp>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

TEST_CASE_METHOD(ApiFixture, "metrics are for administrators alone") {
    CHECK(call("GET", "/metrics").status == 403);
    key = "";
    CHECK(call("GET", "/metrics").status == 401);
    key = "admin";
    const Response response = call("GET", "/metrics");
    CHECK(response.status == 200);
    CHECK(find_field(response.fields, "content-type") ==
          "text/plain; version=0.0.4; charset=utf-8");
    CHECK(response.body.find("\nwebhooks_events_total 0\n") != std::string::npos);
    CHECK(response.body.find("\nprocess_open_fds ") != std::string::npos);
    CHECK(response.body.find("# EOF") == std::string::npos);
    CHECK(call("POST", "/metrics").status == 405);
}

TEST_CASE_METHOD(ApiFixture, "OpenMetrics is for those who ask for it") {
    key = "admin";
    extra_fields = {{"Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}};
    const Response response = call("GET", "/metrics");
    CHECK(find_field(response.fields, "content-type") ==
          "application/openmetrics-text; version=1.0.0; charset=utf-8");
    CHECK(response.body.ends_with("# EOF\n"));
}

TEST_CASE("the format follows the weights of an Accept field") {
    constexpr MetricsFormat text = MetricsFormat::prometheus;
    constexpr MetricsFormat open = MetricsFormat::open_metrics;
    CHECK(choose_format("") == text);
    CHECK(choose_format("*/*") == text);
    CHECK(choose_format("text/plain") == text);
    CHECK(choose_format("application/openmetrics-text") == open);
    CHECK(choose_format("text/plain;q=0.5, Application/OpenMetrics-Text; version=1.0.0; q=0.6") ==
          open);
    CHECK(choose_format("application/openmetrics-text;q=0.2,text/plain;version=0.0.4") == text);
    CHECK(choose_format("application/openmetrics-text;q=0") == text);
    CHECK(choose_format("application/openmetrics-text;q=x") == open);
}

TEST_CASE_METHOD(ApiFixture, "requests count by operation and class of status") {
    create();
    call("GET", "/v1/webhooks/subscriptions/999");
    call("GET", "/v1/webhooks/nothing/here");
    key = "stranger";
    call("GET", "/v1/webhooks/subscriptions");
    key = "admin";
    const std::string text = call("GET", "/metrics").body;
    const auto has = [&](const std::string& line) {
        INFO(line);
        CHECK(text.find("\nwebhooks_http_request" + line + "\n") != std::string::npos);
    };
    has("s_total{operation=\"createSubscription\",code=\"2xx\"} 1");
    has("s_total{operation=\"getSubscription\",code=\"4xx\"} 1");
    has("s_total{operation=\"listSubscriptions\",code=\"4xx\"} 1");
    has("s_total{operation=\"unknown\",code=\"4xx\"} 1");
    has("s_total{operation=\"publish\",code=\"2xx\"} 0");
    has("_duration_seconds_count{kind=\"write\"} 1");
    has("_duration_seconds_count{kind=\"read\"} 3");
    has("_duration_seconds_count{kind=\"publish\"} 0");
    CHECK(std::count(text.begin(), text.end(), '\n') < 600);
}
