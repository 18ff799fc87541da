#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

// How a worker finds out the outcome of a batch whose result was lost.

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a heartbeat returns the number of the worker's latest written batch") {
    const auto last_batch = [&] {
        return this->storage->heartbeat(this->worker.id).value().last_batch;
    };
    CHECK(last_batch() == 0);
    this->write({.number = 1});
    CHECK(last_batch() == 1);
    this->write({.number = 7});
    CHECK(last_batch() == 7);
}

STORAGE_TEST("a rejected batch is not reported as written") {
    const Revision old = this->revision();
    const SubscriptionId id = this->subscribe().id;
    this->write({.number = 1});
    Batch stale{.number = 2, .revision = old};
    stale.appends.push_back({.message = this->message("{}"), .subscriptions = {id}});
    CHECK(this->storage->write(this->worker.id, stale).error() == Errc::stale_revision);
    CHECK(this->storage->heartbeat(this->worker.id).value().last_batch == 1);
    CHECK(this->appended_after({}).empty());
}

STORAGE_TEST("each worker counts its own batches") {
    this->write({.number = 5});
    if (const std::optional<Worker> other = this->second_worker()) {
        CHECK(this->storage->heartbeat(other->id).value().last_batch == 0);
        this->storage->write(other->id, {.number = 9}).value();
        CHECK(this->storage->heartbeat(this->worker.id).value().last_batch == 5);
    }
    this->replace_worker();
    CHECK(this->storage->heartbeat(this->worker.id).value().last_batch == 0);
}

STORAGE_TEST("a worker's appended events are read back completely, in order of id") {
    const SubscriptionId one = this->subscribe().id;
    const SubscriptionId two = this->subscribe().id;
    const EventId first = this->append({one, two}, "1").value().appends[0].value().first_event;
    const EventId last = this->append_one(two, "2");
    const std::vector<HeldEvent> events =
        this->storage->appended_after(this->worker.id, {}, 10).value();
    REQUIRE(ids(events) == std::vector{first, EventId{first.value + 1}, last});
    CHECK(events[0].subscription == one);
    CHECK(events[1].subscription == two);
    CHECK(events[0].worker_tag == this->worker.tag);
    CHECK(*events[1].message->payload == "1");
    CHECK(events[1].message->event_type == "order.created");
    CHECK(events[1].message->content_type == "application/json");
    CHECK(*events[2].message->payload == "2");
    CHECK(events[2].attempts == 0);
    CHECK(events[2].attempts_since_reopened == 0);
    CHECK_FALSE(events[2].has_row);
}

STORAGE_TEST("appended_after begins after an id and ends at a limit") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<EventId> events;
    for (int i = 0; i < 4; ++i) {
        events.push_back(this->append_one(id));
    }
    CHECK(ids(this->storage->appended_after(this->worker.id, events[0], 2).value()) ==
          std::vector{events[1], events[2]});
    CHECK(this->appended_after(events[2]) == std::vector{events[3]});
    CHECK(this->appended_after(events[3]).empty());
}

STORAGE_TEST("appended_after skips events that were attempted or have a row") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::delivered});
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::retry}, now);
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::exhausted});
    for (const Custody where : {Custody::unclaimed, Custody::in_memory, Custody::reserved}) {
        this->set_custody(id, this->append_one(id), where, now);
    }
    this->record_one(id);
    this->storage->delete_event(alice, id, this->append_one(id)).value();
    const EventId open = this->append_one(id);
    CHECK(this->appended_after({}) == std::vector{open});
}

STORAGE_TEST("appended_after skips events of another worker") {
    const SubscriptionId id = this->subscribe().id;
    this->append_one(id);
    if (const std::optional<Worker> other = this->second_worker()) {
        CHECK(this->storage->appended_after(other->id, {}, 10).value().empty());
    }
    const WorkerId retired = this->worker.id;
    this->replace_worker();
    const EventId own = this->append_one(id);
    CHECK(this->appended_after({}) == std::vector{own});
    CHECK(this->storage->appended_after(retired, {}, 10).error() == Errc::fenced);
}

STORAGE_TEST("only the claim whose result was lost is undone, by its number") {
    const SubscriptionId id = this->subscribe().id;
    const EventId first = this->record_one(id);
    REQUIRE(this->storage->claim(this->worker.id, 1, 1).value().events.size() == 1);
    const EventId lost = this->record_one(id);
    const EventId reserved = this->append_one(id);
    this->write({.custody_changes = {{.event = reserved,
                                      .subscription = id,
                                      .due = this->clock->now(),
                                      .custody = Custody::reserved}}});
    REQUIRE(this->storage->claim(this->worker.id, 10, 2).value().events.size() == 1);
    REQUIRE(this->storage->claim_reserved(this->worker.id, id, 10, 3).value().size() == 1);

    this->storage->unclaim(this->worker.id, 4).value();
    CHECK(this->storage->claim(this->worker.id, 10, 5).value().events.empty());
    for (const auto& [number, event] : {std::pair(2, lost), std::pair(3, reserved)}) {
        this->storage->unclaim(this->worker.id, number).value();
        const Claim again = this->storage->claim(this->worker.id, 10, 10 + number).value();
        REQUIRE(again.events.size() == 1);
        CHECK(again.events.front().id == event);
    }
    CHECK(first < lost);
    CHECK(this->storage->unclaim({999}, 1).error() == Errc::fenced);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
