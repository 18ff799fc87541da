#pragma once

/// @file
/// What a worker holds of a queue behind the event whose turn it is.

#include <webhooks/testing/storage_contract/ordering.hpp>

namespace webhooks::testing::storage_contract {
namespace {

STORAGE_TEST("a worker gets the turns of what it holds behind an event as each ends") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(3);
    const EventId second = event_after(first, 1);
    const EventId third = event_after(first, 2);
    CHECK(this->appended_after({}) == std::vector{first, second, third});
    CHECK(events.blocked_by(second) == first);
    CHECK(events.blocked_by(third) == second);
    BatchReceipt receipt = events.record(first, 1, Outcome::delivered);
    CHECK(receipt.turns == std::vector{second});
    CHECK(receipt.returned.empty());
    CHECK(receipt.released == 0);
    CHECK(this->claim().empty());
    CHECK_FALSE(events.blocked_by(second));
    receipt = events.record(second, 1, Outcome::exhausted);
    CHECK(receipt.turns == std::vector{third});
    CHECK(events.record(third, 1, Outcome::delivered).turns.empty());
    CHECK(this->event(events.subscription, third).is_success);
    CHECK(events.append_held(1) == event_after(third, 1));
}

STORAGE_TEST(
    "what a worker holds behind an event goes back to storage when the event waits for a retry") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(3);
    const EventId second = event_after(first, 1);
    const EventId third = event_after(first, 2);
    events.set_custody(third, Custody::in_memory, this->clock->now());
    BatchReceipt receipt = events.record(first, 1, Outcome::retry, this->clock->now());
    CHECK(receipt.returned == std::vector{second, third});
    CHECK(receipt.turns.empty());
    CHECK(events.append(1) == std::vector{event_after(third, 1)});
    CHECK(events.next() == std::vector{first});
    receipt = events.record(first, 2, Outcome::delivered, {}, true);
    CHECK(receipt.released == 1);
    CHECK(events.next() == std::vector{second});
    events.record(second, 1, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{third});
}

STORAGE_TEST(
    "what a worker holds behind an event goes back to storage when it returns or reserves the "
    "event") {
    if (!this->storage->keeps_order()) return;
    for (const Custody custody : {Custody::unclaimed, Custody::reserved}) {
        const OrderedEvents events{*this};
        const EventId first = events.append_held(2);
        const EventId second = event_after(first, 1);
        CHECK(events.set_custody(first, custody, this->clock->now()).returned ==
              std::vector{second});
        // Behind one that is not in its memory it holds none.
        CHECK(this->write(events.batch_of(1)).waiting == std::vector{event_after(second, 1)});
        const bool is_reserved = custody == Custody::reserved;
        CHECK((is_reserved ? this->claim_reserved(events.subscription) : events.next()) ==
              std::vector{first});
        CHECK(this->claim().empty());
        events.record(first, 1, Outcome::delivered, {}, true);
        CHECK(events.next() == std::vector{second});
    }
}

STORAGE_TEST("an event that was resent goes before what a worker holds behind another one") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(3);
    const EventId second = event_after(first, 1);
    const EventId third = event_after(first, 2);
    events.record(first, 1, Outcome::exhausted);
    REQUIRE(this->storage->reopen_event(admin, events.subscription, first));
    CHECK(this->claim().empty());
    CHECK(events.blocked_by(first) == second);
    const BatchReceipt receipt = events.record(second, 1, Outcome::delivered);
    CHECK(receipt.turns.empty());
    CHECK(receipt.returned == std::vector{third});
    CHECK(receipt.released == 1);
    CHECK(events.next() == std::vector{first});
    events.record(first, 2, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{third});
}

STORAGE_TEST("a worker can return or end an event that it holds behind another one") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(4);
    const EventId second = event_after(first, 1);
    const EventId third = event_after(first, 2);
    const EventId fourth = event_after(first, 3);
    CHECK(events.record(second, 1, Outcome::cancelled).turns.empty());
    const BatchReceipt returned =
        events.set_custody(fourth, Custody::unclaimed, this->clock->now());
    CHECK(returned.returned.empty());
    CHECK(events.next().empty());
    CHECK(events.record(first, 1, Outcome::delivered).turns == std::vector{third});
    CHECK(this->claim().empty());
    events.record(third, 1, Outcome::delivered);
    CHECK(events.next() == std::vector{fourth});
}

STORAGE_TEST("an event that is deleted while a worker holds it behind another one gets no turn") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(3);
    REQUIRE(this->storage->delete_event(admin, events.subscription, event_after(first, 1)));
    CHECK(events.blocked_by(event_after(first, 2)) == first);
    CHECK(events.record(first, 1, Outcome::delivered).turns == std::vector{event_after(first, 2)});
}

STORAGE_TEST("an event that was deleted during its turn keeps its place, but not indefinitely") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(1);
    REQUIRE(this->storage->delete_event(admin, events.subscription, first));
    // The worker may not know of the first one, and would wait for its turn.
    const BatchReceipt receipt = events.write(events.batch_of(1));
    const EventId second = receipt.appends.at(0).value().first_event;
    CHECK(receipt.waiting == std::vector{second});
    this->clock->advance(deleted_turn_lifetime);
    this->storage->maintain({.limit = 10}).value();
    CHECK(events.next().empty());
    this->clock->advance(1s);
    this->storage->maintain({.limit = 10}).value();
    CHECK(events.next() == std::vector{second});
}

STORAGE_TEST("what a lost worker held behind an event follows it") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId first = events.append_held(3);
    this->replace_worker();
    this->take_over();
    CHECK(events.next().empty());
    this->clock->advance(deadline_of_ordered(0s));
    for (int number = 0; number < 3; ++number) {
        const EventId event = event_after(first, number);
        CHECK(events.next() == std::vector{event});
        events.record(event, 1, Outcome::delivered, {}, true);
    }
}

STORAGE_TEST("a claim that is undone returns what was behind it") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    events.append(1, this->clock->now());
    const std::vector<EventId> claimed =
        ids(this->storage->claim(this->worker.id, 10, 7).value().events);
    REQUIRE(claimed.size() == 1);
    const std::vector<EventId> behind = this->write(events.batch_of(1)).behind;
    REQUIRE(behind.size() == 1);
    REQUIRE(this->storage->unclaim(this->worker.id, 7));
    CHECK(events.next() == claimed);
    events.record(claimed[0], 1, Outcome::delivered, {}, true);
    CHECK(events.next() == behind);
}

STORAGE_TEST("a claim also takes what follows an event in its queue, unless that has failed") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    events.append(3, this->clock->now());
    Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(claim.events.size() == 1);
    const EventId first = claim.events[0].id;
    CHECK(ids(claim.behind) == std::vector{event_after(first, 1), event_after(first, 2)});
    CHECK(this->storage->claim(this->worker.id, 10).value().behind.empty());
    // What it publishes follows them.
    CHECK(this->write(events.batch_of(1)).behind == std::vector{event_after(first, 3)});
    CHECK(events.record(first, 1, Outcome::retry, this->clock->now(), true).returned.size() == 3);
    claim = this->storage->claim(this->worker.id, 10).value();
    CHECK(ids(claim.events) == std::vector{first});
    CHECK(claim.behind.empty());
    events.record(first, 2, Outcome::delivered, {}, true);
    // As many as fit.
    claim = this->storage->claim(this->worker.id, 2).value();
    CHECK(ids(claim.events) == std::vector{event_after(first, 1)});
    CHECK(ids(claim.behind) == std::vector{event_after(first, 2)});
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
