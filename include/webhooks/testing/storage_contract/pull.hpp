#pragma once

#include <webhooks/testing/storage_contract/feed.hpp>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/testing/storage_contract/operational_fixture.hpp>
#include <webhooks/testing/storage_contract/retention.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// A subscription that is read, and one that is delivered to.
struct PulledEvents {
    Fixture& test;
    SubscriptionId pulled = subscribe(test);
    SubscriptionId pushed = test.subscribe().id;

    static SubscriptionId subscribe(Fixture& test, const std::string& pattern = "order.created") {
        const Subscription draft{
            .name = "read", .event_type = pattern, .delivery = Delivery::pull, .user_id = "alice"};
        return test.storage->insert_subscription(alice, draft).value().id;
    }

    Append append_of(const Message& message, std::optional<Time> due = {}) const {
        return {.message = std::make_shared<const Message>(message),
                .subscriptions = {pulled, pushed},
                .pulled = {pulled},
                .due = due};
    }

    /// @return the event of the subscription that is read; the other one follows.
    EventId publish(const Append& append) const {
        Batch batch{.revision = test.revision()};
        batch.appends.push_back(append);
        const BatchReceipt receipt = test.write(batch);
        REQUIRE(receipt.appends[0].value().count == 2);
        return receipt.appends[0].value().first_event;
    }
    EventId publish(std::optional<Time> due = {}) const {
        Message message = *Fixture::message("{}");
        message.deliver_at = due;
        return publish(append_of(message, due));
    }
};

/// The event that the other subscription got.
EventId next_to(EventId event) {
    return {event.value + 1};
}

STORAGE_TEST("a subscription that is read keeps how it is delivered to") {
    const PulledEvents events{*this};
    const Subscription stored = this->storage->find_subscription(alice, events.pulled).value();
    CHECK(stored.delivery == Delivery::pull);
    CHECK(stored.url.empty());
    CHECK(this->storage->find_subscription(alice, events.pushed).value().delivery ==
          Delivery::push);
    CHECK(this->storage->update_subscription(alice, events.pulled, {.name = "other"})
              .value()
              .delivery == Delivery::pull);
    for (const Subscription& known : this->storage->configuration(0).value().subscriptions) {
        CHECK((known.delivery == Delivery::pull) == (known.id == events.pulled));
    }
    ListQuery list{.filter = field("delivery") == "pull"};
    const auto page = this->storage->list_subscriptions(alice, list).value();
    REQUIRE(page.items.size() == 1);
    CHECK(page.items[0].id == events.pulled);
}

STORAGE_TEST("an event that is only read is available at once, and no worker gets it") {
    const PulledEvents events{*this};
    const EventId event = events.publish();
    const EventId at_a_time =
        events.publish(events.append_of(*Fixture::message("{}"), this->clock->now()));
    CHECK(this->appended_after({}) == std::vector{next_to(event)});
    CHECK(this->claim() == std::vector{next_to(at_a_time)});
    this->replace_worker();
    this->take_over();
    this->clock->advance(1h);
    CHECK(this->claim() == std::vector{next_to(event), next_to(at_a_time)});

    for (const EventId each : {event, at_a_time}) {
        const EventHistory history = this->history(events.pulled, each);
        CHECK(history.attempts.empty());
        CHECK(history.event.is_success);
        CHECK_FALSE(history.event.status_code);
        CHECK_FALSE(history.event.next_retry_at);
        CHECK_FALSE(history.event.sent_at);
        CHECK(this->event(events.pulled, each).is_success);
    }
    CHECK_FALSE(this->event(events.pushed, next_to(event)).is_success);
    CHECK(ids(feed_page(*this, events.pulled, std::nullopt).events) ==
          std::vector{event, at_a_time});
}

STORAGE_TEST("events that are only read are found by their state") {
    const PulledEvents events{*this};
    const EventId event = events.publish();
    const auto found = [&](const Filter& filter) {
        const ListQuery list{.filter = filter};
        return this->storage->list_events(alice, events.pulled, list).value().total;
    };
    CHECK(found(field("isSuccess") == true) == 1);
    CHECK(found(field("isSuccess") == false) == 0);
    CHECK(found(field("statusCode") < 300) == 0);
    CHECK(found(field("statusCode") == nullptr) == 1);
    CHECK(found(field("id") == event.value) == 1);
    const auto statistics = this->storage->statistics(alice, events.pulled, {}).value();
    CHECK(statistics.attempts == 0);
    CHECK(statistics.waiting == 0);
    CHECK(this->storage->statistics(alice, events.pushed, {}).value().waiting == 1);
}

STORAGE_TEST("an event that is only read is not resent, but deleted by who wants, and by age") {
    const PulledEvents events{*this};
    const EventId event = events.publish();
    CHECK(this->storage->reopen_event(alice, events.pulled, event).error() == Errc::conflict);
    CHECK(this->storage->reopen_undelivered(alice, events.pulled, {}, {}, 10).value().count == 0);
    CHECK(this->claim().empty());
    const EventId kept = events.publish();
    this->storage->delete_event(alice, events.pulled, event).value();
    CHECK(log_of(*this, events.pulled) == std::vector{kept});

    for (const EventId pushed : {next_to(event), next_to(kept)}) {
        this->record(events.pushed, pushed, {.number = 1, .outcome = Outcome::delivered});
    }
    pass(*this, at_the_latest + 2h);
    CHECK(log_of(*this, events.pulled).empty());
}

STORAGE_TEST("a scheduled event that is only read shows its time, and is never due") {
    const PulledEvents events{*this};
    const Time due = this->clock->now() + 1h;
    const EventId event = events.publish(due);
    const auto shown = [&](SubscriptionId id) {
        const FeedRows rows = feed_page(*this, id, std::nullopt);
        REQUIRE(rows.events.size() == 1);
        return rows.events[0].due;
    };
    CHECK(shown(events.pulled) == due);
    CHECK(shown(events.pushed) == due);
    CHECK_FALSE(this->history(events.pulled, event).event.next_retry_at);
    this->clock->advance(2h);
    CHECK(this->claim() == std::vector{next_to(event)});
    CHECK(shown(events.pulled) == due);
    if (this->storage->sample().error() == Errc::unsupported) return;
    CHECK(this->storage->sample().value().due == 0);
    CHECK(this->storage->sample().value().scheduled == 0);
}

STORAGE_TEST("an ordering key means nothing to events that are only read") {
    if (!this->storage->keeps_order()) return;
    const PulledEvents events{*this};
    Message message = *Fixture::message("{}");
    message.ordering_key = "K";
    const EventId first = events.publish(events.append_of(message));
    const EventId second = events.publish(events.append_of(message));
    CHECK(this->appended_after({}) == std::vector{next_to(first), next_to(second)});
    CHECK_FALSE(this->history(events.pulled, second).event.blocked_by);
    CHECK(this->history(events.pulled, second).event.is_success);
    CHECK(this->history(events.pushed, next_to(second)).event.blocked_by == next_to(first));
}

WEBHOOKS_CONTRACT_TEST(StorageUnderTest, OperationalFixture,
                       "operational events are read from feeds as others are") {
    const SubscriptionId reader = PulledEvents::subscribe(*this, "webhook.subscription.*");
    if (this->is_unsupported()) return;
    this->storage->update_subscription(alice, this->subscribe().id, {.name = "new"}).value();
    const std::vector<HeldEvent> read = feed_page(*this, reader, std::nullopt).events;
    REQUIRE_FALSE(read.empty());
    CHECK(read.back().message->event_type == "webhook.subscription.updated");
    std::vector<EventId> claimed = this->claim();
    CHECK_FALSE(claimed.empty());
    for (const HeldEvent& event : read) {
        CHECK(std::ranges::find(claimed, event.id) == claimed.end());
        CHECK(this->event(reader, event.id).is_success);
    }
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
