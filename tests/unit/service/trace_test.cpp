#include <service/span_ids.hpp>

#include "fixture.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using namespace std::chrono_literals;

namespace {

const TraceContext published{
    .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    .tracestate = "foo=1"};

struct Seen {
    std::optional<TraceContext> trace;
    std::uint64_t span_id = 0;
};

struct TraceObserver final : Observer {
    void on_attempt(const AttemptReport& report) override {
        seen.push_back({.trace = report.trace ? std::optional(*report.trace) : std::nullopt,
                        .span_id = report.span_id});
    }
    std::vector<Seen> seen;
};

struct TraceFixture : ServiceFixture {
    std::shared_ptr<TraceObserver> traces = std::make_shared<TraceObserver>();

    void reopen(bool to_endpoints) {
        running.reset();
        observer = traces;
        options.trace_to_endpoints = to_endpoints;
        open();
    }
    void publish_traced(std::optional<TraceContext> trace) {
        service()
            .publish(alice, {.event_type = "order.created", .payload = "{}", .trace = trace})
            .value();
        settle();
    }
};

}  // namespace

TEST_CASE_METHOD(TraceFixture, "a trace reaches the observer, and by default no endpoint") {
    reopen(false);
    subscribe();
    publish_traced(published);
    publish_traced({});
    publish_traced(TraceContext{.traceparent = "00-no-valid-01"});
    REQUIRE(traces->seen.size() == 3);
    CHECK(traces->seen[0].trace == published);
    CHECK(traces->seen[0].span_id == 0);
    CHECK_FALSE(traces->seen[1].trace);
    CHECK_FALSE(traces->seen[2].trace);
    for (const OutgoingRequest& request : transport->requests())
        CHECK(request.headers.empty());
}

TEST_CASE_METHOD(TraceFixture, "with the option each attempt has a parent id of its own") {
    reopen(true);
    service()
        .create_subscription(alice, {.name = "n",
                                     .event_type = "order.created",
                                     .url = "https://hooks.example.com/",
                                     .headers = {{"X-A", "1"}, {"TraceParent", "mine"}}})
        .value();
    transport->respond_with_status(500);
    publish_traced(published);
    advance(5s);
    publish_traced({});
    const auto requests = transport->requests();
    REQUIRE(requests.size() == 3);
    REQUIRE(traces->seen.size() == 3);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(requests[i].headers ==
              Headers{{"traceparent", published.child(traces->seen[i].span_id).traceparent},
                      {"tracestate", "foo=1"}});
        CHECK(requests[i].target->headers == Headers{{"X-A", "1"}});
        CHECK(traces->seen[i].trace == published);
    }
    CHECK(traces->seen[0].span_id != traces->seen[1].span_id);
    CHECK(requests[2].headers.empty());
    CHECK(requests[2].target->headers.size() == 2);
    CHECK(traces->seen[2].span_id == 0);
}
