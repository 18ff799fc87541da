#include <delivery/decision.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds schedule[] = {5s, 60s, 1h};
constexpr Time now = Time(std::chrono::microseconds(1'000'000'000));

TransportAnswer answered(int status_code) {
    return {.kind = TransportAnswer::Kind::answered, .status_code = status_code, .body = "b"};
}

}  // namespace

TEST_CASE("only a 2xx answer is a success") {
    const RetryPolicy policy{.schedule = schedule, .max_retry_count = 9};
    const int status = GENERATE(200, 201, 204, 299);
    CHECK(decide(answered(status), policy, 1, now, 0.5).outcome == Outcome::delivered);
    const int failure = GENERATE(300, 301, 308, 400, 404, 429, 500, 502, 503, 504, 599);
    CHECK(decide(answered(failure), policy, 1, now, 0.5).outcome == Outcome::retry);
    CHECK(decide({.error = "refused"}, policy, 1, now, 0.5).outcome == Outcome::retry);
}

TEST_CASE("what a status says about the endpoint") {
    for (int status = 200; status < 600; ++status) {
        INFO(status);
        const bool slows = status == 429 || (status >= 502 && status <= 504);
        const ResponseClass expected = status < 300    ? ResponseClass::success
                                       : status == 410 ? ResponseClass::gone
                                       : slows         ? ResponseClass::slow_down
                                                       : ResponseClass::failure;
        CHECK(response_class_of(answered(status)) == expected);
    }
    CHECK(response_class_of({.error = "refused"}) == ResponseClass::failure);
}

TEST_CASE("410 ends an event, however many attempts are left") {
    const RetryPolicy policy{.schedule = schedule, .max_retry_count = 9};
    CHECK(decide(answered(410), policy, 1, now, 0.5).outcome == Outcome::exhausted);
}

TEST_CASE("a failure that a subscription does not retry ends its event") {
    RetryPolicy policy{.schedule = schedule, .max_retry_count = 9};
    const auto is_retried = [&](const TransportAnswer& answer) {
        return decide(answer, policy, 1, now, 0.5).outcome == Outcome::retry;
    };
    const TransportAnswer network{.error = "connection refused"};
    policy.retry_on = RetryOn::only({FailureClass::server_error, FailureClass::request_timeout});
    for (const int status : {408, 500, 503, 599})
        CHECK(is_retried(answered(status)));
    for (const int status : {301, 400, 404, 409, 410, 429})
        CHECK_FALSE(is_retried(answered(status)));
    CHECK_FALSE(is_retried(network));
    policy.retry_on = RetryOn::only({FailureClass::too_many_requests, FailureClass::network});
    CHECK(is_retried(answered(429)));
    CHECK(is_retried(network));
    CHECK_FALSE(is_retried(answered(408)));
    CHECK_FALSE(is_retried(answered(503)));
    policy.retry_on = RetryOn::only({});
    for (const TransportAnswer& answer : {answered(429), answered(500), network})
        CHECK_FALSE(is_retried(answer));
    CHECK(decide(answered(204), policy, 1, now, 0.5).outcome == Outcome::delivered);
}

TEST_CASE("a number represents the failures that are retried, and reads back") {
    for (int bits = 0; bits < 16; ++bits) {
        const RetryOn chosen = RetryOn::from_bits(bits);
        CHECK(chosen.bits() == bits);
        CHECK_FALSE(chosen.is_everything());
        CHECK(chosen.includes(FailureClass::network) == (bits >= 8));
    }
    CHECK(RetryOn::from_bits(RetryOn().bits()).is_everything());
    CHECK(RetryOn() != RetryOn::only({FailureClass::server_error, FailureClass::too_many_requests,
                                      FailureClass::request_timeout, FailureClass::network}));
}

TEST_CASE("Retry-After lengthens a delay, up to the maximum, and jitter never shortens it") {
    const RetryPolicy policy{
        .schedule = schedule, .jitter = 0.5, .max_retry_count = 9, .max_retry_after = 2h};
    const auto due = [&](int status, const char* retry_after, double chance) {
        TransportAnswer answer = answered(status);
        answer.retry_after = retry_after;
        return *decide(answer, policy, 1, now, chance).due - now;
    };
    CHECK(due(503, "90", 0.0) == 90s);
    CHECK(due(429, "90", 0.999) == 90s);
    CHECK(due(504, "1", 0.5) == 5s);
    CHECK(due(502, "999999", 0.5) == 2h);
    CHECK(due(503, "soon", 0.5) == 5s);
    CHECK(due(500, "90", 0.5) == 5s);
}

TEST_CASE("the pause follows the schedule, whose last row repeats") {
    const RetryPolicy policy{.schedule = schedule, .max_retry_count = 100};
    const std::pair<int, std::chrono::seconds> rows[] = {
        {1, 5s}, {2, 60s}, {3, 1h}, {4, 1h}, {100, 1h}};
    for (const auto& [attempts, pause] : rows) {
        CHECK(pause_after(policy, attempts, 0.5) == pause);
        CHECK(decide(answered(500), policy, attempts, now, 0.5).due == now + pause);
    }
}

TEST_CASE("jitter changes a delay by at most its fraction, in both directions") {
    const RetryPolicy policy{.schedule = schedule, .jitter = 0.2};
    CHECK(pause_after(policy, 2, 0.0) == 48s);
    CHECK(pause_after(policy, 2, 0.5) == 60s);
    CHECK(pause_after(policy, 2, 0.999999) <= 72s);
    CHECK(pause_after(policy, 2, 0.999999) > 71s);
}

TEST_CASE("an event is exhausted once its retries are used up") {
    CHECK(
        decide(answered(500), {.schedule = schedule, .max_retry_count = 0}, 1, now, 0.5).outcome ==
        Outcome::exhausted);
    for (const int max : {1, 5, 100}) {
        const RetryPolicy policy{.schedule = schedule, .max_retry_count = max};
        CHECK(decide(answered(500), policy, max, now, 0.5).outcome == Outcome::retry);
        CHECK(decide(answered(500), policy, max + 1, now, 0.5).outcome == Outcome::exhausted);
        CHECK_FALSE(decide(answered(500), policy, max + 1, now, 0.5).due);
    }
}

TEST_CASE("a history row shows the response") {
    const Attempt success = describe(answered(201), 3, now, 7ms, Outcome::delivered);
    CHECK(success.number == 3);
    CHECK(success.sent_at == now);
    CHECK(success.duration == 7ms);
    CHECK(success.status_code == 201);
    CHECK(success.response == "b");
    CHECK_FALSE(success.error_message);

    const Attempt rejection = describe(answered(404), 1, now, 7ms, Outcome::retry);
    CHECK(rejection.status_code == 404);
    CHECK(rejection.error_message == "endpoint responded with 404");

    const Attempt failure = describe({.error = "connection refused"}, 1, now, 7ms, Outcome::retry);
    CHECK_FALSE(failure.status_code);
    CHECK_FALSE(failure.response);
    CHECK(failure.error_message == "connection refused");
}

}  // namespace webhooks::delivery
