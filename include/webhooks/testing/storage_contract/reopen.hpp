#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a waiting event is due now when it is reopened, with a full set of attempts") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time now = this->clock->now();
    this->record(id, event, {.number = 1, .outcome = Outcome::retry}, now + 1h);
    this->storage->reopen_event(alice, id, event).value();
    CHECK(this->event(id, event).next_retry_at == now);
    const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().attempts == 1);
    CHECK(held.front().attempts_since_reopened == 0);
}

STORAGE_TEST("an event that has ended is resent when it is reopened") {
    const Outcome outcome = GENERATE(Outcome::exhausted, Outcome::cancelled, Outcome::expired);
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = outcome});
    CHECK(this->claim().empty());
    this->storage->reopen_event(alice, id, event).value();
    CHECK(this->event(id, event).next_retry_at == this->clock->now());
    CHECK(this->claim() == std::vector{event});
}

STORAGE_TEST("a reopened delivered event is not a success while it waits") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .status_code = 200, .outcome = Outcome::delivered});
    const ListQuery query =
        ListQuery::parse({.filter = "isSuccess eq true"}, ListKind::events).value();
    const auto successes = [&] {
        return this->storage->list_events(alice, id, query).value().total.value();
    };
    REQUIRE(successes() == 1);
    this->storage->reopen_event(alice, id, event).value();
    const Event waiting = this->event(id, event);
    CHECK_FALSE(waiting.is_success);
    CHECK(waiting.next_retry_at == this->clock->now());
    CHECK(waiting.status_code == 200);
    CHECK(successes() == 0);

    const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().attempts == 1);
    CHECK(held.front().attempts_since_reopened == 0);
    this->record(id, event, {.number = 2, .outcome = Outcome::delivered}, {}, true);
    CHECK(this->event(id, event).is_success);
    CHECK_FALSE(this->event(id, event).next_retry_at);
    CHECK(successes() == 1);
}

STORAGE_TEST("a reserved event is taken from its worker when it is reopened") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->write({.custody_changes = {{.event = event,
                                      .subscription = id,
                                      .due = this->clock->now() + 1h,
                                      .attempts = 2,
                                      .attempts_since_reopened = 2,
                                      .custody = Custody::reserved}}});
    this->storage->reopen_event(alice, id, event).value();
    CHECK(this->claim_reserved(id).empty());
    CHECK(this->claim() == std::vector{event});
}

STORAGE_TEST("an event that a worker has in memory is not reopened") {
    const SubscriptionId id = this->subscribe().id;
    EventId event{};
    SECTION("appended") {
        event = this->append_one(id);
    }
    SECTION("recorded as in memory") {
        event = this->append_one(id);
        this->set_custody(id, event, Custody::in_memory, this->clock->now() + 1h);
    }
    SECTION("claimed") {
        event = this->record_one(id);
        REQUIRE(this->claim() == std::vector{event});
    }
    SECTION("reserved and taken back") {
        event = this->append_one(id);
        this->set_custody(id, event, Custody::reserved, this->clock->now() + 1h);
        REQUIRE(this->claim_reserved(id) == std::vector{event});
    }
    const std::optional<Time> due = this->event(id, event).next_retry_at;
    CHECK(this->storage->reopen_event(alice, id, event).error() == Errc::conflict);
    CHECK(this->event(id, event).next_retry_at == due);
    CHECK(this->claim().empty());
}

STORAGE_TEST("an event that is absent or another user's is not found") {
    const SubscriptionId id = this->subscribe("alice").id;
    const SubscriptionId other = this->subscribe("alice").id;
    const EventId event = this->record_one(id);
    Storage& seam = *this->storage;
    CHECK(seam.reopen_event(alice, id, {event.value + 1}).error() == Errc::not_found);
    CHECK(seam.reopen_event(alice, other, event).error() == Errc::not_found);
    CHECK(seam.reopen_event(bob, id, event).error() == Errc::not_found);
    CHECK(seam.reopen_undelivered(bob, id, {}, {}, 10).error() == Errc::not_found);
    CHECK(seam.reopen_undelivered(alice, {999}, {}, {}, 10).error() == Errc::not_found);
    this->storage->delete_event(alice, id, event).value();
    CHECK(seam.reopen_event(admin, id, event).error() == Errc::not_found);
}

STORAGE_TEST("attempts of a reopened event continue their numbers, and count from 1") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = Outcome::exhausted});
    this->storage->reopen_event(alice, id, event).value();
    REQUIRE(this->claim() == std::vector{event});
    this->write({.attempts = {{.event = event,
                               .subscription = id,
                               .attempt = {.number = 2, .outcome = Outcome::retry},
                               .due = this->clock->now(),
                               .attempts_since_reopened = 1,
                               .has_row = true}}});
    const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().attempts == 2);
    CHECK(held.front().attempts_since_reopened == 1);
    const EventHistory history = this->history(id, event);
    REQUIRE(history.attempts.size() == 2);
    CHECK(history.attempts[1].number == 2);
}

// ---- All that was not delivered.

STORAGE_TEST("all failed events are reopened, and nothing else") {
    const SubscriptionId id = this->subscribe().id;
    const SubscriptionId other = this->subscribe().id;
    const Time later = this->clock->now() + 1h;
    const EventId waiting = this->append_one(id);
    this->record(id, waiting, {.number = 1, .outcome = Outcome::retry}, later);
    const EventId exhausted = this->append_one(id);
    this->record(id, exhausted, {.number = 1, .outcome = Outcome::exhausted});
    const EventId reserved = this->append_one(id);
    this->record(id, reserved, {.number = 1, .outcome = Outcome::retry}, this->clock->now());
    REQUIRE(this->storage->claim(this->worker.id, 10).value().events.size() == 1);
    this->write({.custody_changes = {{.event = reserved,
                                      .subscription = id,
                                      .due = later,
                                      .attempts = 1,
                                      .attempts_since_reopened = 1,
                                      .custody = Custody::reserved}}});
    const EventId untried = this->append_one(id);
    this->set_custody(id, untried, Custody::reserved, later);
    const EventId delivered = this->append_one(id);
    this->record(id, delivered, {.number = 1, .outcome = Outcome::delivered});
    const EventId held = this->append_one(id);
    this->set_custody(id, held, Custody::in_memory, later);
    this->append_one(id);
    this->record(other, this->append_one(other), {.number = 1, .outcome = Outcome::exhausted});

    const Reopened reopened = this->storage->reopen_undelivered(alice, id, {}, {}, 10).value();
    CHECK(reopened.count == 3);
    CHECK_FALSE(reopened.next);
    const std::vector<HeldEvent> events = this->storage->claim(this->worker.id, 10).value().events;
    CHECK(ids(events) == std::vector{waiting, exhausted, reserved});
    REQUIRE(events.size() == 3);
    CHECK(events[0].attempts == 1);
    CHECK(events[0].attempts_since_reopened == 0);
    CHECK(events[1].attempts_since_reopened == 0);
    CHECK(this->event(id, delivered).is_success);
    CHECK(this->event(id, held).next_retry_at == later);
    CHECK(this->claim_reserved(id) == std::vector{untried});
}

STORAGE_TEST("events created before a time are not reopened") {
    const SubscriptionId id = this->subscribe().id;
    const EventId before = this->append_one(id);
    this->clock->advance(1us);
    const Time since = this->clock->now();
    const EventId then = this->append_one(id);
    for (const EventId event : {before, then}) {
        this->record(id, event, {.number = 1, .outcome = Outcome::exhausted});
    }
    CHECK(this->storage->reopen_undelivered(alice, id, {since}, {}, 10).value().count == 1);
    CHECK(this->claim() == std::vector{then});
}

STORAGE_TEST("reopening continues after an id, up to a limit, until there is no next") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<EventId> events;
    for (int i = 0; i < 5; ++i) {
        events.push_back(this->append_one(id));
        this->record(id, events.back(), {.number = 1, .outcome = Outcome::exhausted});
    }
    const auto reopen = [&](EventId after) {
        return this->storage->reopen_undelivered(alice, id, {}, after, 2).value();
    };
    const Reopened first = reopen({});
    CHECK(first.count == 2);
    REQUIRE(first.next == events[1]);
    const Reopened second = reopen(*first.next);
    CHECK(second.count == 2);
    REQUIRE(second.next == events[3]);
    const Reopened third = reopen(*second.next);
    CHECK(third.count == 1);
    CHECK_FALSE(third.next);
    CHECK(reopen(events[4]).count == 0);
    CHECK(this->claim() == events);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
