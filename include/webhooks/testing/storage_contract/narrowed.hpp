#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

STORAGE_TEST("a principal that is limited to one subscription sees no other one") {
    const SubscriptionId id = this->subscribe().id;
    const SubscriptionId other = this->subscribe().id;
    const EventId event = this->append_one(other);
    const Principal narrowed = alice.narrowed_to(id);
    CHECK(this->storage->find_subscription(narrowed, id));
    const std::vector<Error> errors = {
        this->storage->find_subscription(narrowed, other).error(),
        this->storage->update_subscription(narrowed, other, {.name = "x"}).error(),
        this->storage->rotate_secret(narrowed, other, Secret("x"), std::chrono::seconds(0)).error(),
        this->storage->delete_subscription(narrowed, other).error(),
        this->storage->list_events(narrowed, other, {}).error(),
        this->storage->find_event(narrowed, other, event).error(),
        this->storage->delete_event(narrowed, other, event).error(),
        this->storage->statistics(narrowed, other, {}).error(),
        this->storage->reopen_event(narrowed, other, event).error(),
        this->storage->reopen_undelivered(narrowed, other, {}, {}, 1).error()};
    for (const Error& error : errors)
        CHECK(error == Errc::not_found);
}

STORAGE_TEST("lists of a principal that is limited to one subscription have only that one") {
    const SubscriptionId other = this->subscribe().id;
    const SubscriptionId id = this->subscribe().id;
    const Principal narrowed = alice.narrowed_to(id);
    const EventId of_other = this->append_one(other);
    const EventId event = this->append_one(id);
    for (const char* filter : {"true", "id gt 0 or true"}) {
        const ListQuery query =
            ListQuery::parse({.filter = filter}, ListKind::subscriptions).value();
        const Page<Subscription> page = this->storage->list_subscriptions(narrowed, query).value();
        REQUIRE(page.items.size() == 1);
        CHECK(page.items.front().id == id);
        CHECK(page.total == 1);
    }
    const Result<Page<Event>> events = this->storage->list_all_events(narrowed, {});
    if (!events && events.error() == Errc::unsupported) return;
    CHECK(events.value().total == 1);
    CHECK(events.value().items.at(0).id == event);
    CHECK(this->storage->find_any_event(narrowed, event, std::nullopt));
    CHECK(this->storage->find_any_event(narrowed, of_other, std::nullopt).error() ==
          Errc::not_found);
    this->storage->delete_subscription(narrowed, id).value();
    CHECK(this->storage->list_all_events(narrowed, {}).value().total == 0);
    CHECK(this->storage->list_subscriptions(narrowed, {}).value().total == 0);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
