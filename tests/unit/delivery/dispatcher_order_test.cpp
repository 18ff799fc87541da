#include <unit/delivery/dispatcher_bench.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

/// Events of subscription 1 with an ordering key, and one that is in flight.
struct OrderBench : DispatcherBench {
    explicit OrderBench(ServiceOptions chosen = {}) : DispatcherBench(std::move(chosen)) {
        dispatcher.add(ordered(1), now);
        first = begin_all().at(0);
        REQUIRE(first.event.id == EventId{1});
    }

    HeldEvent ordered(std::int64_t id) {
        HeldEvent held = event(id, 1);
        auto message = std::make_shared<Message>(*held.message);
        message->ordering_key = "K";
        message->user_id = "alice";
        held.message = std::move(message);
        return held;
    }

    void hold_behind(std::int64_t oldest, std::int64_t newest) {
        TurnNews news;
        for (std::int64_t id = oldest; id <= newest; ++id) {
            news.behind.push_back(ordered(id));
        }
        dispatcher.apply(std::move(news), now);
    }

    std::vector<EventId> begun() {
        std::vector<EventId> ids;
        for (const Dispatcher::Start& start : begin_all()) {
            ids.push_back(start.event.id);
        }
        return ids;
    }

    std::vector<EventId> changed(Custody custody) {
        std::vector<EventId> ids;
        for (const CustodyChange& change : dispatcher.take_results().batch.custody_changes) {
            if (change.custody == custody) ids.push_back(change.event);
        }
        return ids;
    }

    Dispatcher::Start first;  ///< It is in flight.
};

}  // namespace

TEST_CASE("an event behind another one is sent when storage gives it the turn") {
    OrderBench bench;
    bench.hold_behind(2, 3);
    CHECK(bench.dispatcher.waiting() == 2);
    bench.finish(bench.first, OrderBench::status(200));
    CHECK(bench.begun().empty());
    bench.dispatcher.apply({.turns = {EventId{2}}}, bench.now);
    CHECK(bench.begun() == std::vector{EventId{2}});
    CHECK(bench.dispatcher.waiting() == 1);
    CHECK(bench.dispatcher.take_results().size() == 1);
}

TEST_CASE("an event behind another one that waits in storage again leaves memory") {
    OrderBench bench;
    bench.hold_behind(2, 3);
    bench.dispatcher.apply({.returned = {EventId{2}, EventId{3}}}, bench.now);
    CHECK(bench.dispatcher.waiting() == 0);
    CHECK(bench.dispatcher.take_results().released_events == 2);
    // Its turn here is over: storage passes it on.
    bench.dispatcher.apply({.turns = {EventId{2}}}, bench.now);
    CHECK(bench.begun().empty());
}

TEST_CASE("where it is unknown whose turn is next, storage gets all that is behind others") {
    OrderBench bench;
    bench.hold_behind(2, 3);
    bench.dispatcher.apply({.returns_all = true}, bench.now);
    CHECK(bench.dispatcher.waiting() == 0);
    CHECK(bench.changed(Custody::unclaimed).size() == 2);
}

TEST_CASE("events behind others without room in memory wait in storage") {
    OrderBench bench({.max_events_in_memory = 100});
    bench.hold_behind(2, 100);
    CHECK(bench.dispatcher.waiting() <= 50);
    CHECK(bench.changed(Custody::unclaimed).size() == 99 - bench.dispatcher.waiting());
}

TEST_CASE("a queue whose room is taken by events behind others asks for more when these leave") {
    OrderBench bench({.max_events_in_memory = 4});
    bench.hold_behind(2, 2);
    bench.dispatcher.add(bench.event(3, 1), bench.now);
    CHECK(bench.begun().empty());
    CHECK(bench.dispatcher.take_results().refill_requests.empty());
    bench.dispatcher.apply({.returned = {EventId{2}}}, bench.now);
    CHECK(bench.begun().empty());
    CHECK(bench.dispatcher.take_results().refill_requests.size() == 1);
}

TEST_CASE("events that wait behind others for long get rows") {
    OrderBench bench;
    bench.hold_behind(2, 2);
    bench.pass(bench.options.persist_after + 1s);
    bench.dispatcher.persist_overdue(bench.now);
    CHECK(bench.changed(Custody::in_memory) == std::vector{EventId{2}});
    bench.dispatcher.persist_overdue(bench.now);
    CHECK(bench.dispatcher.take_results().size() == 0);
}

TEST_CASE("events behind others end when they are deleted, shredded, or not wanted any more") {
    OrderBench bench;
    bench.hold_behind(2, 2);
    SECTION("deleted") {
        bench.dispatcher.cancel({1}, {2}, bench.now);
    }
    SECTION("shredded") {
        bench.dispatcher.cancel_shredded("alice", bench.now.time, bench.now);
    }
    SECTION("deactivated") {
        bench.endpoints[1] = std::make_shared<Endpoint>(*bench.endpoints[1]);
        bench.endpoints[1]->is_active = false;
        ++bench.change_count;
        bench.dispatcher.refresh(bench.now);
    }
    const Results results = bench.dispatcher.take_results();
    REQUIRE(results.batch.attempts.size() == 1);
    CHECK(results.batch.attempts[0].event == EventId{2});
    CHECK(results.batch.attempts[0].attempt.outcome == Outcome::cancelled);
    CHECK(bench.dispatcher.waiting() == 0);
}

TEST_CASE("a service that stops returns what is behind others") {
    OrderBench bench;
    bench.hold_behind(2, 2);
    bench.dispatcher.return_ordered(bench.now);
    CHECK(bench.changed(Custody::unclaimed).size() == 2);
}

}  // namespace webhooks::delivery
