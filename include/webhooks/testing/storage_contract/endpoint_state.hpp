#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a subscription is stored completely") {
    const Time now = this->clock->now();
    const SubscriptionId id =
        this->storage
            ->insert_subscription(admin, {.name = "mine",
                                          .is_active = false,
                                          .rate_limit = 7,
                                          .timeout = 42s,
                                          .retry_on = RetryOn::only({FailureClass::network}),
                                          .user_id = "alice",
                                          .retired_secrets = {{Secret("old one"), now + 1h}},
                                          .failing_since = now - 1h,
                                          .paused_until = now + 2h})
            .value()
            .id;
    const Subscription read = this->storage->find_subscription(alice, id).value();
    CHECK_FALSE(read.is_active);
    CHECK(read.rate_limit == 7);
    CHECK(read.timeout == 42s);
    CHECK(read.retry_on == RetryOn::only({FailureClass::network}));
    REQUIRE(read.retired_secrets.size() == 1);
    CHECK(read.retired_secrets[0].secret == Secret("old one"));
    CHECK(read.retired_secrets[0].expires_at == now + 1h);
    CHECK(read.failing_since == now - 1h);
    CHECK(read.paused_until == now + 2h);
}

// ---- How an endpoint is doing.

STORAGE_TEST("an endpoint's state reads back, and is not a change of configuration") {
    const Subscription before = this->subscribe();
    const Revision revision = this->revision();
    this->clock->advance(1s);
    const Time now = this->clock->now();
    this->write({.states = {{before.id, before.revision, now - 1h, now + 1h}}});
    CHECK(this->revision() == revision);
    const Subscription read = this->storage->find_subscription(alice, before.id).value();
    CHECK(read.failing_since == now - 1h);
    CHECK(read.paused_until == now + 1h);
    CHECK(read.updated_at == before.updated_at);
    CHECK(this->storage->configuration(revision).value().subscriptions.empty());
    const Configuration all = this->storage->configuration(0).value();
    REQUIRE(all.subscriptions.size() == 1);
    CHECK(all.subscriptions[0].failing_since == now - 1h);
    CHECK(all.subscriptions[0].paused_until == now + 1h);

    this->write(
        {.states = {
             {.subscription = before.id, .revision = before.revision, .ended_pause = now + 1h}}});
    const Subscription healthy = this->storage->find_subscription(alice, before.id).value();
    CHECK_FALSE(healthy.failing_since);
    CHECK_FALSE(healthy.paused_until);
}

STORAGE_TEST("a change of a subscription resets its endpoint's state, a rotation keeps it") {
    const Subscription before = this->subscribe();
    const SubscriptionId id = before.id;
    const Time now = this->clock->now();
    this->write({.states = {{id, before.revision, now, now + 1h}}});
    const Subscription rotated =
        this->storage->rotate_secret(alice, id, Secret("second"), 1h).value();
    CHECK(rotated.failing_since == now);
    CHECK(rotated.paused_until == now + 1h);
    this->storage->update_subscription(alice, id, {.name = "new"}).value();
    const Subscription changed = this->storage->find_subscription(alice, id).value();
    CHECK_FALSE(changed.failing_since);
    CHECK_FALSE(changed.paused_until);
}

STORAGE_TEST("a state of an earlier version of a subscription is skipped") {
    const Subscription before = this->subscribe();
    this->storage->update_subscription(alice, before.id, {.name = "new"}).value();
    const Time now = this->clock->now();
    this->write({.states = {{before.id, before.revision, now, now + 1h}}});
    const Subscription after = this->storage->find_subscription(alice, before.id).value();
    CHECK_FALSE(after.failing_since);
    CHECK_FALSE(after.paused_until);
}

STORAGE_TEST("a state of a deleted subscription is skipped") {
    const Subscription gone = this->subscribe();
    this->storage->delete_subscription(alice, gone.id).value();
    const Time now = this->clock->now();
    this->write({.number = 3,
                 .states = {{gone.id, gone.revision, now, now}, {{999}, gone.revision, now, now}}});
    CHECK(this->storage->heartbeat(this->worker.id).value().last_batch == 3);
}

// ---- Deactivation.

STORAGE_TEST("a deactivation takes place, is reported, and is a change of configuration") {
    const Subscription judged = this->subscribe();
    this->subscribe();
    const Revision revision = this->revision();
    this->clock->advance(1s);
    const BatchReceipt receipt = this->write({.deactivations = {{judged.id, judged.revision}}});
    CHECK(receipt.deactivated == std::vector{judged.id});
    CHECK(this->revision() > revision);
    const Subscription after = this->storage->find_subscription(alice, judged.id).value();
    CHECK_FALSE(after.is_active);
    CHECK(after.updated_at == this->clock->now());
    CHECK(after.url == judged.url);
    CHECK(after.secret == judged.secret);
    const Configuration changes = this->storage->configuration(revision).value();
    REQUIRE(changes.subscriptions.size() == 1);
    CHECK(changes.subscriptions[0].id == judged.id);
    CHECK_FALSE(changes.subscriptions[0].is_active);
}

STORAGE_TEST("a subscription that has changed in the meantime stays active") {
    const Subscription judged = this->subscribe();
    this->clock->advance(1us);
    SECTION("by its owner") {
        this->storage->update_subscription(alice, judged.id, {.name = "new"}).value();
    }
    SECTION("by a rotation of its secret") {
        this->storage->rotate_secret(alice, judged.id, Secret("second"), 1h).value();
    }
    const Revision revision = this->revision();
    CHECK(this->write({.deactivations = {{judged.id, judged.revision}}}).deactivated.empty());
    CHECK(this->storage->find_subscription(alice, judged.id).value().is_active);
    CHECK(this->revision() == revision);
}

STORAGE_TEST("an inactive or deleted subscription is not deactivated") {
    const Subscription subscription = this->subscribe();
    const SubscriptionId id = subscription.id;
    Revision current = subscription.revision;
    SECTION("inactive") {
        current =
            this->storage->update_subscription(alice, id, {.is_active = false}).value().revision;
    }
    SECTION("gone") {
        this->storage->delete_subscription(alice, id).value();
    }
    const Revision revision = this->revision();
    const Batch batch{.deactivations = {{id, current}, {{999}, current}}};
    CHECK(this->write(batch).deactivated.empty());
    CHECK(this->revision() == revision);
}

STORAGE_TEST("a failing endpoint is deactivated only if nothing was delivered since") {
    const Subscription judged = this->subscribe();
    const EventId event = this->append_one(judged.id);
    const EventId failed = this->append_one(judged.id);
    this->clock->advance(1s);
    const Time delivered_at = this->clock->now();
    this->record(judged.id, event,
                 {.number = 1, .sent_at = delivered_at, .outcome = Outcome::delivered});
    this->record(judged.id, failed,
                 {.number = 1, .sent_at = delivered_at + 1h, .outcome = Outcome::exhausted});

    const auto deactivate = [&](Time failing_since) {
        return this->write({.deactivations = {{judged.id, judged.revision, failing_since}}})
            .deactivated;
    };
    CHECK(deactivate(delivered_at - 1us).empty());
    CHECK(deactivate(delivered_at).empty());
    CHECK(this->storage->find_subscription(alice, judged.id).value().is_active);
    CHECK(deactivate(delivered_at + 1us) == std::vector{judged.id});
    CHECK_FALSE(this->storage->find_subscription(alice, judged.id).value().is_active);
}

STORAGE_TEST("a delivery in the batch of a deactivation counts against it") {
    const Subscription judged = this->subscribe();
    const EventId event = this->append_one(judged.id);
    const Time now = this->clock->now();
    Batch batch;
    batch.attempts.push_back(
        {.event = event,
         .subscription = judged.id,
         .attempt = {.number = 1, .sent_at = now, .outcome = Outcome::delivered}});
    batch.deactivations = {{judged.id, judged.revision, now}};
    CHECK(this->write(batch).deactivated.empty());
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
