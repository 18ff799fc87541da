#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

inline Notice only_notice(Storage& storage) {
    const std::vector<Notice> notices = storage.notices(0).value();
    REQUIRE(notices.size() == 1);
    return notices.front();
}

// ---- What several workers find out of one endpoint.

STORAGE_TEST("the longest pause and the earliest failure are kept, from any worker") {
    const Subscription before = this->subscribe();
    const Time now = this->clock->now();
    const auto write = [&](std::optional<Time> failing_since, std::optional<Time> paused_until) {
        this->write({.states = {{before.id, before.revision, failing_since, paused_until}}});
        return this->storage->find_subscription(alice, before.id).value();
    };
    CHECK(write(now - 1h, now + 1h).paused_until == now + 1h);
    CHECK(write(now - 1min, now + 1min).paused_until == now + 1h);
    CHECK(write(now - 1min, {}).paused_until == now + 1h);
    CHECK(write(now - 1min, {}).failing_since == now - 1h);
    CHECK(write(now - 2h, now + 2h).paused_until == now + 2h);
    CHECK(write(now - 1min, {}).failing_since == now - 2h);
    CHECK_FALSE(write({}, {}).failing_since);
    CHECK(write({}, {}).paused_until == now + 2h);
    CHECK(this->storage->notices(0).value().empty());
}

STORAGE_TEST("a success ends the pauses that it was made in, and no longer one") {
    const Subscription before = this->subscribe();
    const Time now = this->clock->now();
    this->write({.states = {{before.id, before.revision, now, now + 1h}}});
    const auto end = [&](Time pause) {
        this->write(
            {.states = {
                 {.subscription = before.id, .revision = before.revision, .ended_pause = pause}}});
        return this->storage->find_subscription(alice, before.id).value().paused_until;
    };
    CHECK(end(now + 1h - 1us) == now + 1h);
    CHECK_FALSE(end(now + 1h));
}

STORAGE_TEST("every worker hears of a pause that an endpoint asked for, and of its early end") {
    const Subscription subscription = this->subscribe();
    const Time now = this->clock->now();
    EndpointState state{.subscription = subscription.id,
                        .revision = subscription.revision,
                        .failing_since = now,
                        .paused_until = now + 1h,
                        .is_requested = true};
    this->write({.states = {state}});
    const Notice begins = only_notice(*this->storage);
    CHECK(begins.subscription == subscription.id);
    CHECK(begins.revision == subscription.revision);
    CHECK(begins.paused_until == now + 1h);
    CHECK_FALSE(begins.deleted_event);
    CHECK(this->storage->heartbeat(this->worker.id).value().last_notice == begins.number);
    CHECK(this->storage->notices(begins.number).value().empty());

    this->write({.states = {{.subscription = subscription.id,
                             .revision = subscription.revision,
                             .ended_pause = now + 1h}}});
    const std::vector<Notice> ends = this->storage->notices(begins.number).value();
    REQUIRE(ends.size() == 1);
    CHECK(ends.front().number > begins.number);
    CHECK(ends.front().subscription == subscription.id);
    CHECK_FALSE(ends.front().paused_until);

    // Of an earlier version there is nothing to say.
    state.revision = subscription.revision - 1;
    this->write({.states = {state}});
    CHECK(this->storage->notices(ends.front().number).value().empty());
}

STORAGE_TEST("nobody hears of a pause that ended by itself") {
    const Subscription subscription = this->subscribe();
    const Time end = this->clock->now() + 1h;
    this->write({.states = {{subscription.id, subscription.revision, end - 1h, end}}});
    this->clock->advance(1h);
    this->write({.states = {{.subscription = subscription.id,
                             .revision = subscription.revision,
                             .ended_pause = end}}});
    CHECK(this->storage->notices(0).value().empty());
}

// ---- Events that are deleted while a worker holds them.

STORAGE_TEST("every worker hears that an event was deleted which a worker holds") {
    const SubscriptionId id = this->subscribe().id;
    EventId event{};
    SECTION("in its memory alone") {
        event = this->append_one(id);
    }
    SECTION("as recorded") {
        event = this->append_one(id);
        this->set_custody(id, event, Custody::in_memory, this->clock->now());
    }
    SECTION("as reserved") {
        event = this->append_one(id);
        this->set_custody(id, event, Custody::reserved, this->clock->now());
    }
    SECTION("as claimed") {
        event = this->record_one(id);
        REQUIRE(this->claim() == std::vector{event});
    }
    this->storage->delete_event(alice, id, event).value();
    const Notice notice = only_notice(*this->storage);
    CHECK(notice.subscription == id);
    CHECK(notice.deleted_event == event);
    CHECK(this->storage->heartbeat(this->worker.id).value().last_notice == notice.number);
}

STORAGE_TEST("nobody hears that an event was deleted which no worker holds") {
    const SubscriptionId id = this->subscribe().id;
    EventId event{};
    SECTION("delivered") {
        event = this->append_one(id);
        this->record(id, event, {.number = 1, .outcome = Outcome::delivered});
    }
    SECTION("waiting for a retry") {
        event = this->append_one(id);
        this->record(id, event, {.number = 1, .outcome = Outcome::retry}, this->clock->now() + 1h);
    }
    this->storage->delete_event(alice, id, event).value();
    CHECK(this->storage->notices(0).value().empty());
    CHECK(this->storage->heartbeat(this->worker.id).value().last_notice == 0);
}

STORAGE_TEST("notices are kept for a day") {
    const SubscriptionId id = this->subscribe().id;
    this->storage->delete_event(alice, id, this->append_one(id)).value();
    const std::int64_t first = only_notice(*this->storage).number;
    this->clock->advance(24h - 1s);
    while (this->storage->maintain({.limit = 10}).value()) {
    }
    CHECK(this->storage->notices(0).value().size() == 1);
    this->clock->advance(1s);
    while (this->storage->maintain({.limit = 10}).value()) {
    }
    CHECK(this->storage->notices(0).value().empty());
    this->storage->delete_event(alice, id, this->append_one(id)).value();
    CHECK(only_notice(*this->storage).number > first);
}

// ---- Requested events.

STORAGE_TEST("an event is as requested until a worker has had it in its memory") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const auto claimed = [&] {
        const std::vector<HeldEvent> held = this->storage->claim(this->worker.id, 1).value().events;
        REQUIRE(ids(held) == std::vector{event});
        return held.front();
    };
    this->record(id, event, {.number = 1, .outcome = Outcome::retry}, this->clock->now());
    CHECK_FALSE(claimed().is_requested);
    this->set_custody(id, event, Custody::unclaimed, this->clock->now());
    this->storage->reopen_event(alice, id, event).value();
    SECTION("at first") {
        CHECK(claimed().is_requested);
    }
    SECTION("where the answer to a claim was lost") {
        this->storage->claim(this->worker.id, 1, 7).value();
        this->storage->unclaim(this->worker.id, 7).value();
        CHECK(claimed().is_requested);
    }
    SECTION("as one of several") {
        CHECK(claimed().is_requested);
        this->write(
            {.custody_changes = {
                 {.event = event, .subscription = id, .due = this->clock->now(), .attempts = 1}}});
        CHECK(this->storage->reopen_undelivered(alice, id, {}, {}, 10).value().count == 1);
        CHECK(claimed().is_requested);
    }
    SECTION("not after it was recorded") {
        CHECK(claimed().is_requested);
        this->set_custody(id, event, Custody::unclaimed, this->clock->now());
        CHECK_FALSE(claimed().is_requested);
    }
    SECTION("not after it was reserved") {
        CHECK(claimed().is_requested);
        this->set_custody(id, event, Custody::reserved, this->clock->now());
        const auto held = this->storage->claim_reserved(this->worker.id, id, 1).value();
        REQUIRE(ids(held) == std::vector{event});
        CHECK_FALSE(held.front().is_requested);
    }
    SECTION("not after its worker died") {
        CHECK(claimed().is_requested);
        this->replace_worker();
        this->take_over();
        CHECK_FALSE(claimed().is_requested);
    }
}

// ---- What claims know.

STORAGE_TEST("a claim tells the revision of the subscriptions that its events are for") {
    this->subscribe();
    const Revision before = this->revision();
    const Subscription fresh = this->subscribe();
    this->record_one(fresh.id);
    const Claim claim = this->storage->claim(this->worker.id, 10).value();
    REQUIRE(claim.events.size() == 1);
    CHECK(claim.revision > before);
    CHECK(claim.revision == this->revision());
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
