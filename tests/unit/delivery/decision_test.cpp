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

TEST_CASE("what a status says of the endpoint") {
    for (int status = 200; status < 600; ++status) {
        INFO(status);
        const bool slows = status == 429 || (status >= 502 && status <= 504);
        const Meaning expected = status < 300    ? Meaning::success
                                 : status == 410 ? Meaning::gone
                                 : slows         ? Meaning::slow_down
                                                 : Meaning::failure;
        CHECK(meaning_of(answered(status)) == expected);
    }
    CHECK(meaning_of({.error = "refused"}) == Meaning::failure);
}

TEST_CASE("410 ends an event, whatever tries are left") {
    const RetryPolicy policy{.schedule = schedule, .max_retry_count = 9};
    CHECK(decide(answered(410), policy, 1, now, 0.5).outcome == Outcome::exhausted);
}

TEST_CASE("Retry-After lengthens a pause, up to the ceiling, and jitter never shortens it") {
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

TEST_CASE("jitter moves a pause by at most its part, both ways") {
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
    for (const int most : {1, 5, 100}) {
        const RetryPolicy policy{.schedule = schedule, .max_retry_count = most};
        CHECK(decide(answered(500), policy, most, now, 0.5).outcome == Outcome::retry);
        CHECK(decide(answered(500), policy, most + 1, now, 0.5).outcome == Outcome::exhausted);
        CHECK_FALSE(decide(answered(500), policy, most + 1, now, 0.5).due);
    }
}

TEST_CASE("a row of history tells what came") {
    const Attempt success = describe(answered(201), 3, now, 7ms, Outcome::delivered);
    CHECK(success.number == 3);
    CHECK(success.sent_at == now);
    CHECK(success.duration == 7ms);
    CHECK(success.status_code == 201);
    CHECK(success.response == "b");
    CHECK_FALSE(success.error_message);

    const Attempt refusal = describe(answered(404), 1, now, 7ms, Outcome::retry);
    CHECK(refusal.status_code == 404);
    CHECK(refusal.error_message == "endpoint responded with 404");

    const Attempt failure = describe({.error = "connection refused"}, 1, now, 7ms, Outcome::retry);
    CHECK_FALSE(failure.status_code);
    CHECK_FALSE(failure.response);
    CHECK(failure.error_message == "connection refused");
}

}  // namespace webhooks::delivery
