#pragma once

#include <algorithm>
#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

inline Attempt failed_once(Time sent_at) {
    return {.number = 1,
            .sent_at = sent_at,
            .duration = 17ms,
            .status_code = 500,
            .response = "oops",
            .error_message = "endpoint responded with 500",
            .outcome = Outcome::retry};
}

STORAGE_TEST("the events of a batch have consecutive ids in order and read back exactly") {
    const SubscriptionId one = this->subscribe().id;
    const SubscriptionId two = this->subscribe("bob").id;
    const std::string payload = "{\"a\": \"\xC3\xA9\xF0\x9F\x98\x80\", \"b\" :1e400 }\n";
    const Appended both = this->append({one, two}, payload).value().appends.front().value();
    const Appended next = this->append({one}, "2").value().appends.front().value();
    CHECK(both.count == 2);
    CHECK_FALSE(both.is_replay);
    CHECK(next.first_event.value == both.first_event.value + 2);

    const Page<Event> page = this->storage->list_events(alice, one, {}).value();
    CHECK(page.total == 2);
    REQUIRE(page.items.size() == 2);
    const Event& event = page.items.front();
    CHECK(event.id == both.first_event);
    CHECK(event.subscription_id == one);
    CHECK(event.event_type == "order.created");
    CHECK(event.payload == payload);
    CHECK(event.created_at == this->clock->now());
    CHECK_FALSE(event.status_code);
    CHECK_FALSE(event.response);
    CHECK_FALSE(event.error_message);
    CHECK_FALSE(event.sent_at);
    CHECK_FALSE(event.next_retry_at);
    CHECK_FALSE(event.is_success);
    CHECK(event.retry_count == 0);
    CHECK(this->storage->list_events(bob, two, {}).value().items.front().payload == payload);
}

STORAGE_TEST("an event shows its latest attempt") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time first = this->clock->now();
    this->record(id, event, failed_once(first), first + 5s);
    const Event waiting = this->event(id, event);
    CHECK(waiting.status_code == 500);
    CHECK(waiting.response == "oops");
    CHECK(waiting.error_message == "endpoint responded with 500");
    CHECK(waiting.sent_at == first);
    CHECK(waiting.next_retry_at == first + 5s);
    CHECK(waiting.retry_count == 0);

    this->clock->advance(5s);
    REQUIRE(this->storage->claim(this->worker.id, 10).value().events.size() == 1);
    SECTION("delivered") {
        this->record(id, event,
                     {.number = 2,
                      .sent_at = first + 5s,
                      .status_code = 204,
                      .response = "",
                      .outcome = Outcome::delivered},
                     {}, true);
        const Event delivered = this->event(id, event);
        CHECK(delivered.is_success);
        CHECK(delivered.status_code == 204);
        CHECK(delivered.response == "");
        CHECK_FALSE(delivered.error_message);
        CHECK_FALSE(delivered.next_retry_at);
        CHECK(delivered.sent_at == first + 5s);
        CHECK(delivered.retry_count == 1);
    }
    SECTION("cancelled") {
        this->record(id, event,
                     {.number = 2,
                      .sent_at = first + 5s,
                      .error_message = "cancelled: why",
                      .outcome = Outcome::cancelled},
                     {}, true);
        const Event cancelled = this->event(id, event);
        CHECK_FALSE(cancelled.is_success);
        CHECK(cancelled.error_message == "cancelled: why");
        CHECK_FALSE(cancelled.status_code);
        CHECK_FALSE(cancelled.sent_at);
        CHECK_FALSE(cancelled.next_retry_at);
        CHECK(cancelled.retry_count == 0);
    }
}

STORAGE_TEST("one event is found with every attempt, in order") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id, "payload");
    CHECK(this->storage->find_event(alice, id, event).value().attempts.empty());
    const Time now = this->clock->now();
    this->record(id, event, failed_once(now), now);
    REQUIRE(this->claim() == std::vector{event});
    this->record(id, event,
                 {.number = 2, .sent_at = now + 1s, .duration = 3us, .outcome = Outcome::delivered},
                 {}, true);

    const EventHistory history = this->storage->find_event(alice, id, event).value();
    CHECK(history.event.id == event);
    CHECK(history.event.payload == "payload");
    CHECK(history.event.is_success);
    REQUIRE(history.attempts.size() == 2);
    const Attempt& first = history.attempts[0];
    CHECK(first.number == 1);
    CHECK(first.sent_at == now);
    CHECK(first.duration == 17ms);
    CHECK(first.status_code == 500);
    CHECK(first.response == "oops");
    CHECK(first.error_message == "endpoint responded with 500");
    CHECK(first.outcome == Outcome::retry);
    const Attempt& second = history.attempts[1];
    CHECK(second.number == 2);
    CHECK(second.sent_at == now + 1s);
    CHECK(second.duration == 3us);
    CHECK_FALSE(second.status_code);
    CHECK_FALSE(second.response);
    CHECK_FALSE(second.error_message);
    CHECK(second.outcome == Outcome::delivered);
}

STORAGE_TEST("an event is found only under its own subscription, by those who may see it") {
    const SubscriptionId id = this->subscribe("alice").id;
    const SubscriptionId other = this->subscribe("alice").id;
    const EventId event = this->append_one(id);
    CHECK(this->storage->find_event(bob, id, event).error() == Errc::not_found);
    CHECK(this->storage->find_event(alice, other, event).error() == Errc::not_found);
    CHECK(this->storage->find_event(alice, id, {event.value + 1}).error() == Errc::not_found);
    CHECK(this->storage->find_event(admin, id, event));
}

STORAGE_TEST("a batch with appends matched at an old revision is rejected completely") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Revision old = this->revision();
    this->subscribe();
    Batch batch{.revision = old};
    batch.appends.push_back({.message = this->message("{}"), .subscriptions = {id}});
    batch.attempts.push_back({.event = event,
                              .subscription = id,
                              .attempt = {.number = 1, .outcome = Outcome::delivered}});
    CHECK(this->storage->write(this->worker.id, batch).error() == Errc::stale_revision);
    CHECK(this->storage->list_events(alice, id, {}).value().total == 1);
    CHECK_FALSE(this->event(id, event).is_success);

    batch.appends.clear();
    CHECK(this->storage->write(this->worker.id, batch));
    CHECK(this->event(id, event).is_success);
}

STORAGE_TEST("an idempotency key returns the first receipt for 24 hours") {
    const SubscriptionId id = this->subscribe().id;
    const IdempotencyKey key{.scope = "alice", .key = "k", .digest = std::string(32, '\xA7')};
    const Appended first = this->append({id}, "1", key).value().appends.front().value();
    this->clock->advance(24h - 1us);
    const Appended again = this->append({id}, "1", key).value().appends.front().value();
    CHECK(again.is_replay);
    CHECK(again.first_event == first.first_event);
    CHECK(again.count == 1);
    CHECK(this->storage->list_events(alice, id, {}).value().total == 1);

    IdempotencyKey other_content = key;
    other_content.digest = std::string(32, 'b');
    IdempotencyKey other_scope = key;
    other_scope.scope = "bob";
    Batch batch{.revision = this->revision()};
    for (const IdempotencyKey& each : {other_content, other_scope}) {
        batch.appends.push_back(
            {.message = this->message("2"), .subscriptions = {id}, .idempotency = each});
    }
    const BatchReceipt receipt = this->storage->write(this->worker.id, batch).value();
    REQUIRE(receipt.appends.size() == 2);
    CHECK(receipt.appends[0].error() == Errc::conflict);
    CHECK_FALSE(receipt.appends[1].value().is_replay);

    this->clock->advance(1us);
    CHECK_FALSE(this->storage->maintain({.limit = 100}).value());
    CHECK_FALSE(this->append({id}, "1", key).value().appends.front().value().is_replay);
}

STORAGE_TEST("one key twice in a batch publishes once, even if nothing matched") {
    const IdempotencyKey key{.scope = "alice", .key = "k", .digest = std::string(32, 'a')};
    Batch batch{.revision = this->revision()};
    batch.appends.assign(2,
                         {.message = this->message("1"), .subscriptions = {}, .idempotency = key});
    const BatchReceipt receipt = this->storage->write(this->worker.id, batch).value();
    CHECK_FALSE(receipt.appends[0].value().is_replay);
    CHECK(receipt.appends[1].value().is_replay);
    CHECK(receipt.appends[1].value().count == 0);
}

STORAGE_TEST("waiting events are claimed once, when due, earliest first") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    const EventId later = this->append_one(id, "later");
    const EventId sooner = this->append_one(id, "sooner");
    this->record(id, later, {.number = 1, .outcome = Outcome::retry}, now + 20s);
    this->record(id, sooner, {.number = 1, .outcome = Outcome::retry}, now + 10s);

    Claim claim = this->storage->claim(this->worker.id, 10).value();
    CHECK(claim.events.empty());
    CHECK(claim.next_due == now + 10s);

    this->clock->advance(20s);
    claim = this->storage->claim(this->worker.id, 1).value();
    REQUIRE(claim.events.size() == 1);
    const HeldEvent held = claim.events.front();
    CHECK(held.id == sooner);
    CHECK(held.subscription == id);
    CHECK(held.worker_tag == this->worker.tag);
    const EventHistory history = this->storage->find_event(admin, id, sooner).value();
    CHECK(history.webhook_id.ends_with("_" + std::to_string(sooner.value)));
    CHECK(history.content_type == "application/json");
    CHECK(*held.message->payload == "sooner");
    CHECK(held.message->event_type == "order.created");
    CHECK(held.message->content_type == "application/json");
    CHECK(held.attempts == 1);
    CHECK(held.attempts_since_reopened == 1);
    CHECK(held.has_row);
    CHECK(claim.next_due == now + 20s);
    CHECK(this->event(id, sooner).next_retry_at == now + 10s);

    claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(claim.events.size() == 1);
    CHECK(claim.events.front().id == later);
    CHECK_FALSE(claim.next_due);
    CHECK(this->storage->claim(this->worker.id, 10).value().events.empty());

    this->record(id, sooner, {.number = 2, .outcome = Outcome::retry}, now + 60s, true);
    CHECK(this->storage->claim(this->worker.id, 10).value().next_due == now + 60s);
}

STORAGE_TEST("a claim ends before a payload that does not fit, but takes one event") {
    const SubscriptionId id = this->subscribe().id;
    for (int i = 0; i < 4; ++i) {
        const EventId event = this->append_one(id, "0123456789");
        this->record(id, event, {.number = 1, .outcome = Outcome::retry}, this->clock->now());
    }
    const auto claimed = [&](std::size_t payload_bytes) {
        return this->storage->claim(this->worker.id, {10, payload_bytes, 10}).value();
    };
    const Claim two = claimed(25);
    CHECK(two.events.size() == 2);
    CHECK(two.next_due == this->clock->now());
    CHECK(claimed(9).events.size() == 1);
    CHECK(claimed(10).events.size() == 1);
    CHECK(claimed(10).events.empty());
}

STORAGE_TEST("an event recorded as unclaimed waits without an attempt") {
    const SubscriptionId id = this->subscribe().id;
    const EventId appended = this->record_one(id);
    const EventId recorded = this->append_one(id);
    Batch batch;
    batch.custody_changes.push_back(
        {.event = recorded, .subscription = id, .due = this->clock->now() + 1s, .attempts = 0});
    this->storage->write(this->worker.id, batch).value();
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(claim.events.size() == 1);
    CHECK(claim.events.front().id == appended);
    CHECK(claim.events.front().attempts == 0);
    CHECK(claim.next_due == this->clock->now() + 1s);
}

STORAGE_TEST("results of a deleted event change nothing") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    CHECK(this->storage->delete_event(alice, {id.value + 1}, event).error() == Errc::not_found);
    this->storage->delete_event(alice, id, event).value();
    CHECK(this->storage->delete_event(alice, id, event).error() == Errc::not_found);
    CHECK(this->storage->list_events(alice, id, {}).value().total == 0);

    this->record(id, event, {.number = 1, .outcome = Outcome::retry}, this->clock->now());
    Batch batch;
    batch.custody_changes.push_back(
        {.event = event, .subscription = id, .due = this->clock->now()});
    this->storage->write(this->worker.id, batch).value();
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    CHECK(claim.events.empty());
    CHECK_FALSE(claim.next_due);
}

STORAGE_TEST("an id is never assigned twice, even after the newest event was deleted") {
    const SubscriptionId id = this->subscribe().id;
    const EventId first = this->append_one(id);
    this->storage->delete_event(alice, id, first).value();
    CHECK(this->append_one(id) > first);
}

STORAGE_TEST("a retired worker returns its events, and is fenced") {
    const SubscriptionId id = this->subscribe().id;
    const EventId delivered = this->append_one(id);
    const EventId claimed = this->record_one(id);
    const EventId fresh = this->append_one(id);
    this->record(id, delivered, {.number = 1, .outcome = Outcome::delivered});
    REQUIRE(this->storage->claim(this->worker.id, 10).value().events.size() == 1);
    this->storage->retire_worker(this->worker.id).value();

    const Worker next = this->storage->register_worker(10s).value();
    CHECK(next.id != this->worker.id);
    CHECK(next.tag != this->worker.tag);
    while (this->storage->take_over(next.id, 1).value() == 1) {
    }
    const Claim claim = this->storage->claim(next.id, 10).value();
    REQUIRE(claim.events.size() == 2);
    CHECK(claim.events[0].id == claimed);
    CHECK(claim.events[1].id == fresh);
    CHECK(claim.events[1].worker_tag == this->worker.tag);

    Storage& seam = *this->storage;
    CHECK(seam.write(this->worker.id, {}).error() == Errc::fenced);
    CHECK(seam.claim(this->worker.id, 1).error() == Errc::fenced);
    CHECK(seam.heartbeat(this->worker.id).error() == Errc::fenced);
    CHECK(seam.take_over(this->worker.id, 1).error() == Errc::fenced);
}

STORAGE_TEST("a takeover skips events below the low-water mark") {
    const SubscriptionId id = this->subscribe().id;
    const EventId settled = this->append_one(id);
    const EventId open = this->append_one(id);
    Batch batch{.low_water = settled};
    batch.attempts.push_back({.event = settled,
                              .subscription = id,
                              .attempt = {.number = 1, .outcome = Outcome::exhausted}});
    this->storage->write(this->worker.id, batch).value();
    this->storage->retire_worker(this->worker.id).value();
    const Worker next = this->storage->register_worker(10s).value();
    this->storage->take_over(next.id, 100).value();
    const Claim claim = this->storage->claim(next.id, 10).value();
    REQUIRE(claim.events.size() == 1);
    CHECK(claim.events.front().id == open);
}

STORAGE_TEST(
    "events that failed since a time are reopened, in batches, with a full set of attempts") {
    const SubscriptionId id = this->subscribe().id;
    const auto fail = [&](std::optional<Time> due) {
        const EventId event = this->append_one(id);
        this->record(id, event,
                     {.number = 1,
                      .sent_at = this->clock->now(),
                      .outcome = due ? Outcome::retry : Outcome::exhausted},
                     due);
        return event;
    };
    fail({});
    this->clock->advance(1s);
    const Time since = this->clock->now();
    const EventId ended = fail({});
    const EventId waiting = fail(since + 1h);
    const EventId last = fail({});
    // Neither in memory, nor delayed, nor delivered.
    this->append_one(id);
    this->append({id}, "{}", {}, since + 1h).value();
    this->record(id, this->append_one(id),
                 {.number = 1, .sent_at = since, .outcome = Outcome::delivered});

    const auto reopen = [&](EventId after) {
        return this->storage->reopen_undelivered(alice, id, {since}, after, 2).value();
    };
    const Reopened first = reopen({});
    CHECK(first.count == 2);
    CHECK(first.next == waiting);
    const Reopened second = reopen(*first.next);
    CHECK(second.count == 1);
    CHECK_FALSE(second.next);

    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(claim.events.size() == 3);
    for (const EventId event : {ended, waiting, last}) {
        const auto held = std::ranges::find(claim.events, event, &HeldEvent::id);
        REQUIRE(held != claim.events.end());
        CHECK(held->attempts == 1);
        CHECK(held->attempts_since_reopened == 0);
    }
    CHECK(claim.next_due == since + 1h);
    // A worker has them now.
    CHECK(reopen({}).count == 0);
    CHECK(this->storage->reopen_event(alice, id, ended).error() == Errc::conflict);
    CHECK(this->storage->reopen_undelivered(bob, id, {since}, {}, 2).error() == Errc::not_found);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
