#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("statistics of a subscription without events are empty") {
    const SubscriptionId id = this->subscribe("alice").id;
    const DeliveryStatistics statistics = this->storage->statistics(alice, id, {}).value();
    CHECK(statistics.attempts == 0);
    CHECK(statistics.successes == 0);
    CHECK(statistics.latency_p50 == 0us);
    CHECK(statistics.latency_p99 == 0us);
    CHECK(statistics.waiting == 0);
    CHECK_FALSE(statistics.last_failure);
    CHECK(this->storage->statistics(bob, id, {}).error() == Errc::not_found);
    CHECK(this->storage->statistics(alice, {999}, {}).error() == Errc::not_found);
}

STORAGE_TEST("statistics count requests and successes, and show the last failure") {
    const SubscriptionId id = this->subscribe().id;
    const SubscriptionId other = this->subscribe().id;
    const Time now = this->clock->now();
    const EventId retried = this->append_one(id);
    this->record(id, retried, {.number = 1, .sent_at = now - 3s, .outcome = Outcome::retry}, now);
    REQUIRE(this->claim() == std::vector{retried});
    this->record(id, retried, {.number = 2, .sent_at = now, .outcome = Outcome::delivered}, {},
                 true);
    this->record(id, this->append_one(id),
                 {.number = 1, .sent_at = now - 2s, .outcome = Outcome::exhausted});
    // No request was made for these.
    this->record(id, this->append_one(id),
                 {.number = 1, .sent_at = now, .outcome = Outcome::cancelled});
    this->record(id, this->append_one(id),
                 {.number = 1, .sent_at = now, .outcome = Outcome::expired});
    this->record(other, this->append_one(other),
                 {.number = 1, .sent_at = now, .outcome = Outcome::exhausted});

    const DeliveryStatistics statistics = this->storage->statistics(alice, id, {}).value();
    CHECK(statistics.attempts == 3);
    CHECK(statistics.successes == 1);
    CHECK(statistics.last_failure == now - 2s);
    CHECK(statistics.waiting == 0);
}

STORAGE_TEST("percentiles use the nearest rank, of successes and failures alike") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    Batch batch;
    for (int i = 100; i >= 1; --i) {
        batch.attempts.push_back(
            {.event = this->append_one(id),
             .subscription = id,
             .attempt = {.number = 1,
                         .sent_at = now,
                         .duration = i * 1ms,
                         .outcome = i % 2 == 0 ? Outcome::delivered : Outcome::exhausted}});
    }
    this->write(batch);
    const DeliveryStatistics statistics = this->storage->statistics(alice, id, {}).value();
    CHECK(statistics.latency_p50 == 50ms);
    CHECK(statistics.latency_p95 == 95ms);
    CHECK(statistics.latency_p99 == 99ms);
}

STORAGE_TEST("statistics look back 24 hours, at attempts of older events too") {
    const SubscriptionId id = this->subscribe().id;
    const EventId old = this->append_one(id);
    const EventId recent = this->append_one(id);
    const Time start = this->clock->now();
    this->record(id, old, {.number = 1, .sent_at = start, .outcome = Outcome::exhausted});
    this->record(id, recent, {.number = 1, .sent_at = start + 1us, .outcome = Outcome::delivered});
    const auto attempts = [&] { return this->storage->statistics(alice, id, {}).value().attempts; };
    this->clock->advance(24h - 1us);
    CHECK(attempts() == 2);
    this->clock->advance(1us);
    CHECK(attempts() == 1);
    CHECK_FALSE(this->storage->statistics(alice, id, {}).value().last_failure);
    this->clock->advance(1us);
    CHECK(attempts() == 0);
}

STORAGE_TEST("waiting events are counted wherever they wait, and ended ones are not") {
    const SubscriptionId id = this->subscribe().id;
    const Time now = this->clock->now();
    const auto waiting = [&] { return this->storage->statistics(alice, id, {}).value().waiting; };
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::delivered});
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::exhausted});
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::cancelled});
    CHECK(waiting() == 0);

    const EventId in_memory = this->append_one(id);
    CHECK(waiting() == 1);
    this->record(id, this->append_one(id), {.number = 1, .outcome = Outcome::retry}, now + 1h);
    CHECK(waiting() == 2);
    for (const Custody where : {Custody::unclaimed, Custody::in_memory, Custody::reserved}) {
        this->set_custody(id, this->append_one(id), where, now + 1h);
    }
    CHECK(waiting() == 5);
    this->append({id}, "{}", {}, now + 1h).value();
    CHECK(waiting() == 6);
    this->record(id, in_memory, {.number = 1, .outcome = Outcome::delivered});
    CHECK(waiting() == 5);

    this->replace_worker();
    CHECK(waiting() == 5);
    this->take_over();
    CHECK(waiting() == 5);
}

STORAGE_TEST("statistics show the endpoint's state") {
    const Subscription subscription = this->subscribe();
    const SubscriptionId id = subscription.id;
    const Time now = this->clock->now();
    this->write({.states = {{id, subscription.revision, now - 1h, now + 1h}}});
    const DeliveryStatistics statistics = this->storage->statistics(alice, id, {}).value();
    CHECK(statistics.failing_since == now - 1h);
    CHECK(statistics.paused_until == now + 1h);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
