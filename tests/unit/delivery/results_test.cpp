#include <delivery/results.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

const Now present{.time = Time(1h), .steady = SteadyTime(2h)};

HeldEvent held(std::int64_t id) {
    auto message = std::make_shared<Message>();
    message->payload = std::make_shared<const std::string>("12345");
    return {.id = {id},
            .subscription = {9},
            .message = std::move(message),
            .attempts = 4,
            .attempts_since_reopened = 2,
            .has_row = true};
}

}  // namespace

TEST_CASE("an event leaves memory with its custody, unless it stays there with a row") {
    Results results;
    results.change_custody(held(1), present.time, Custody::in_memory);
    CHECK(results.released_events == 0);
    results.change_custody(held(2), present.time, Custody::reserved);
    results.change_custody(held(3), present.time + 1s, Custody::unclaimed);
    CHECK(results.released_events == 2);
    CHECK(results.released_bytes == 10);
    REQUIRE(results.batch.custody_changes.size() == 3);
    const CustodyChange& last = results.batch.custody_changes.back();
    CHECK(last.event == EventId{3});
    CHECK(last.subscription == SubscriptionId{9});
    CHECK(last.due == present.time + 1s);
    CHECK(last.attempts == 4);
    CHECK(last.attempts_since_reopened == 2);
    CHECK(last.custody == Custody::unclaimed);
}

TEST_CASE("an event that ends without a request is recorded as its next attempt, with the reason") {
    Results results;
    results.end_unsent(held(1), Outcome::cancelled, "cancelled: why", present);
    REQUIRE(results.batch.attempts.size() == 1);
    REQUIRE(results.contexts.size() == 1);
    CHECK(results.contexts.front().endpoint == nullptr);
    const Attempt& attempt = results.batch.attempts.front().attempt;
    CHECK(attempt.number == 5);
    CHECK(attempt.sent_at == present.time);
    CHECK(attempt.error_message == "cancelled: why");
    CHECK(attempt.outcome == Outcome::cancelled);
    // It used up no attempt.
    CHECK(results.batch.attempts.front().attempts_since_reopened == 2);
    CHECK(results.released_events == 1);
}

TEST_CASE("results are counted without what is not written, and append in order") {
    Results first;
    first.end_unsent(held(1), Outcome::expired, "expired", present);
    Results second;
    second.end_unsent(held(2), Outcome::expired, "expired", present);
    second.refill_requests.push_back({.subscription = {9}, .count = 3});
    HealthReport report;
    report.state.emplace();
    report.change.emplace();
    second.add(std::move(report));
    CHECK(second.rows() == 2);
    CHECK(second.size() == 3);
    CHECK(second.health_changes.size() == 1);
    first.append(std::move(second));
    CHECK(first.rows() == 3);
    CHECK(first.size() == 4);
    CHECK(first.batch.attempts[1].event == EventId{2});
    CHECK(first.released_events == 2);
}

}  // namespace webhooks::delivery
