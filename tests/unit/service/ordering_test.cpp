#include <map>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using Sent = std::vector<std::string>;

/// A service whose events have a payload as a name, and an ordering key.
struct OrderingFixture : ServiceFixture {
    OrderingFixture() {
        options.retry_schedule = {5s};
        reopen();
        subscription = subscribe();
        transport->respond([this](const OutgoingRequest& request) { return answer_to(request); });
    }

    void reopen() {
        running.reset();
        open();
    }

    std::optional<TransportAnswer> answer_to(const OutgoingRequest& request) {
        std::vector<TransportAnswer>& answers = next_answers[*request.body];
        if (is_silent) return std::nullopt;
        if (answers.empty()) return status(200);
        const TransportAnswer next = answers.front();
        answers.erase(answers.begin());
        return next;
    }

    static TransportAnswer status(int code, const std::string& retry_after = {}) {
        return {.kind = TransportAnswer::Kind::answered,
                .status_code = code,
                .retry_after = retry_after};
    }

    EventId publish(const std::string& name, const std::string& key = "K",
                    std::optional<Time> expires_at = {}) {
        return service()
            .publish(alice, {.event_type = "order.created",
                             .payload = name,
                             .expires_at = expires_at,
                             .ordering_key = key})
            .value()
            .event_ids.at(0);
    }

    /// Publishes 1, 2, 3 with key K.
    void publish_three() {
        for (const char* name : {"1", "2", "3"}) {
            ids[name] = publish(name);
        }
        settle();
    }

    Sent sent() const {
        Sent names;
        for (const OutgoingRequest& request : transport->requests())
            names.push_back(*request.body);
        return names;
    }

    void answer_all(int status_code = 200) {
        for (const Transport::Token token : transport->in_flight())
            transport->answer(token, status(status_code));
        settle();
    }

    void change(SubscriptionChange change) {
        service().update_subscription(alice, subscription.id, std::move(change)).value();
        settle();
        advance(2s);
    }

    EventHistory history(const std::string& name) {
        return service().event(alice, subscription.id, ids.at(name)).value();
    }

    Subscription subscription;
    std::map<std::string, EventId> ids;
    std::map<std::string, std::vector<TransportAnswer>> next_answers;
    bool is_silent = false;  ///< Requests get no answer.
};

}  // namespace

TEST_CASE_METHOD(OrderingFixture, "events with a key are sent one after the other") {
    is_silent = true;
    publish_three();
    CHECK(sent() == Sent{"1"});
    answer_all();
    CHECK(sent() == Sent{"1", "2"});
    answer_all();
    answer_all();
    CHECK(sent() == Sent{"1", "2", "3"});
    CHECK(history("3").event.is_success);
}

TEST_CASE_METHOD(OrderingFixture,
                 "a request of an event with a key is over when another worker may repeat it") {
    publish("1");
    publish("2", "");
    settle();
    change({.timeout = 30s});
    publish("3");
    settle();
    const std::vector<OutgoingRequest> requests = transport->requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].timeout == 0s);
    CHECK(requests[0].max_timeout == deadline_of_ordered(0s));
    CHECK(requests[1].max_timeout == 0s);
    CHECK(requests[2].timeout == deadline_of_ordered(30s));
}

TEST_CASE_METHOD(OrderingFixture, "a failed event holds back its queue until it is delivered") {
    next_answers["1"] = {status(500), status(500)};
    publish_three();
    CHECK(sent() == Sent{"1"});
    CHECK(history("1").event.ordering_key == "K");
    CHECK_FALSE(history("1").event.blocked_by);
    CHECK(history("2").event.blocked_by == ids["1"]);
    CHECK(history("3").event.blocked_by == ids["2"]);
    advance(5s);
    advance(5s);
    CHECK(sent() == Sent{"1", "1", "1", "2", "3"});
    CHECK_FALSE(history("3").event.blocked_by);
}

TEST_CASE_METHOD(OrderingFixture, "the next event is not sent before a success is durable") {
    is_silent = true;
    publish_three();
    for (const Transport::Token token : transport->in_flight())
        transport->answer(token, status(200));
    // The answer has arrived, and is not written yet.
    CHECK(sent() == Sent{"1"});
    settle();
    CHECK(sent() == Sent{"1", "2"});
    CHECK(history("1").event.is_success);
}

TEST_CASE_METHOD(OrderingFixture, "an exhausted event is out of the way") {
    change({.max_retry_count = 1});
    next_answers["1"] = {status(500), status(500)};
    publish_three();
    CHECK(sent() == Sent{"1"});
    advance(5s);
    CHECK(sent() == Sent{"1", "1", "2", "3"});
    CHECK(history("1").attempts.back().outcome == Outcome::exhausted);
}

TEST_CASE_METHOD(OrderingFixture, "without retries a failure holds back nothing") {
    change({.max_retry_count = 0});
    next_answers["1"] = {status(500)};
    publish_three();
    CHECK(sent() == Sent{"1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "a resent event goes before those that wait") {
    change({.max_retry_count = 1});
    next_answers["1"] = {status(500), status(500)};
    next_answers["3"] = {status(500)};
    publish_three();
    advance(5s);
    CHECK(sent() == Sent{"1", "1", "2", "3"});
    next_answers["1"] = {status(500)};
    REQUIRE(service().retry_event(alice, subscription.id, ids["1"]));
    settle();
    CHECK(sent() == Sent{"1", "1", "2", "3", "1"});
    CHECK(history("3").event.blocked_by == ids["1"]);
    advance(5s);
    CHECK(sent() == Sent{"1", "1", "2", "3", "1", "1", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "a resent event waits for the one in flight") {
    change({.max_retry_count = 0});
    next_answers["1"] = {status(500)};
    publish("1");
    ids["1"] = EventId{1};
    settle();
    is_silent = true;
    ids["2"] = publish("2");
    settle();
    REQUIRE(sent() == Sent{"1", "2"});
    REQUIRE(service().retry_event(alice, subscription.id, ids["1"]));
    settle();
    CHECK(sent() == Sent{"1", "2"});
    CHECK(history("1").event.blocked_by == ids["2"]);
    answer_all();
    CHECK(sent() == Sent{"1", "2", "1"});
}

TEST_CASE_METHOD(OrderingFixture, "a deleted event is out of the way") {
    is_silent = true;
    publish_three();
    REQUIRE(service().delete_event(alice, subscription.id, ids["2"]));
    settle();
    CHECK(sent() == Sent{"1"});
    answer_all();
    CHECK(sent() == Sent{"1", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "the next event waits for the request of one that was deleted") {
    is_silent = true;
    publish_three();
    REQUIRE(service().delete_event(alice, subscription.id, ids["1"]));
    settle();
    advance(2s);
    CHECK(sent() == Sent{"1"});
    answer_all();
    CHECK(sent() == Sent{"1", "2"});
}

TEST_CASE_METHOD(OrderingFixture, "an expired event leaves the probe to the next") {
    options.breaker_failures = 1;
    options.retry_schedule = {1s};
    reopen();
    next_answers["0"] = {status(500)};
    publish("0", "other");
    settle();
    publish("1", "K", clock->now() + 500ms);
    publish("2");
    settle();
    next_answers["0"] = {status(500), status(500), status(500), status(500)};
    for (int second = 0; second < 600 && sent().back() != "2"; ++second)
        advance(1s);
    CHECK(std::ranges::count(sent(), "1") == 0);
    CHECK(std::ranges::count(sent(), "2") == 1);
}

TEST_CASE_METHOD(OrderingFixture, "a pause that an endpoint asks for keeps the order") {
    next_answers["1"] = {status(429, "60")};
    publish_three();
    advance(59s);
    CHECK(sent() == Sent{"1"});
    advance(1s);
    CHECK(sent() == Sent{"1", "1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "after a crash the event in flight is resent, later") {
    is_silent = true;
    publish_three();
    REQUIRE(service().abandon());
    is_silent = false;
    reopen();
    settle();
    // The leases: its own, which it must have held for a term, and that of the other.
    for (int second = 0; second < 14; ++second)
        advance(1s);
    CHECK(sent() == Sent{"1"});
    for (int second = 0; second < 16; ++second)
        advance(1s);
    CHECK(sent() == Sent{"1", "1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "a service that stops hands its queues to the next one") {
    change({.max_retry_count = 3});
    is_silent = true;
    publish_three();
    publish("L", "L");
    REQUIRE(service().stop(0s));
    is_silent = false;
    reopen();
    settle();
    // L was not in flight.
    CHECK(sent() == Sent{"1", "L"});
    advance(14s);
    CHECK(sent() == Sent{"1", "L"});
    advance(1s);
    CHECK(sent() == Sent{"1", "L", "1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "what was cancelled is recovered in order") {
    next_answers["1"] = {status(500)};
    publish_three();
    change({.is_active = false});
    advance(5s);
    for (const char* name : {"1", "2", "3"}) {
        CHECK(history(name).attempts.back().outcome == Outcome::cancelled);
    }
    change({.is_active = true});
    CHECK(service().recover(alice, subscription.id, Time{}).value() == 3);
    settle();
    CHECK(sent() == Sent{"1", "1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "other keys, and events without one, are not held back") {
    next_answers["1"] = {status(500)};
    publish_three();
    publish("L", "L");
    publish("none", "");
    settle();
    CHECK(sent() == Sent{"1", "L", "none"});
}

TEST_CASE_METHOD(OrderingFixture, "subscriptions do not wait for each other") {
    subscribe(alice, "order.*", "https://other.example.com/");
    next_answers["1"] = {status(500)};
    publish_three();
    advance(5s);
    CHECK(sent().size() == 7);
}

TEST_CASE_METHOD(OrderingFixture, "a long queue delays no other key, even with a rate limit") {
    change({.rate_limit = 10});
    for (int i = 0; i < 200; ++i)
        publish("long", "long");
    publish("short", "short");
    settle();
    for (int i = 0; i < 5; ++i)
        advance(100ms);
    CHECK(std::ranges::count(sent(), "short") == 1);
    for (int i = 0; i < 300; ++i)
        advance(100ms);
    CHECK(std::ranges::count(sent(), "long") == 200);
}

TEST_CASE_METHOD(OrderingFixture, "a batch with a key keeps its own order") {
    std::vector<Publication> batch;
    for (const char* name : {"1", "2", "3"}) {
        batch.push_back({.event_type = "order.created", .payload = name, .ordering_key = "K"});
    }
    next_answers["1"] = {status(500)};
    REQUIRE(service().publish_batch(alice, std::move(batch)));
    settle();
    CHECK(sent() == Sent{"1"});
    advance(5s);
    CHECK(sent() == Sent{"1", "1", "2", "3"});
}

TEST_CASE_METHOD(OrderingFixture, "an ordering key is part of what an idempotency key stands for") {
    const auto again = [this](const std::string& key) {
        return service().publish(alice, {.event_type = "order.created",
                                         .payload = "1",
                                         .idempotency_key = "i",
                                         .ordering_key = key});
    };
    CHECK_FALSE(again("K").value().is_replay);
    CHECK(again("K").value().is_replay);
    CHECK(again("").error() == Errc::conflict);
    CHECK(again("L").error() == Errc::conflict);
}

TEST_CASE_METHOD(OrderingFixture, "an ordering key has a valid length and text, and no deliverAt") {
    const auto rejected = [this](std::string key, std::optional<Time> deliver_at = {}) {
        return !service().validate({.event_type = "order.created",
                                    .payload = "1",
                                    .deliver_at = deliver_at,
                                    .ordering_key = std::move(key)});
    };
    CHECK_FALSE(rejected(std::string(256, 'k')));
    CHECK(rejected(std::string(257, 'k')));
    CHECK(rejected(std::string("a\0b", 3)));
    CHECK(rejected("\xff"));
    CHECK(rejected("k", clock->now() + 1h));
}

}  // namespace webhooks::testing
