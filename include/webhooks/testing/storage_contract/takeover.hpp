#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a worker's reserved events are unclaimed after a takeover, with the same due time") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now() + 1h;
    this->write({.custody_changes = {{.event = event,
                                      .subscription = id,
                                      .due = due,
                                      .attempts = 7,
                                      .attempts_since_reopened = 3,
                                      .custody = Custody::reserved}}});
    this->replace_worker();
    this->take_over();
    CHECK(this->storage->claim(this->worker.id, 10).value().next_due == due);
    this->clock->advance(1h);
    const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().attempts == 7);
    CHECK(held.front().attempts_since_reopened == 3);
}

STORAGE_TEST("a worker's events in memory are due at once after a takeover") {
    const SubscriptionId id = this->subscribe().id;
    const Time later = this->clock->now() + 1h;
    const EventId without_row = this->append_one(id);
    const EventId held = this->append_one(id);
    this->write({.custody_changes = {{.event = held,
                                      .subscription = id,
                                      .due = later,
                                      .attempts = 7,
                                      .attempts_since_reopened = 3,
                                      .custody = Custody::in_memory}}});
    const EventId taken_back = this->append_one(id);
    this->set_custody(id, taken_back, Custody::reserved, later);
    REQUIRE(this->claim_reserved(id) == std::vector{taken_back});
    const EventId claimed = this->record_one(id);
    REQUIRE(this->claim() == std::vector{claimed});

    this->replace_worker();
    this->take_over();
    const std::vector<HeldEvent> events = this->storage->claim(this->worker.id, 10).value().events;
    CHECK(ids(events) == std::vector{without_row, held, taken_back, claimed});
    REQUIRE(events.size() == 4);
    CHECK(events[1].attempts == 7);
    CHECK(events[1].attempts_since_reopened == 3);
}

STORAGE_TEST("a row is taken over once, however small the steps") {
    const SubscriptionId id = this->subscribe().id;
    for (const Custody where : {Custody::in_memory, Custody::reserved, Custody::in_memory}) {
        this->set_custody(id, this->append_one(id), where, this->clock->now());
    }
    this->append_one(id);
    this->replace_worker();
    while (this->storage->take_over(this->worker.id, 1).value() == 1) {
    }
    CHECK(this->claim().size() == 4);
    this->take_over();
    CHECK(this->claim().empty());
}

STORAGE_TEST("a takeover leaves ended events as they were") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = Outcome::exhausted});
    this->replace_worker();
    this->take_over();
    CHECK(this->claim().empty());
    CHECK_FALSE(this->event(id, event).next_retry_at);
}

STORAGE_TEST("a worker whose lease has expired is taken over like one that retired") {
    const SubscriptionId id = this->subscribe().id;
    const EventId reserved = this->append_one(id);
    this->set_custody(id, reserved, Custody::reserved, this->clock->now() + 1h);
    const EventId held = this->append_one(id);
    this->set_custody(id, held, Custody::in_memory, this->clock->now() + 1h);
    const std::optional<Worker> other = this->second_worker();
    if (!other) return;

    this->clock->advance(10s);
    REQUIRE(this->storage->heartbeat(other->id));
    this->storage->mark_expired(other->id).value();
    CHECK(this->storage->take_over(other->id, 10).value() == 0);
    this->clock->advance(1us);
    this->storage->mark_expired(other->id).value();
    CHECK(this->storage->take_over(other->id, 10).value() == 2);
    CHECK(this->storage->heartbeat(this->worker.id).error() == Errc::fenced);
    const Claim claim = this->storage->claim(other->id, 10).value();
    CHECK(ids(claim.events) == std::vector{held});
    CHECK(claim.next_due == this->clock->now() + 1h - 10s - 1us);
}

STORAGE_TEST("an attempt and a change of custody of an event that was given away change nothing") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now() + 1h;
    this->set_custody(id, event, Custody::unclaimed, due);
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    this->set_custody(id, event, Custody::unclaimed, due + 1h);
    const EventHistory after = this->history(id, event);
    CHECK(after.attempts.empty());
    CHECK(after.event.next_retry_at == due);
    CHECK(this->storage->claim(this->worker.id, 10).value().next_due == due);
}

STORAGE_TEST(
    "an attempt and a change of custody of an event that another worker has claimed change "
    "nothing") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now();
    this->set_custody(id, event, Custody::unclaimed, due);
    const std::optional<Worker> other = this->second_worker();
    if (!other) return;
    REQUIRE(ids(this->storage->claim(other->id, 10).value().events) == std::vector{event});

    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    this->set_custody(id, event, Custody::unclaimed, due + 1h);
    CHECK(this->history(id, event).attempts.empty());
    CHECK(this->event(id, event).next_retry_at == due);
    CHECK(this->claim().empty());

    Batch batch;
    batch.attempts.push_back({.event = event,
                              .subscription = id,
                              .attempt = {.number = 1, .outcome = Outcome::delivered},
                              .attempts_since_reopened = 1,
                              .has_row = true});
    this->storage->write(other->id, batch).value();
    CHECK(this->event(id, event).is_success);
}

STORAGE_TEST("a worker's writes about another worker's events change nothing") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const WorkerId first = this->worker.id;
    if (const std::optional<Worker> other = this->second_worker()) {
        this->worker = *other;
    } else {
        this->replace_worker();
    }
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    this->record(id, event, {.number = 1, .outcome = Outcome::exhausted});
    this->set_custody(id, event, Custody::reserved, this->clock->now());
    CHECK(this->history(id, event).attempts.empty());
    CHECK(this->claim_reserved(id).empty());
    // If storage supports only one worker at a time, the first has retired.
    static_cast<void>(this->storage->retire_worker(first));
    this->take_over();
    CHECK(this->claim() == std::vector{event});
}
}  // namespace
}  // namespace webhooks::testing::storage_contract
