#pragma once

#include <utility>
#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// The contract of a storage that keeps order. Of another one nothing is required.
struct OrderedEvents {
    Fixture& test;
    SubscriptionId subscription = test.subscribe().id;
    /// Of the latest record or change of custody.
    mutable std::vector<EventId> turns = {};

    Batch batch_of(int count, std::optional<Time> due = {}, const std::string& key = "K") const {
        Batch batch{.revision = test.revision()};
        auto message = std::make_shared<Message>(*Fixture::message("{}"));
        message->ordering_key = key;
        for (int i = 0; i < count; ++i) {
            Append append{.message = message, .subscriptions = {subscription}, .due = due};
            batch.appends.push_back(append);
        }
        return batch;
    }

    /// What the worker gets behind others it returns.
    /// @return the events that wait in storage
    std::vector<EventId> append(int count, std::optional<Time> due = {},
                                const std::string& key = "K") const {
        BatchReceipt receipt = test.write(batch_of(count, due, key));
        for (const EventId event : receipt.behind) {
            set_custody(event, Custody::unclaimed, test.clock->now());
            receipt.waiting.push_back(event);
        }
        std::ranges::sort(receipt.waiting);
        return receipt.waiting;
    }

    /// Appends events, of which the worker gets all but the first one behind others. @return the
    /// first one
    EventId append_held(int count) const {
        const BatchReceipt receipt = test.write(batch_of(count));
        const EventId first = receipt.appends.at(0).value().first_event;
        CHECK(receipt.waiting.empty());
        CHECK(receipt.behind.size() == static_cast<std::size_t>(count) - 1);
        return first;
    }

    BatchReceipt record(EventId event, int number, Outcome outcome, std::optional<Time> due = {},
                        bool has_row = false) const {
        AttemptRecord record{.event = event,
                             .subscription = subscription,
                             .attempt = {.number = number, .outcome = outcome},
                             .due = due,
                             .attempts_since_reopened = number,
                             .has_row = has_row,
                             .is_ordered = true};
        if (outcome == Outcome::delivered) record.attempt.status_code = 200;
        Batch batch;
        batch.attempts.push_back(record);
        return write(batch);
    }

    BatchReceipt set_custody(EventId event, Custody custody, Time due) const {
        CustodyChange change{.event = event,
                             .subscription = subscription,
                             .due = due,
                             .custody = custody,
                             .is_ordered = true};
        Batch batch;
        batch.custody_changes.push_back(change);
        return write(batch);
    }

    BatchReceipt write(const Batch& batch) const {
        BatchReceipt receipt = test.write(batch);
        turns = receipt.turns;
        return receipt;
    }

    /// The events that the worker may attempt now: it held them behind others, or claims them.
    std::vector<EventId> next() const {
        std::vector<EventId> found = std::exchange(turns, {});
        const std::vector<EventId> claimed = test.claim();
        found.insert(found.end(), claimed.begin(), claimed.end());
        return found;
    }

    std::optional<EventId> blocked_by(EventId event) const {
        const auto found = test.storage->find_event(admin, subscription, event).value().event;
        CHECK(test.event(subscription, event).blocked_by == found.blocked_by);
        return found.blocked_by;
    }
};

inline EventId event_after(EventId first, int count) {
    return {first.value + count};
}

STORAGE_TEST(
    "a worker holds only the first event with an ordering key, and the next follows its end") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const std::vector<EventId> waiting = events.append(3);
    REQUIRE(waiting.size() == 2);
    const EventId first{waiting.front().value - 1};
    CHECK(this->appended_after({}) == std::vector{first});
    CHECK(events.next().empty());
    CHECK(events.blocked_by(waiting[0]) == first);
    CHECK(events.blocked_by(waiting[1]) == waiting[0]);
    CHECK_FALSE(events.blocked_by(first));
    const Event shown = this->event(events.subscription, waiting[1]);
    CHECK(shown.ordering_key == "K");
    CHECK(shown.next_retry_at);

    const Time later = this->clock->now() + 5s;
    events.record(first, 1, Outcome::retry, later);
    CHECK(this->storage->claim(this->worker.id, 10).value().next_due == later);
    CHECK(events.next().empty());
    this->clock->advance(5s);
    CHECK(events.next() == std::vector{first});
    events.record(first, 2, Outcome::exhausted, {}, true);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(ids(claim.events) == std::vector{waiting[0]});
    CHECK(claim.events.front().message->ordering_key == "K");
    CHECK(ids(claim.behind) == std::vector{waiting[1]});
    events.record(waiting[0], 1, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{waiting[1]});
}

STORAGE_TEST("events with other ordering keys, subscriptions or none do not wait") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    CHECK(events.append(1).empty());
    CHECK(events.append(1, {}, "L").empty());
    CHECK(OrderedEvents{*this}.append(1).empty());
    CHECK(this->append({events.subscription}).value().waiting.empty());
}

STORAGE_TEST("a list finds events by their ordering key") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    events.append(2);
    events.append(1, {}, "L");
    this->append({events.subscription}).value();
    const auto count = [&](const char* filter) {
        const ListQuery query = ListQuery::parse({.filter = filter}, ListKind::events).value();
        return this->storage->list_events(admin, events.subscription, query).value().total;
    };
    CHECK(count("orderingKey eq 'K'") == 2);
    CHECK(count("orderingKey ne null and isSuccess eq false") == 3);
    CHECK(count("orderingKey eq null") == 1);
}

STORAGE_TEST("of events with an ordering key that are due at once one can be claimed") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    CHECK(events.append(3, this->clock->now()).empty());
    const std::vector<EventId> claimed = events.next();
    REQUIRE(claimed.size() == 1);
    CHECK(events.next().empty());
    events.record(claimed[0], 1, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{event_after(claimed[0], 1)});
    CHECK(events.append(1).size() == 1);
}

STORAGE_TEST("a reserved event with an ordering key keeps its turn, and an unclaimed one is next") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId second = events.append(2).at(0);
    const EventId first{second.value - 1};
    events.set_custody(first, Custody::reserved, this->clock->now());
    CHECK(events.next().empty());
    CHECK(this->claim_reserved(events.subscription) == std::vector{first});
    events.set_custody(first, Custody::unclaimed, this->clock->now() + 5s);
    CHECK(events.next().empty());
    this->clock->advance(5s);
    CHECK(events.next() == std::vector{first});
}

STORAGE_TEST("a claim that is undone leaves the order as it was") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    events.append(2, this->clock->now());
    const std::vector<EventId> claimed =
        ids(this->storage->claim(this->worker.id, 10, 7).value().events);
    REQUIRE(claimed.size() == 1);
    REQUIRE(this->storage->unclaim(this->worker.id, 7));
    CHECK(events.next() == claimed);
    events.record(claimed[0], 1, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{event_after(claimed[0], 1)});
}

STORAGE_TEST("a resent event takes its place by id, behind one that a worker has in memory") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId second = events.append(3).at(0);
    const EventId first{second.value - 1};
    events.record(first, 1, Outcome::exhausted);
    REQUIRE(events.next() == std::vector{second});
    REQUIRE(this->storage->reopen_event(admin, events.subscription, first));
    CHECK(events.blocked_by(first) == second);
    CHECK(events.next().empty());
    // It waits for a retry, and gives way.
    events.record(second, 1, Outcome::retry, this->clock->now(), true);
    CHECK(events.next() == std::vector{first});
    CHECK(events.blocked_by(second) == first);
    // What is only reserved gives way, too.
    events.record(first, 2, Outcome::exhausted, {}, true);
    REQUIRE(events.next() == std::vector{second});
    events.set_custody(second, Custody::reserved, this->clock->now());
    CHECK(this->storage->reopen_undelivered(admin, events.subscription, {.since = Time{}}, {}, 1)
              .value()
              .count == 1);
    CHECK(events.next() == std::vector{first});
    CHECK(this->claim_reserved(events.subscription).empty());
    events.record(first, 3, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{second});
}

STORAGE_TEST("an event is not reserved in front of one that was resent while a worker had it") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId second = events.append(2).at(0);
    const EventId first{second.value - 1};
    events.record(first, 1, Outcome::exhausted);
    REQUIRE(events.next() == std::vector{second});
    REQUIRE(this->storage->reopen_event(admin, events.subscription, first));
    events.set_custody(second, Custody::reserved, this->clock->now());
    CHECK(events.next() == std::vector{first});
    CHECK(this->claim_reserved(events.subscription).empty());
    CHECK(events.blocked_by(second) == first);
    events.record(first, 2, Outcome::delivered, {}, true);
    CHECK(events.next() == std::vector{second});
}

STORAGE_TEST("the next event follows a deletion, or the end of one in memory") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId second = events.append(4).at(0);
    const EventId first{second.value - 1};
    REQUIRE(this->storage->delete_event(admin, events.subscription, second));
    REQUIRE(this->storage->delete_event(admin, events.subscription, first));
    CHECK(events.next().empty());
    events.record(first, 1, Outcome::delivered);
    const EventId third = event_after(second, 1);
    REQUIRE(events.next() == std::vector{third});
    events.set_custody(third, Custody::reserved, this->clock->now());
    REQUIRE(this->storage->delete_event(admin, events.subscription, third));
    CHECK(events.next() == std::vector{event_after(second, 2)});
}

STORAGE_TEST("what a lost worker had of a queue is due once its request must be over") {
    if (!this->storage->keeps_order()) return;
    const OrderedEvents events{*this};
    const EventId second = events.append(2).at(0);
    const EventId first{second.value - 1};
    REQUIRE(events.append(2, this->clock->now(), "L").empty());
    const std::vector<EventId> of_other = events.next();
    REQUIRE(of_other.size() == 1);
    events.append(1, {}, "M");
    REQUIRE(this->storage->delete_event(admin, events.subscription, event_after(of_other[0], 2)));
    CHECK(events.append(1, {}, "M").size() == 1);
    this->replace_worker();
    this->take_over();
    CHECK(events.next() == std::vector{event_after(of_other[0], 3)});
    const auto due = this->storage->claim(this->worker.id, 10).value().next_due;
    CHECK(due == this->clock->now() + deadline_of_ordered(0s));
    this->clock->advance(deadline_of_ordered(0s));
    CHECK(events.next() == std::vector{first, of_other[0]});
    CHECK(events.next().empty());
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
