#pragma once

#include <set>
#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

STORAGE_TEST("a subscription reads back as it was written") {
    const Subscription written = this->subscribe();
    const Subscription read = this->storage->find_subscription(alice, written.id).value();
    CHECK(read.id == written.id);
    CHECK(read.name == "mine");
    CHECK(read.event_type == "order.created");
    CHECK(read.url == "https://hooks.example.com/a?b=c");
    CHECK(read.secret == Secret("s3cret"));
    CHECK(read.headers == Headers{{"X-One", "1: 2"}, {"x-two", ""}});
    CHECK(read.max_retry_count == 4);
    CHECK(read.is_active);
    CHECK(read.timeout == std::chrono::seconds(0));
    CHECK(read.retry_on == RetryOn());
    CHECK(read.user_id == "alice");
    CHECK(read.created_at == this->clock->now());
    CHECK(read.updated_at == this->clock->now());
}

STORAGE_TEST("a change sets the given members and nothing else") {
    const Subscription before = this->subscribe();
    this->clock->advance(std::chrono::seconds(3));
    const Subscription after =
        this->storage
            ->update_subscription(alice, before.id,
                                  {.url = "https://b.example.com/", .is_active = false})
            .value();
    CHECK(after.url == "https://b.example.com/");
    CHECK_FALSE(after.is_active);
    CHECK(after.name == before.name);
    CHECK(after.secret == before.secret);
    CHECK(after.headers == before.headers);
    CHECK(after.created_at == before.created_at);
    CHECK(after.updated_at == before.created_at + std::chrono::seconds(3));
    CHECK(this->storage->find_subscription(alice, before.id).value().url == after.url);
}

STORAGE_TEST("a subscription's settings for attempts can be changed and reset") {
    const SubscriptionId id = this->subscribe().id;
    const RetryOn chosen =
        RetryOn::only({FailureClass::too_many_requests, FailureClass::server_error});
    const auto changed = [&](const SubscriptionChange& change) {
        this->storage->update_subscription(alice, id, change).value();
        const auto all = this->storage->configuration(0).value().subscriptions;
        REQUIRE(all.size() == 1);
        return all[0];
    };
    changed({.timeout = std::chrono::seconds(60)});
    const Subscription set = changed({.retry_on = chosen});
    CHECK(set.timeout == std::chrono::seconds(60));
    CHECK(set.retry_on == chosen);
    CHECK(changed({.retry_on = RetryOn::only({})}).retry_on == RetryOn::only({}));
    const Subscription reset = changed({.timeout = std::chrono::seconds(0), .retry_on = RetryOn()});
    CHECK(reset.timeout == std::chrono::seconds(0));
    CHECK(reset.retry_on == RetryOn());
}

STORAGE_TEST("a subscription's filter can be set, changed and removed") {
    Subscription draft = this->subscribe();
    CHECK(draft.filter.empty());
    draft.filter = "payload/total ge 100";
    const SubscriptionId id = this->storage->insert_subscription(alice, draft).value().id;
    const auto stored = [&] {
        const std::string found = this->storage->find_subscription(alice, id).value().filter;
        CHECK(this->storage->configuration(0).value().subscriptions.at(1).filter == found);
        return found;
    };
    CHECK(stored() == "payload/total ge 100");
    this->storage->update_subscription(alice, id, {.filter = "payload/'\xC3\xA9' eq 'it''s'"})
        .value();
    CHECK(stored() == "payload/'\xC3\xA9' eq 'it''s'");
    this->storage->update_subscription(alice, id, {.name = "other"}).value();
    CHECK(stored() == "payload/'\xC3\xA9' eq 'it''s'");
    this->storage->update_subscription(alice, id, {.filter = ""}).value();
    CHECK(stored().empty());
}

STORAGE_TEST("another user's subscription is absent for every operation") {
    const SubscriptionId id = this->subscribe("alice").id;
    const EventId event = this->append_one(id);
    Storage& seam = *this->storage;
    CHECK(seam.find_subscription(bob, id).error() == Errc::not_found);
    CHECK(seam.update_subscription(bob, id, {.name = "his"}).error() == Errc::not_found);
    CHECK(seam.delete_subscription(bob, id).error() == Errc::not_found);
    CHECK(seam.list_events(bob, id, {}).error() == Errc::not_found);
    CHECK(seam.delete_event(bob, id, event).error() == Errc::not_found);
    CHECK(seam.list_subscriptions(bob, {}).value().total == 0);
    CHECK(seam.find_subscription(bob, id).error().detail() ==
          seam.find_subscription(bob, {999}).error().detail());
    CHECK(seam.find_subscription(admin, id).value().name == "mine");
    CHECK(seam.list_subscriptions(admin, {}).value().total == 1);
}

STORAGE_TEST("lists are ordered by id, cut by take and skip, and count the whole") {
    std::vector<SubscriptionId> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(this->subscribe("alice").id);
        this->subscribe("bob");
    }
    const auto page = this->storage->list_subscriptions(alice, {.take = 2, .skip = 1}).value();
    CHECK(page.total == 5);
    REQUIRE(page.items.size() == 2);
    CHECK(page.items[0].id == ids[1]);
    CHECK(page.items[1].id == ids[2]);
    CHECK(this->storage->list_subscriptions(alice, {.take = 0}).value().items.empty());
    CHECK(this->storage->list_subscriptions(alice, {.skip = 5}).value().items.empty());
}

STORAGE_TEST("include returns the newest hundred events, newest first") {
    const SubscriptionId id = this->subscribe().id;
    EventId last{};
    for (int i = 0; i < 103; ++i) {
        last = this->append_one(id, std::to_string(i));
    }
    CHECK(this->storage->list_subscriptions(alice, {}).value().items[0].recent_events.empty());
    const auto page = this->storage->list_subscriptions(alice, {.include_events = true}).value();
    REQUIRE(page.items[0].recent_events.size() == 100);
    CHECK(page.items[0].recent_events.front().id == last);
    CHECK(page.items[0].recent_events.front().payload == "102");
    CHECK(page.items[0].recent_events.back().payload == "3");
}

STORAGE_TEST("every change of configuration increments the revision and is reported once") {
    const Revision start = this->revision();
    const Subscription subscription = this->subscribe();
    const Revision inserted = this->revision();
    CHECK(inserted > start);
    this->storage->update_subscription(alice, subscription.id, {.name = "new"}).value();
    const Revision updated = this->revision();
    CHECK(updated > inserted);
    this->storage->upsert_event_type({.name = "b.type", .description = "B"}).value();
    this->storage->upsert_event_type({.name = "a.type", .description = "A"}).value();
    const Revision typed = this->revision();
    CHECK(typed > updated);
    this->storage->upsert_event_type({.name = "a.type", .description = "A"}).value();
    CHECK(this->revision() == typed);

    const Configuration all = this->storage->configuration(0).value();
    CHECK(all.revision == typed);
    REQUIRE(all.subscriptions.size() == 1);
    CHECK(all.subscriptions[0].name == "new");
    REQUIRE(all.event_types.size() == 2);
    CHECK(all.event_types[0].name == "a.type");
    CHECK(all.event_types[0].description == "A");
    CHECK(all.event_types[1].name == "b.type");
    CHECK(this->storage->configuration(updated).value().subscriptions.empty());

    this->storage->delete_subscription(alice, subscription.id).value();
    const Configuration deleted = this->storage->configuration(typed).value();
    CHECK(deleted.deleted == std::vector{subscription.id});
    CHECK(this->storage->configuration(0).value().deleted.empty());
}

STORAGE_TEST("changes are read in parts, each subscription once, however many there are") {
    std::set<SubscriptionId> unread;
    for (std::size_t i = 0; i < 2 * Configuration::part_size; ++i) {
        unread.insert(this->subscribe().id);
    }
    Configuration part{.is_part = true};
    while (part.is_part) {
        const Revision known = part.revision;
        part = this->storage->configuration(known).value();
        CHECK(part.revision >= known);
        for (const Subscription& subscription : part.subscriptions) {
            CHECK(unread.erase(subscription.id) == 1);
        }
    }
    CHECK(unread.empty());
    CHECK(part.revision == this->revision());
}

STORAGE_TEST("a deleted subscription is gone at once and its rows are deleted by maintenance") {
    const SubscriptionId gone = this->subscribe().id;
    const SubscriptionId stays = this->subscribe().id;
    for (int i = 0; i < 5; ++i) {
        this->append({gone, stays}).value();
    }
    this->storage->delete_subscription(alice, gone).value();
    CHECK(this->storage->find_subscription(alice, gone).error() == Errc::not_found);
    CHECK(this->storage->list_events(admin, gone, {}).error() == Errc::not_found);
    CHECK(this->storage->list_subscriptions(alice, {}).value().total == 1);
    CHECK(this->storage->maintain({.limit = 3}).value());
    CHECK_FALSE(this->storage->maintain({.limit = 3}).value());
    CHECK_FALSE(this->storage->maintain({.limit = 3}).value());
    CHECK(this->storage->list_events(alice, stays, {}).value().total == 5);
    CHECK(this->storage->list_events(alice, stays, {}).value().items[4].payload == "{}");
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
