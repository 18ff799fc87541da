#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("samples and users count subscriptions by state, deleted ones not") {
    if (this->storage->sample().error() == Errc::unsupported) return;
    const Subscription failing = this->subscribe();
    const Subscription failing_and_paused = this->subscribe();
    const Subscription paused = this->subscribe();
    const SubscriptionId inactive = this->subscribe().id;
    const SubscriptionId deleted = this->subscribe().id;
    this->subscribe();
    const Time now = this->clock->now();
    this->write(
        {.states = {
             {.subscription = failing.id, .revision = failing.revision, .failing_since = now},
             {.subscription = failing_and_paused.id,
              .revision = failing_and_paused.revision,
              .failing_since = now,
              .paused_until = now + 1h},
             {.subscription = paused.id, .revision = paused.revision, .paused_until = now + 1h}}});
    this->storage->update_subscription(alice, inactive, {.is_active = false}).value();
    this->storage->delete_subscription(alice, deleted).value();

    const StorageSample sample = this->storage->sample().value();
    CHECK(sample.active == 1);
    CHECK(sample.failing == 2);
    CHECK(sample.paused == 1);
    CHECK(sample.inactive == 1);
    if (const auto users = this->storage->users({}, 10); users) {
        REQUIRE(users.value().size() == 1);
        const UserSummary& user = users.value().front();
        CHECK(user.subscriptions == 5);
        CHECK(user.active == 1);
        CHECK(user.failing == 2);
        CHECK(user.paused == 1);
        CHECK(user.inactive == 1);
    }
    this->clock->advance(2h);
    CHECK(this->storage->sample().value().paused == 0);
    CHECK(this->storage->sample().value().active == 2);
}

STORAGE_TEST("a sample counts what waits in storage, and tells how long") {
    if (this->storage->sample().error() == Errc::unsupported) return;
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    this->append({id}, "{}", {}, now - 2s).value();
    this->append({id}, "{}", {}, now - 5s).value();
    this->append({id}, "{}", {}, now + 1h).value();
    this->append_one(id);
    this->set_custody(id, this->append_one(id), Custody::reserved, now);

    const StorageSample sample = this->storage->sample().value();
    CHECK(sample.due == 2);
    CHECK(sample.scheduled == 1);
    CHECK(sample.reserved == 1);
    CHECK(sample.oldest_due == now - 5s);
    this->claim();
    CHECK(this->storage->sample().value().due == 0);
    CHECK_FALSE(this->storage->sample().value().oldest_due);
}

STORAGE_TEST("a sample counts workers that live") {
    if (this->storage->sample().error() == Errc::unsupported) return;
    CHECK(this->storage->sample().value().live == 1);
    CHECK(this->storage->sample().value().expired == 0);
    this->storage->retire_worker(this->worker.id).value();
    CHECK(this->storage->sample().value().live == 0);
}

STORAGE_TEST("what is claimed tells when it was created and due") {
    const SubscriptionId id = this->subscribe().id;
    const Time created = this->clock->now();
    const EventId now = this->append_one(id);
    this->append({id}, "{}", {}, created + 1min).value();
    const auto held = this->storage->appended_after(this->worker.id, {}, 10).value();
    REQUIRE(ids(held) == std::vector{now});
    CHECK(held.front().created_at == created);
    CHECK(held.front().due == created);
    this->clock->advance(2min);
    const auto claimed = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(claimed.size() == 1);
    CHECK(claimed.front().created_at == created);
    CHECK(claimed.front().due == created + 1min);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
