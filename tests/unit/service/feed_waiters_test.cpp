#include <service/feed_waiters.hpp>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;

struct WaitersFixture {
    static constexpr SubscriptionId mine{1}, other{2};
    const SteadyTime now = SteadyTime{} + 1h;
    int changes = 0;
    std::vector<bool> answers;
    FeedWaiters waiters{[this] { ++changes; }};

    Result<> add(SubscriptionId id, EventId after, std::chrono::seconds wait = 60s,
                 const std::stop_token& stop = {}) {
        return waiters.add({.subscription = id,
                            .after = after,
                            .until = now + wait,
                            .done = [this](bool has_events) { answers.push_back(has_events); }},
                           stop);
    }

    std::vector<SubscriptionId> unchecked(SteadyTime at) {
        std::vector<SubscriptionId> ids;
        for (const FeedWatch& watch : waiters.take_unchecked(at)) {
            ids.push_back(watch.subscription);
        }
        return ids;
    }
};

}  // namespace

TEST_CASE_METHOD(WaitersFixture, "without readers that wait there is nothing to ask storage") {
    waiters.check_all();
    waiters.check(mine);
    CHECK(waiters.ready_at() == SteadyTime::max());
    CHECK(waiters.take_unchecked(now).empty());
    CHECK(changes == 0);
}

TEST_CASE_METHOD(WaitersFixture, "a reader that begins to wait is looked at once, at once") {
    REQUIRE(add(mine, {5}));
    CHECK(changes == 1);
    CHECK(waiters.ready_at() <= now);
    const auto watches = waiters.take_unchecked(now);
    REQUIRE(watches.size() == 1);
    CHECK(watches.at(0).after == EventId{5});
    CHECK(waiters.ready_at() == now + FeedWaiters::poll_interval);
    CHECK(waiters.take_unchecked(now).empty());
}

TEST_CASE_METHOD(WaitersFixture, "only feeds to which something was appended are looked at") {
    REQUIRE(add(mine, {5}));
    REQUIRE(add(other, {5}));
    CHECK(unchecked(now) == std::vector{mine, other});
    waiters.check(other);
    waiters.check({3});
    CHECK(unchecked(now) == std::vector{other});
    waiters.check_all();
    CHECK(unchecked(now) == std::vector{mine, other});
    CHECK(unchecked(now + FeedWaiters::poll_interval) == std::vector{mine, other});
}

TEST_CASE_METHOD(WaitersFixture, "readers of a feed are told of events that they have not read") {
    REQUIRE(add(mine, {5}));
    REQUIRE(add(mine, {7}));
    REQUIRE(add(other, {5}));
    CHECK(waiters.take_unchecked(now).at(0).after == EventId{5});
    waiters.complete({{.subscription = mine, .newest = {7}}, {.subscription = {3}, .newest = {9}}});
    CHECK(answers == std::vector{true});
    waiters.complete({{.subscription = mine, .newest = {8}}});
    CHECK(answers == std::vector{true, true});
}

TEST_CASE_METHOD(WaitersFixture, "a wait ends at its time") {
    REQUIRE(add(mine, {5}, 1s));
    REQUIRE(add(other, {5}, 3s));
    CHECK(unchecked(now).size() == 2);
    CHECK(waiters.ready_at() == now + 1s);
    waiters.expire(now + 1s - 1us);
    CHECK(answers.empty());
    waiters.expire(now + 1s);
    CHECK(answers == std::vector{false});
    CHECK(waiters.ready_at() == now + 2s);
}

TEST_CASE_METHOD(WaitersFixture, "a wait ends with the client that it is for") {
    std::stop_source client;
    REQUIRE(add(mine, {5}, 60s, client.get_token()));
    client.request_stop();
    CHECK(answers == std::vector{false});
    CHECK(waiters.ready_at() == SteadyTime::max());
    REQUIRE(add(mine, {5}, 60s, client.get_token()));
    CHECK(answers == std::vector{false, false});
    CHECK(waiters.ready_at() == SteadyTime::max());
}

TEST_CASE_METHOD(WaitersFixture, "the readers of one feed that wait are limited") {
    for (std::size_t i = 0; i < max_feed_waits; ++i) {
        REQUIRE(add(mine, {5}));
    }
    CHECK(add(mine, {5}).error() == Errc::overloaded);
    CHECK(add(other, {5}));
    CHECK(answers.empty());
    waiters.complete({{.subscription = mine, .newest = {6}}});
    CHECK(add(mine, {5}));
}

TEST_CASE_METHOD(WaitersFixture, "all waits end with the service, also later ones") {
    REQUIRE(add(mine, {5}));
    waiters.close();
    CHECK(answers == std::vector{false});
    REQUIRE(add(mine, {5}));
    CHECK(answers == std::vector{false, false});
}

}  // namespace webhooks::service
