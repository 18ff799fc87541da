#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

// ---- Custody.

STORAGE_TEST("an unclaimed event can be claimed by any worker once it is due") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now() + 5s;
    this->write({.custody_changes = {{.event = event,
                                      .subscription = id,
                                      .due = due,
                                      .attempts = 7,
                                      .attempts_since_reopened = 3,
                                      .custody = Custody::unclaimed}}});
    CHECK(this->event(id, event).next_retry_at == due);
    CHECK(this->claim().empty());

    this->clock->advance(5s);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(ids(claim.events) == std::vector{event});
    CHECK(claim.events.front().attempts == 7);
    CHECK(claim.events.front().attempts_since_reopened == 3);
    CHECK(claim.events.front().has_row);
}

STORAGE_TEST("an event that is recorded as in memory stays in its worker's memory") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now() + 5s;
    this->set_custody(id, event, Custody::in_memory, due);
    CHECK(this->event(id, event).next_retry_at == due);
    CHECK(this->appended_after({}).empty());

    this->clock->advance(5s);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    CHECK(claim.events.empty());
    CHECK_FALSE(claim.next_due);
    CHECK(this->claim_reserved(id).empty());

    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    CHECK(this->event(id, event).is_success);
}

STORAGE_TEST("a reserved event waits only for its worker, even past its due time") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time due = this->clock->now() + 5s;
    this->write({.custody_changes = {{.event = event,
                                      .subscription = id,
                                      .due = due,
                                      .attempts = 7,
                                      .attempts_since_reopened = 3,
                                      .custody = Custody::reserved}}});
    CHECK(this->event(id, event).next_retry_at == due);
    this->clock->advance(10s);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    CHECK(claim.events.empty());
    CHECK_FALSE(claim.next_due);

    const std::vector<HeldEvent> held =
        this->storage->claim_reserved(this->worker.id, id, 10).value();
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().subscription == id);
    CHECK(held.front().worker_tag == this->worker.tag);
    CHECK(*held.front().message->payload == "{}");
    CHECK(held.front().attempts == 7);
    CHECK(held.front().attempts_since_reopened == 3);
    CHECK(held.front().has_row);
}

STORAGE_TEST("the custody of an event in memory can change") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time now = this->clock->now();
    this->set_custody(id, event, Custody::in_memory, now);
    this->set_custody(id, event, Custody::reserved, now + 1h);
    REQUIRE(this->claim_reserved(id) == std::vector{event});
    this->set_custody(id, event, Custody::unclaimed, now);
    CHECK(this->claim() == std::vector{event});
}

// ---- claim_reserved.

STORAGE_TEST("reserved events come back in order of id, and fewer than the limit means the end") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<EventId> events;
    for (int i = 0; i < 5; ++i) {
        events.push_back(this->append_one(id));
    }
    // Neither the order in which they were reserved nor when they are due matters.
    for (const std::size_t i : {3U, 0U, 4U, 2U, 1U}) {
        this->set_custody(id, events[i], Custody::reserved,
                          this->clock->now() - static_cast<int>(i) * 1s);
    }
    const auto take = [&](std::size_t limit) {
        return ids(this->storage->claim_reserved(this->worker.id, id, limit).value());
    };
    CHECK(take(2) == std::vector{events[0], events[1]});
    CHECK(take(2) == std::vector{events[2], events[3]});
    CHECK(take(2) == std::vector{events[4]});
    CHECK(take(2).empty());
}

STORAGE_TEST("claim_reserved returns the reserved events of one subscription") {
    const SubscriptionId one = this->subscribe().id;
    const SubscriptionId two = this->subscribe().id;
    const EventId event = this->append({one, two}).value().appends.front().value().first_event;
    this->set_custody(one, event, Custody::reserved, this->clock->now());
    this->set_custody(two, {event.value + 1}, Custody::reserved, this->clock->now());
    CHECK(this->claim_reserved(two) == std::vector{EventId{event.value + 1}});
    CHECK(this->claim_reserved(one) == std::vector{event});
}

STORAGE_TEST("claim_reserved never returns events in memory or unclaimed") {
    const SubscriptionId id = this->subscribe().id;
    const EventId claimed = this->record_one(id);
    REQUIRE(this->claim() == std::vector{claimed});
    this->append_one(id);
    this->set_custody(id, this->append_one(id), Custody::in_memory, this->clock->now());
    this->set_custody(id, this->append_one(id), Custody::unclaimed, this->clock->now());
    CHECK(this->claim_reserved(id).empty());
}

STORAGE_TEST("claim_reserved never returns another worker's events") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->set_custody(id, event, Custody::reserved, this->clock->now());
    if (const std::optional<Worker> other = this->second_worker()) {
        CHECK(this->storage->claim_reserved(other->id, id, 10).value().empty());
    }
    const WorkerId retired = this->worker.id;
    this->replace_worker();
    CHECK(this->claim_reserved(id).empty());
    CHECK(this->storage->claim_reserved(retired, id, 10).error() == Errc::fenced);
}

STORAGE_TEST("a reserved event that was taken back can be delivered") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->set_custody(id, event, Custody::reserved, this->clock->now());
    REQUIRE(this->claim_reserved(id) == std::vector{event});
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    CHECK(this->event(id, event).is_success);
    this->replace_worker();
    this->take_over();
    CHECK(this->claim().empty());
}

STORAGE_TEST("deleting a reserved event leaves nothing to take back") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->set_custody(id, event, Custody::reserved, this->clock->now());
    this->storage->delete_event(alice, id, event).value();
    CHECK(this->claim_reserved(id).empty());
}

// ---- Changes of custody and attempts in one batch.

inline Batch changed_and_attempted(SubscriptionId id, EventId event, Time now, Custody custody,
                                   Outcome outcome, std::optional<Time> due = {}) {
    Batch batch;
    batch.custody_changes.push_back(
        {.event = event, .subscription = id, .due = now, .custody = custody});
    batch.attempts.push_back({.event = event,
                              .subscription = id,
                              .attempt = {.number = 1, .sent_at = now, .outcome = outcome},
                              .due = due,
                              .attempts_since_reopened = 1,
                              .has_row = true});
    return batch;
}

STORAGE_TEST("in one batch an event is recorded as in memory and then delivered") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->write(changed_and_attempted(id, event, this->clock->now(), Custody::in_memory,
                                      Outcome::delivered));
    CHECK(this->event(id, event).is_success);
    CHECK_FALSE(this->event(id, event).next_retry_at);
    this->replace_worker();
    this->take_over();
    CHECK(this->claim().empty());
}

STORAGE_TEST("in one batch an event is recorded as in memory and then waits for its retry") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time now = this->clock->now();
    this->write(
        changed_and_attempted(id, event, now, Custody::in_memory, Outcome::retry, now + 5s));
    CHECK(this->event(id, event).next_retry_at == now + 5s);
    this->clock->advance(5s);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(ids(claim.events) == std::vector{event});
    CHECK(claim.events.front().attempts == 1);
    CHECK(claim.events.front().attempts_since_reopened == 1);
}

STORAGE_TEST("in one batch an event that was released has no later attempt") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->write(changed_and_attempted(id, event, this->clock->now(), Custody::unclaimed,
                                      Outcome::delivered));
    CHECK(this->history(id, event).attempts.empty());
    CHECK(this->claim() == std::vector{event});
}

// ---- Writes that come too late.

STORAGE_TEST("an attempt that is written twice counts once, and the rest of its batch is written") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Attempt attempt{.number = 1, .outcome = GENERATE(Outcome::delivered, Outcome::exhausted)};
    this->record(id, event, attempt);
    const Event before = this->event(id, event);

    Batch again{.number = 5, .revision = this->revision()};
    again.attempts.push_back(
        {.event = event, .subscription = id, .attempt = attempt, .attempts_since_reopened = 1});
    again.appends.push_back({.message = this->message("2"), .subscriptions = {id}});
    CHECK(this->write(again).appends.front());
    CHECK(this->storage->heartbeat(this->worker.id).value().last_batch == 5);
    CHECK(this->history(id, event).attempts.size() == 1);
    CHECK(this->event(id, event).is_success == before.is_success);
}

STORAGE_TEST("a change of custody of a delivered event does not send it again") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    this->record(id, event, {.number = 1, .outcome = Outcome::delivered});
    this->set_custody(id, event, Custody::unclaimed, this->clock->now());
    CHECK(this->event(id, event).is_success);
    CHECK(this->claim().empty());
}

// ---- Appended for later.

STORAGE_TEST("a delayed append is in no worker's memory, and due at its time") {
    const SubscriptionId id = this->subscribe().id;
    const Time due = this->clock->now() + 1h;
    const EventId event =
        this->append({id}, "{}", {}, due).value().appends.front().value().first_event;
    CHECK(this->appended_after({}).empty());
    CHECK(this->event(id, event).next_retry_at == due);
    const Claim early = this->storage->claim(this->worker.id, 10).value();
    CHECK(early.events.empty());
    CHECK(early.next_due == due);

    this->clock->advance(1h);
    const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(ids(held) == std::vector{event});
    CHECK(held.front().attempts == 0);
    CHECK(held.front().attempts_since_reopened == 0);
    CHECK(held.front().has_row);
}

STORAGE_TEST("the expiry of a message is returned with each event that is read back") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    Message message = *this->message("{}");
    message.expires_at = now + 1h;
    Batch batch{.revision = this->revision()};
    const Append append{.message = std::make_shared<Message>(message), .subscriptions = {id}};
    batch.appends = {append, append};
    batch.appends.front().due = now;
    const BatchReceipt receipt = this->write(batch);

    const auto claimed = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(claimed.size() == 1);
    CHECK(claimed.front().message->expires_at == now + 1h);
    const auto appended = this->storage->appended_after(this->worker.id, {}, 10).value();
    REQUIRE(appended.size() == 1);
    CHECK(appended.front().message->expires_at == now + 1h);
    this->set_custody(id, appended.front().id, Custody::reserved, now);
    const auto reserved = this->storage->claim_reserved(this->worker.id, id, 10).value();
    REQUIRE(reserved.size() == 1);
    CHECK(reserved.front().message->expires_at == now + 1h);

    this->record_one(id);
    CHECK_FALSE(this->storage->claim(this->worker.id, 10).value().events.at(0).message->expires_at);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
