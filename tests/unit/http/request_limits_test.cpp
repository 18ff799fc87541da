#include <access/request_limits.hpp>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

const TokenBuckets::Time begin{1h};

Principal key_of(const std::string& user, const std::string& id,
                 std::optional<RequestRate> rate = {}) {
    return Principal::user(user).identified_by(
        {.kind = Credential::Kind::key, .id = id, .rate = rate});
}

}  // namespace

TEST_CASE("a bucket gives its burst at once, and its rate over time") {
    TokenBuckets buckets;
    const RequestRate rate{.per_second = 2, .burst = 3};
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(buckets.take("a", rate, begin));
    CHECK(buckets.take("a", rate, begin) == 500ms);
    CHECK(buckets.take("a", rate, begin + 499ms) == 1ms);
    CHECK_FALSE(buckets.take("a", rate, begin + 500ms));
    CHECK(buckets.take("a", rate, begin + 500ms) == 500ms);
    CHECK_FALSE(buckets.take("b", rate, begin));
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(buckets.take("a", rate, begin + 1h));
    CHECK(buckets.take("a", rate, begin + 1h));
}

TEST_CASE("what is charged must be refilled before the next token") {
    TokenBuckets buckets;
    const RequestRate rate{.per_second = 1, .burst = 2};
    buckets.charge("a", rate, 5, begin);
    CHECK(buckets.take("a", rate, begin) == 4s);
    CHECK_FALSE(buckets.take("a", rate, begin + 4s));
}

TEST_CASE("a table of buckets is bounded, and drops full ones first") {
    TokenBuckets buckets(2);
    const RequestRate rate{.per_second = 1, .burst = 1};
    CHECK_FALSE(buckets.take("a", rate, begin));
    CHECK_FALSE(buckets.take("b", rate, begin + 900ms));
    CHECK_FALSE(buckets.take("c", rate, begin + 1s));  // Instead of a.
    CHECK(buckets.take("b", rate, begin + 1s));
    CHECK_FALSE(buckets.take("d", rate, begin + 1s));  // None was full: all are forgotten.
    CHECK_FALSE(buckets.take("b", rate, begin + 1s));
}

TEST_CASE("each key has its own requests, and the tokens of a user have them together") {
    RequestLimits limits({.per_second = 1, .burst = 1});
    const Principal token =
        Principal::user("alice").identified_by({.kind = Credential::Kind::jwt, .id = "k"});
    for (const Principal& caller : {key_of("alice", "1"), key_of("alice", "2"), token})
        CHECK_FALSE(limits.admit(caller, begin));
    CHECK(limits.admit(key_of("alice", "1"), begin) == 1s);
    CHECK(limits.admit(token, begin) == 1s);
    CHECK(limits.admit(Principal::user("alice"), begin) == 1s);
}

TEST_CASE("a key's own rate replaces the option's, and a wait is in whole seconds") {
    RequestLimits limits({.per_second = 1, .burst = 1});
    const Principal slow = key_of("a", "1", RequestRate{.per_second = 3, .burst = 2});
    const Principal unlimited = key_of("a", "2", RequestRate{});
    CHECK_FALSE(limits.admit(slow, begin));
    CHECK_FALSE(limits.admit(slow, begin));
    CHECK(limits.admit(slow, begin) == 1s);
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(limits.admit(unlimited, begin));
    RequestLimits none(RequestRate{});
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(none.admit(key_of("a", "3"), begin));
}

TEST_CASE("a batch counts as a request for each hundred of its events") {
    const Principal caller = key_of("a", "1");
    for (const auto& [events, wait] : {std::pair<std::size_t, std::chrono::seconds>{1, 0s},
                                       {100, 0s},
                                       {101, 1s},
                                       {200, 1s},
                                       {1000, 9s}}) {
        RequestLimits limits({.per_second = 1, .burst = 2});
        CHECK_FALSE(limits.admit(caller, begin));
        limits.count_batch(caller, events, begin);
        CHECK(limits.admit(caller, begin).value_or(0s) == wait);
    }
}

TEST_CASE("failed logins are counted by address, or by the network of an IPv6 address") {
    RequestLimits limits(RequestRate{});
    const auto count = [&](const std::string& address) {
        int accepted = 0;
        while (accepted < 100 && !limits.count_failed_login(address, begin))
            ++accepted;
        return accepted;
    };
    CHECK(count("192.0.2.1") == 20);
    CHECK(count("192.0.2.2") == 20);
    CHECK(count("2001:db8::1") == 20);
    CHECK(count("2001:db8::2") == 0);
    CHECK(count("2001:db8:0:1::1") == 20);
    CHECK(count("127.0.0.1") == 100);
    CHECK(count("::1") == 100);
    CHECK(count("") == 100);
    CHECK(limits.count_failed_login("192.0.2.1", begin) == 1s);
    CHECK_FALSE(limits.count_failed_login("192.0.2.1", begin + 1s));
}

TEST_CASE_METHOD(ApiFixture, "too many requests of a caller are a 429, except for health checks") {
    api = Api::make(service(), std::make_shared<NameAuthenticator>(),
                    {.rate_limit = {.per_second = 1, .burst = 2}})
              .value();
    CHECK(call("GET", "/v1/webhooks/event-types").status == 200);
    CHECK(call("GET", "/v1/webhooks/nothing").status == 404);
    const Response response = call("GET", "/v1/webhooks/event-types");
    CHECK(response.status == 429);
    CHECK(response.body ==
          R"({"success":false,"message":"These credentials have made too many requests."})");
    CHECK(find_field(response.fields, "retry-after") == "1");
    CHECK(call("GET", "/health/live").status == 200);
    CHECK(call("GET", "/openapi.json").status == 200);
    key = "bob";
    CHECK(call("GET", "/v1/webhooks/event-types").status == 200);
}

TEST_CASE_METHOD(ApiFixture, "a batch counts by its events") {
    api = Api::make(service(), std::make_shared<NameAuthenticator>(),
                    {.rate_limit = {.per_second = 1, .burst = 3}})
              .value();
    std::string events;
    for (int i = 0; i < 301; ++i)
        events += R"({"eventType":"order.created","payload":1},)";
    events.pop_back();
    json(202, "POST", "/events/batch", R"({"events":[)" + events + "]}");
    CHECK(call("GET", "/v1/webhooks/event-types").status == 429);
}

TEST_CASE_METHOD(ApiFixture,
                 "after many failed logins an address gets a 429, and valid ones pass") {
    const auto status = [&](const std::string& sent) {
        std::optional<Response> response;
        api.handle({.method = "GET",
                    .target = "/v1/webhooks/event-types",
                    .fields = {{"x-api-key", sent}},
                    .peer = {.address = "192.0.2.1", .certificate = {}}},
                   "", [&](Response answered) { response = std::move(answered); });
        return response.value().status;
    };
    for (int i = 0; i < 20; ++i)
        CHECK(status("wrong") == 401);
    CHECK(status("wrong") == 429);
    CHECK(status("alice") == 200);
    CHECK(status("down") == 503);
}

TEST_CASE("a rate limit out of range is rejected") {
    for (const RequestRate& rate : {RequestRate{.burst = 1}, RequestRate{-1, 1}, RequestRate{1, -1},
                                    RequestRate{100'001, 1}, RequestRate{1, 1'000'001}}) {
        CHECK_FALSE(ApiOptions{.rate_limit = rate}.validate());
    }
    CHECK(ApiOptions{.rate_limit = {100'000, 1'000'000}}.validate());
    CHECK(ApiOptions{.rate_limit = {.per_second = 1}}.validate());
    CHECK(RequestRate{.per_second = 7}.capacity() == 7);
}
