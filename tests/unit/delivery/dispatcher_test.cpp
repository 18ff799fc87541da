#include <algorithm>
#include <unit/delivery/dispatcher_bench.hpp>

namespace webhooks::delivery {

using namespace std::chrono_literals;
using Bench = DispatcherBench;

TEST_CASE("events that do not fit in memory are reserved, and requested once there is room") {
    Bench bench({.max_events_in_memory = 100});
    bench.add(1, 100);
    const std::size_t kept = bench.dispatcher.waiting();
    CHECK(kept >= 10);
    CHECK(kept <= 50);
    const Results first = bench.dispatcher.take_results();
    CHECK(first.batch.custody_changes.size() == 100 - kept);
    CHECK(first.released_events == 100 - kept);
    CHECK(first.batch.custody_changes.front().custody == Custody::reserved);

    std::size_t wanted = 0;
    while (true) {
        const auto begun = bench.begin_all();
        if (begun.empty()) break;
        for (const Dispatcher::Start& start : begun)
            bench.finish(start, Bench::status(200));
        for (const RefillRequest& request : bench.dispatcher.take_results().refill_requests) {
            wanted += request.count;
            std::vector<HeldEvent> events;
            for (std::size_t i = 0; i < request.count; ++i) {
                events.push_back(bench.event(++bench.last_event, 1));
            }
            bench.dispatcher.refill(request, std::move(events), bench.now);
        }
    }
    CHECK(wanted == 100 - kept);
}

TEST_CASE("one endpoint never takes all of the memory") {
    Bench bench({.max_events_in_memory = 1000});
    bench.add(1, 1);
    bench.finish(bench.begin_all().front(), Bench::status(200));
    bench.add(1, 5000);
    CHECK(bench.dispatcher.waiting() <= 500);
    bench.add(2, 1);
    const auto begun = bench.begin_all();
    CHECK(std::ranges::any_of(begun, [](const Dispatcher::Start& start) {
        return start.event.subscription == SubscriptionId{2};
    }));
}

TEST_CASE("many resent events leave memory to others, and one of them goes first") {
    Bench bench({.max_events_in_memory = 1000});
    bench.add(1, 1);
    for (int i = 0; i < 5000; ++i) {
        HeldEvent again = bench.event(++bench.last_event, 1);
        again.attempts = 3;
        again.has_row = true;
        again.is_requested = true;
        bench.dispatcher.add(std::move(again), bench.now);
    }
    CHECK(bench.dispatcher.waiting() <= 500);
    CHECK(bench.begin_all().front().event.attempts == 3);
}

TEST_CASE("fewer events than requested means that nothing older is left") {
    Bench bench({.max_events_in_memory = 8});
    bench.add(1, 20);
    bench.dispatcher.take_results();
    bool was_asked = false;
    while (true) {
        const auto begun = bench.begin_all();
        if (begun.empty()) break;
        for (const Dispatcher::Start& start : begun)
            bench.finish(start, Bench::status(200));
        for (const RefillRequest& request : bench.dispatcher.take_results().refill_requests) {
            CHECK_FALSE(was_asked);
            was_asked = true;
            bench.dispatcher.refill(request, {}, bench.now);
        }
    }
    CHECK(was_asked);
    CHECK(bench.dispatcher.waiting() == 0);
}

TEST_CASE("a local error delays only its subscription, and uses up no attempt") {
    Bench bench;
    bench.add(1, 2);
    const auto begun = bench.begin_all();
    REQUIRE(begun.size() == 1);
    bench.finish(begun.front(), {.kind = TransportAnswer::Kind::not_sent, .error = "no memory"});
    bench.add(2, 1);
    const auto others = bench.begin_all();
    REQUIRE(others.size() == 1);
    CHECK(others.front().event.subscription == SubscriptionId{2});
    CHECK(bench.dispatcher.next_wakeup() == bench.now.steady + 1s);
    const Results results = bench.dispatcher.take_results();
    CHECK(results.batch.attempts.empty());
    CHECK(results.batch.states.empty());
    REQUIRE(results.batch.custody_changes.size() == 1);
    CHECK(results.batch.custody_changes.front().custody == Custody::unclaimed);
    CHECK(results.batch.custody_changes.front().due == bench.now.time + 1s);
    CHECK(results.batch.custody_changes.front().attempts_since_reopened == 0);
    bench.pass(1s);
    CHECK(bench.begin_all().size() == 1);
}

TEST_CASE("an event that waits long gets a row once, and stays in memory") {
    Bench bench;
    bench.add(1, 2);
    bench.begin_all();
    bench.pass(bench.options.persist_after + 1us);
    bench.dispatcher.persist_overdue(bench.now);
    const Results results = bench.dispatcher.take_results();
    REQUIRE(results.batch.custody_changes.size() == 1);
    CHECK(results.batch.custody_changes.front().custody == Custody::in_memory);
    CHECK(results.released_events == 0);
    bench.pass(1h);
    bench.dispatcher.persist_overdue(bench.now);
    CHECK(bench.dispatcher.results() == 0);
    CHECK(bench.dispatcher.waiting() == 1);
}

TEST_CASE("an event that expires before its attempt ends without a request") {
    Bench bench;
    bench.expires_at = bench.now.time + 10s;
    bench.add(1, 1);
    bench.pass(10s);
    CHECK(bench.begin_all().empty());
    const Results results = bench.dispatcher.take_results();
    REQUIRE(results.batch.attempts.size() == 1);
    CHECK(results.batch.attempts.front().attempt.outcome == Outcome::expired);
    CHECK(results.batch.attempts.front().attempt.error_message ==
          "expired: its expiresAt had passed");
    CHECK(results.released_events == 1);
}

TEST_CASE("answers for events that another worker has now are ignored") {
    Bench bench;
    bench.add(1, 5);
    const auto begun = bench.begin_all();
    bench.dispatcher.clear(bench.now);
    CHECK_FALSE(bench.dispatcher.finish(begun.front().token, Bench::status(200), bench.now, 0.5));
    CHECK(bench.dispatcher.results() == 0);
    CHECK(bench.dispatcher.waiting() == 0);
    bench.add(1, 1);
    CHECK(bench.begin_all().size() == 1);
}

TEST_CASE("an endpoint that failed before this process started uses the slots of failing ones") {
    Bench bench({.max_in_flight = 4});
    for (std::int64_t id = 1; id <= 10; ++id) {
        auto failing = std::make_shared<Endpoint>(*bench.endpoint({id}));
        failing->set_extras({.failing_since = bench.now.time - 1h});
        bench.endpoints[id] = failing;
        bench.add(id, 1);
    }
    CHECK(bench.begin_all().size() == 1);
}

TEST_CASE("events end when the payloads of the user that they were published for are destroyed") {
    Bench bench;
    const auto add = [&](const std::string& user, std::chrono::seconds later) {
        HeldEvent event = bench.event(++bench.last_event, 1);
        auto message = std::make_shared<Message>(*event.message);
        message->user_id = user;
        event.message = std::move(message);
        event.created_at = bench.now.time + later;
        bench.dispatcher.add(std::move(event), bench.now);
    };
    static_cast<void>(bench.endpoint({1}));
    bench.endpoints.at(1)->owner = "alice";
    add("alice", 0s);
    add("alice", 1s);
    add("", 0s);
    add("alice", 0s);
    bench.dispatcher.cancel_shredded("bob", bench.now.time, bench.now);
    CHECK(bench.dispatcher.waiting() == 4);
    bench.dispatcher.cancel_shredded("alice", bench.now.time, bench.now);
    CHECK(bench.dispatcher.waiting() == 2);
    const Results results = bench.dispatcher.take_results();
    REQUIRE(results.batch.attempts.size() == 2);
    CHECK(results.batch.attempts[1].event == EventId{4});
    CHECK(results.batch.attempts[1].attempt.outcome == Outcome::cancelled);
    CHECK(results.batch.attempts[1].attempt.error_message ==
          "cancelled: its payload was destroyed");
    CHECK_FALSE(bench.begin_all().empty());
}

TEST_CASE("an event whose payload was destroyed or changed in storage ends without a request") {
    Bench bench;
    for (const PayloadState state : {PayloadState::destroyed, PayloadState::corrupt}) {
        HeldEvent event = bench.event(++bench.last_event, 1);
        auto message = std::make_shared<Message>(*event.message);
        message->state = state;
        event.message = std::move(message);
        bench.dispatcher.add(std::move(event), bench.now);
    }
    bench.add(1, 1);
    CHECK(bench.begin_all().size() == 1);
    const Results results = bench.dispatcher.take_results();
    REQUIRE(results.batch.attempts.size() == 2);
    CHECK(results.batch.attempts[0].attempt.error_message ==
          "cancelled: its payload was destroyed");
    CHECK(results.batch.attempts[1].attempt.error_message ==
          "cancelled: its stored payload was changed");
}

TEST_CASE("an endpoint is looked up again only after a change, and then before the next attempt") {
    Bench bench;
    bench.add(1, 3);
    const int lookups = bench.lookups;
    bench.finish(bench.begin_all().front(), Bench::status(200));
    CHECK(bench.lookups == lookups);
    bench.endpoints[1] = std::make_shared<Endpoint>(*bench.endpoints[1]);
    bench.endpoints[1]->is_active = false;
    ++bench.change_count;
    CHECK(bench.begin_all().empty());
    CHECK(bench.dispatcher.waiting() == 0);
}

}  // namespace webhooks::delivery
