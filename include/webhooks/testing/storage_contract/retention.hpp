#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

constexpr auto keep_for = 24h;

/// The remaining events of a subscription's log, ascending.
std::vector<EventId> log_of(Fixture& fixture, SubscriptionId id) {
    std::vector<EventId> events;
    for (const Event& event :
         fixture.storage->list_events(admin, id, {.take = 1000}).value().items) {
        events.push_back(event.id);
    }
    std::ranges::sort(events);
    return events;
}

/// Calls `maintain` until nothing is left to do. @return the number of calls that reported more
/// work.
int maintain(Fixture& fixture, std::size_t limit = 100) {
    int calls = 0;
    while (fixture.storage->maintain({.limit = limit, .keep_events_for = keep_for}).value()) {
        ++calls;
    }
    return calls;
}

/// The worker reports that all of its events are delivered or have a row.
void settle(Fixture& fixture) {
    fixture.write({.low_water = fixture.storage->heartbeat(fixture.worker.id).value().last_event});
}

/// Time passes as for a service with nothing in memory.
void pass(Fixture& fixture, std::chrono::hours time) {
    for (auto hour = 0h; hour < time; ++hour) {
        fixture.clock->advance(1h);
        settle(fixture);
        maintain(fixture);
    }
}

/// Every storage has deleted old events by then.
constexpr auto at_the_latest = keep_for + keep_for / 4;

STORAGE_TEST("old events are deleted with their attempts and messages, however they ended") {
    const SubscriptionId one = this->subscribe().id;
    const SubscriptionId two = this->subscribe().id;
    const Appended both = this->append({one, two}, "both").value().appends[0].value();
    const EventId delivered = both.first_event;
    const EventId exhausted{delivered.value + 1};
    this->record(one, delivered, {.number = 1, .outcome = Outcome::delivered});
    this->record(two, exhausted, {.number = 1, .outcome = Outcome::exhausted});
    pass(*this, 10h);
    const EventId young = this->append_one(one, "young");
    this->record(one, young, {.number = 1, .outcome = Outcome::delivered});
    pass(*this, keep_for - 10h);
    CHECK(log_of(*this, one) == std::vector{delivered, young});
    CHECK(log_of(*this, two) == std::vector{exhausted});
    CHECK_FALSE(this->event(two, exhausted).is_success);

    pass(*this, at_the_latest - keep_for);
    CHECK(log_of(*this, one) == std::vector{young});
    CHECK(log_of(*this, two).empty());
    CHECK(this->storage->find_event(admin, two, exhausted).error() == Errc::not_found);
    CHECK(this->storage->reopen_event(admin, two, exhausted).error() == Errc::not_found);
    CHECK(this->storage->reopen_undelivered(admin, two, {}, {}, 10).value().count == 0);
    CHECK(this->storage->statistics(admin, two, {}).value().waiting == 0);
    CHECK(this->event(one, young).payload == "young");

    pass(*this, keep_for);
    CHECK(log_of(*this, one).empty());
    CHECK(this->append_one(one) > young);
}

STORAGE_TEST("without a retention, events stay") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered});
    for (int day = 0; day < 3; ++day) {
        this->clock->advance(1000h);
        settle(*this);
        CHECK_FALSE(this->storage->maintain({.limit = 100}).value());
    }
    CHECK(log_of(*this, id) == std::vector{event});
}

STORAGE_TEST("old events are deleted in small batches, and waiting ones keep no others") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<EventId> waiting;
    EventId last{};
    for (int i = 0; i < 10; ++i) {
        last = this->append_one(id);
        const bool waits = i % 3 == 0;
        if (waits) waiting.push_back(last);
        this->record(id, last,
                     {.number = 1, .outcome = waits ? Outcome::retry : Outcome::delivered},
                     waits ? std::optional(this->clock->now() + 1000h) : std::nullopt);
    }
    settle(*this);
    this->clock->advance(2 * keep_for);
    CHECK(this->storage->maintain({.limit = 4, .keep_events_for = keep_for}).value());
    CHECK(log_of(*this, id).size() == 8);
    CHECK(this->storage->maintain({.limit = 4, .keep_events_for = keep_for}).value());
    CHECK_FALSE(this->storage->maintain({.limit = 4, .keep_events_for = keep_for}).value());
    CHECK(log_of(*this, id) == waiting);
}

STORAGE_TEST("a waiting event is kept completely until it has ended") {
    const SubscriptionId one = this->subscribe().id;
    const SubscriptionId two = this->subscribe().id;
    const Appended both = this->append({one, two}, "both").value().appends[0].value();
    const EventId waiting = both.first_event;
    const EventId delivered{waiting.value + 1};
    this->record(one, waiting, {.number = 1, .outcome = Outcome::retry}, this->clock->now());
    this->record(two, delivered, {.number = 1, .outcome = Outcome::delivered});
    settle(*this);
    this->clock->advance(10 * keep_for);
    maintain(*this);
    CHECK(this->history(one, waiting).attempts.size() == 1);
    REQUIRE(this->claim() == std::vector{waiting});
    maintain(*this);
    this->clock->advance(2h);
    maintain(*this);
    CHECK(this->event(one, waiting).payload == "both");

    this->record(one, waiting, {.number = 2, .outcome = Outcome::delivered}, {}, true);
    this->clock->advance(2h);
    maintain(*this);
    CHECK(log_of(*this, one).empty());
    CHECK(log_of(*this, two).empty());
}

STORAGE_TEST("an event that may be in a worker's memory stays") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->clock->advance(10 * keep_for);
    maintain(*this);
    REQUIRE(log_of(*this, id) == std::vector{event});

    this->replace_worker();
    maintain(*this);
    this->take_over();
    maintain(*this);
    CHECK(log_of(*this, id) == std::vector{event});
    REQUIRE(this->claim() == std::vector{event});
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    this->clock->advance(2h);
    maintain(*this);
    CHECK(log_of(*this, id).empty());
}

STORAGE_TEST("a resent event is kept until it has ended again") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered});
    settle(*this);
    this->clock->advance(2 * keep_for);
    this->storage->reopen_event(alice, id, event).value();
    maintain(*this);
    REQUIRE(this->claim() == std::vector{event});
    this->record(id, event, {.number = 2, .outcome = Outcome::exhausted}, {}, true);
    this->clock->advance(2h);
    maintain(*this);
    CHECK(log_of(*this, id).empty());
    CHECK(this->storage->reopen_event(alice, id, event).error() == Errc::not_found);
}

STORAGE_TEST("a heartbeat returns the id after which the worker's next events come") {
    const SubscriptionId id = this->subscribe().id;
    CHECK(this->storage->heartbeat(this->worker.id).value().last_event == this->worker.last_event);
    const EventId event = this->append_one(id);
    const EventId last = this->storage->heartbeat(this->worker.id).value().last_event;
    CHECK(last >= event);
    CHECK(this->append_one(id) > last);
}

STORAGE_TEST("an idempotency key returns its receipt after its events are deleted") {
    const SubscriptionId id = this->subscribe().id;
    const IdempotencyKey key{.scope = "alice", .key = "k", .digest = std::string(32, 'a')};
    const Appended first = this->append({id}, "1", key).value().appends[0].value();
    this->record(id, first.first_event, {.number = 1, .outcome = Outcome::delivered});
    settle(*this);
    for (int hour = 0; hour < 4; ++hour) {
        settle(*this);
        while (this->storage->maintain({.limit = 10, .keep_events_for = 1h}).value()) {
        }
        this->clock->advance(1h);
    }
    REQUIRE(log_of(*this, id).empty());
    const Appended again = this->append({id}, "1", key).value().appends[0].value();
    CHECK(again.is_replay);
    CHECK(again.first_event == first.first_event);
    CHECK(log_of(*this, id).empty());
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
