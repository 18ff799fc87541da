#pragma once

#include <map>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/testing/storage_contract/retention.hpp>

namespace webhooks::testing::storage_contract {
namespace {

/// Reads the page of a feed.
FeedRows feed_page(Fixture& fixture, SubscriptionId id, std::optional<FeedPosition> from,
                   std::size_t take = 100) {
    return fixture.storage
        ->read_feed(alice, id, {.from = from, .take = take, .max_bytes = 1'000'000})
        .value();
}

STORAGE_TEST("a feed has each event of a subscription once, in order, however it ended") {
    const SubscriptionId id = this->subscribe().id;
    const SubscriptionId other = this->subscribe().id;
    std::vector<EventId> events;
    for (const char* payload : {"one", "two", "three"}) {
        events.push_back(this->append({id, other}, payload).value().appends[0].value().first_event);
    }
    this->record(id, events[0], {.number = 1, .outcome = Outcome::delivered});
    this->record(id, events[1], {.number = 1, .outcome = Outcome::cancelled});

    const FeedRows first = feed_page(*this, id, std::nullopt, 2);
    CHECK(ids(first.events) == std::vector{events[0], events[1]});
    CHECK(first.has_more);
    CHECK_FALSE(first.gap);
    CHECK(*first.events[1].message->payload == "two");
    CHECK(first.events[1].message->event_type == "order.created");
    CHECK(first.events[1].message->content_type == "application/json");
    CHECK(first.events[1].worker_tag == this->worker.tag);
    CHECK(first.events[1].created_at == this->clock->now());
    CHECK(first.events[1].due == Time{});

    const FeedRows second = feed_page(*this, id, first.next, 2);
    CHECK(ids(second.events) == std::vector{events[2]});
    CHECK_FALSE(second.has_more);
    CHECK(feed_page(*this, id, second.next).events.empty());
    const EventId late = this->append_one(id, "four");
    CHECK(ids(feed_page(*this, id, second.next).events) == std::vector{late});
}

STORAGE_TEST("only who may see a subscription reads its feed") {
    const SubscriptionId id = this->subscribe().id;
    this->append_one(id);
    CHECK(this->storage->read_feed(admin, id, {.take = 1}).value().events.size() == 1);
    CHECK(this->storage->read_feed(bob, id, {.take = 1}).error() == Errc::not_found);
    this->storage->delete_subscription(alice, id).value();
    CHECK(this->storage->read_feed(alice, id, {.take = 1}).error() == Errc::not_found);
}

STORAGE_TEST("feeds with something to read are found, and deleted ones") {
    const SubscriptionId quiet = this->subscribe().id;
    const SubscriptionId busy = this->subscribe().id;
    const SubscriptionId deleted = this->subscribe().id;
    CHECK(this->storage->feed_changes({}).value().empty());
    const EventId first = this->append_one(busy);
    const EventId second = this->append_one(busy);
    this->append_one(quiet);
    this->storage->delete_subscription(alice, deleted).value();
    const EventId last = feed_page(*this, quiet, std::nullopt).next.after;
    const auto changes = [&](EventId after) {
        std::map<SubscriptionId, EventId> found;
        for (const FeedChange& change : this->storage
                                            ->feed_changes({{.subscription = quiet, .after = last},
                                                            {.subscription = busy, .after = after},
                                                            {.subscription = deleted}})
                                            .value()) {
            CHECK(found.emplace(change.subscription, change.newest).second);
        }
        return found;
    };
    CHECK(changes(first).size() == 2);
    CHECK(changes(first).at(busy) == second);
    CHECK(changes(first).at(deleted) > last);
    CHECK_FALSE(changes(second).contains(busy));
}

STORAGE_TEST("a feed begins at a time, or now") {
    using namespace std::chrono_literals;
    const SubscriptionId id = this->subscribe().id;
    this->append_one(id, "old");
    this->clock->advance(1h);
    const Time since = this->clock->now();
    const EventId young = this->append_one(id, "young");
    FeedRequest request{.since = since, .take = 10, .max_bytes = 1000};
    CHECK(ids(this->storage->read_feed(alice, id, request).value().events) == std::vector{young});
    request.since = since + 1s;
    CHECK(this->storage->read_feed(alice, id, request).value().events.empty());

    const FeedRows now =
        this->storage->read_feed(alice, id, {.only_newest_position = true, .take = 10}).value();
    CHECK(now.events.empty());
    CHECK_FALSE(now.has_more);
    const EventId later = this->append_one(id, "later");
    CHECK(ids(feed_page(*this, id, now.next).events) == std::vector{later});
}

STORAGE_TEST("a page of a feed ends with the event that exceeds its size") {
    const SubscriptionId id = this->subscribe().id;
    for (int i = 0; i < 4; ++i) {
        this->append_one(id, std::string(100, 'x'));
    }
    FeedRequest request{.take = 10, .max_bytes = 150};
    FeedRows page = this->storage->read_feed(alice, id, request).value();
    CHECK(page.events.size() == 2);
    CHECK(page.has_more);
    request.from = page.next;
    page = this->storage->read_feed(alice, id, request).value();
    CHECK(page.events.size() == 2);
    CHECK_FALSE(page.has_more);
}

STORAGE_TEST(
    "a feed shows when a scheduled event is due, and leaves out deleted and expired ones") {
    using namespace std::chrono_literals;
    const SubscriptionId id = this->subscribe().id;
    const Time due = this->clock->now() + 1h;
    const EventId scheduled =
        this->append({id}, "{}", {}, due).value().appends[0].value().first_event;
    const EventId deleted = this->append_one(id);
    this->storage->delete_event(alice, id, deleted).value();
    Message expiring = *message("{}");
    expiring.expires_at = this->clock->now() + 10min;
    Batch batch{.revision = this->revision()};
    batch.appends.push_back(
        {.message = std::make_shared<const Message>(expiring), .subscriptions = {id}});
    const EventId expires = this->write(batch).appends[0].value().first_event;

    const FeedRows page = feed_page(*this, id, std::nullopt);
    CHECK(ids(page.events) == std::vector{scheduled, expires});
    CHECK(page.events[0].due == due);
    this->clock->advance(10min);
    CHECK(ids(feed_page(*this, id, std::nullopt).events) == std::vector{scheduled});
}

STORAGE_TEST("a position of another database, or ahead of the log, is rejected") {
    const SubscriptionId id = this->subscribe().id;
    this->append_one(id);
    const FeedRows page = feed_page(*this, id, std::nullopt);
    FeedRequest request{.from = page.next, .take = 1};
    request.from->database += 1;
    CHECK(this->storage->read_feed(alice, id, request).error() == Errc::invalid_argument);
    request.from = page.next;
    request.from->after.value += 1000;
    CHECK(this->storage->read_feed(alice, id, request).error() == Errc::invalid_argument);
}

STORAGE_TEST("who comes back after the retention has deleted events is told, once") {
    const SubscriptionId id = this->subscribe().id;
    const auto deliver = [&] {
        const EventId event = this->append_one(id);
        this->record(id, event, {.number = 1, .outcome = Outcome::delivered});
        return event;
    };
    const EventId read = deliver();
    const FeedRows before = feed_page(*this, id, std::nullopt);
    const EventId missed = deliver();
    pass(*this, at_the_latest + std::chrono::hours(2));
    const EventId kept = deliver();
    REQUIRE(log_of(*this, id) == std::vector{kept});

    const FeedRows gap = feed_page(*this, id, before.next);
    REQUIRE(gap.gap);
    CHECK(gap.events.empty());
    CHECK(gap.gap->after == before.next.after);
    CHECK(gap.gap->after >= read);
    CHECK(gap.gap->until >= missed);
    CHECK(gap.gap->until < kept);
    const FeedRows next = feed_page(*this, id, gap.next);
    CHECK_FALSE(next.gap);
    CHECK(ids(next.events) == std::vector{kept});
    CHECK(ids(feed_page(*this, id, std::nullopt).events) == std::vector{kept});
    // Who has read all is told nothing, however much is deleted afterwards.
    pass(*this, at_the_latest + std::chrono::hours(2));
    CHECK_FALSE(feed_page(*this, id, next.next).gap);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
