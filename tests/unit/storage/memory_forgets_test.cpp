// What memory storage keeps of workers and subscriptions that are gone: nothing.

#include <support/catch.hpp>
#include <unit/allocations.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>

#ifndef __SANITIZE_ADDRESS__

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal owner = Principal::user("alice");

struct ForgettingFixture {
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Storage> storage = make_memory_storage(clock);
    Worker worker = storage->register_worker(10s).value();

    SubscriptionId subscribe() {
        Subscription draft{.event_type = "*", .url = "https://hooks.example.com"};
        draft.user_id = owner.user_id();
        return storage->insert_subscription(Principal::administrator("admin"), draft).value().id;
    }

    EventId append(WorkerId by, SubscriptionId subscription) {
        Message message;
        message.event_type = "order.created";
        message.payload = std::make_shared<const std::string>(1000, 'x');
        Batch batch{.number = 1, .revision = storage->heartbeat(by).value().revision};
        batch.appends.push_back({.message = std::make_shared<const Message>(std::move(message)),
                                 .subscriptions = {subscription}});
        return storage->write(by, batch).value().appends.front().value().first_event;
    }

    void maintain() {
        while (storage->maintain({.limit = 10, .keep_audit_for = 1s}).value()) {
        }
    }

    /// A worker that dies with an event in its memory, which the first one takes over.
    void let_one_die(SubscriptionId subscription) {
        const Worker other = storage->register_worker(10s).value();
        const EventId event = append(other.id, subscription);
        clock->advance(11s);
        storage->heartbeat(worker.id).value();
        storage->mark_expired(worker.id).value();
        storage->take_over(worker.id, 100).value();
        storage->delete_event(owner, subscription, event).value();
        maintain();
    }

    void create_and_delete() {
        const SubscriptionId id = subscribe();
        append(worker.id, id);
        storage->delete_subscription(owner, id).value();
        clock->advance(25h);
        maintain();
    }
};

/// @return the live allocations that 100 repetitions leave, after a few that may leave some.
template <class Action>
long left_by(Action action) {
    for (int i = 0; i < 3; ++i) {
        action();
    }
    const long before = live_allocations();
    for (int i = 0; i < 100; ++i) {
        action();
    }
    return live_allocations() - before;
}

}  // namespace

TEST_CASE_METHOD(ForgettingFixture,
                 "memory storage forgets dead workers once they are taken over") {
    const SubscriptionId subscription = subscribe();
    CHECK(left_by([&] { let_one_die(subscription); }) == 0);
}

TEST_CASE_METHOD(ForgettingFixture,
                 "memory storage forgets deleted subscriptions and their events after a day") {
    CHECK(left_by([&] { create_and_delete(); }) == 0);
    CHECK(storage->configuration(1).value().deleted.empty());
}

}  // namespace webhooks::testing

#endif
