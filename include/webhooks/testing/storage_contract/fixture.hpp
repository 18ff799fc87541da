#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>
#include <webhooks/testing/contract.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::testing {

/// Supplied by a host to have its storage tested: each test creates one of these.
class StorageUnderTest {
public:
    virtual ~StorageUnderTest() = default;

    /// A new and empty storage, whose time is this clock's. Called once. The storage's file or
    /// database lasts as long as this object. Its ids start at 1 and are consecutive.
    virtual std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) = 0;

    /// How many random list queries of each kind are compared with the storage in memory. Fewer are
    /// enough for a storage on which they take long.
    virtual int random_list_queries() const { return 3000; }
};

namespace storage_contract {

inline const Principal alice = Principal::user("alice");
inline const Principal bob = Principal::user("bob");
inline const Principal admin = Principal::administrator("admin");

inline std::vector<EventId> ids(const std::vector<HeldEvent>& events) {
    std::vector<EventId> ids;
    for (const HeldEvent& event : events) {
        ids.push_back(event.id);
    }
    return ids;
}

/// The environment of each test of the contract: an empty storage and a worker.
class Fixture {
public:
    explicit Fixture(StorageUnderTest& given) : storage(given.make(clock)) {}

    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Storage> storage;
    Worker worker = storage->register_worker(std::chrono::seconds(10)).value();

    Subscription subscribe(const std::string& owner = "alice") {
        return storage
            ->insert_subscription(admin, {.name = "mine",
                                          .event_type = "order.created",
                                          .url = "https://hooks.example.com/a?b=c",
                                          .secret = Secret("s3cret"),
                                          .headers = {{"X-One", "1: 2"}, {"x-two", ""}},
                                          .max_retry_count = 4,
                                          .user_id = owner})
            .value();
    }

    Revision revision() { return storage->heartbeat(worker.id).value().revision; }

    static std::shared_ptr<const Message> message(const std::string& payload) {
        return std::make_shared<Message>(
            Message{.event_type = "order.created",
                    .content_type = "application/json",
                    .payload = std::make_shared<const std::string>(payload)});
    }

    Result<BatchReceipt> append(std::vector<SubscriptionId> subscriptions,
                                const std::string& payload = "{}",
                                std::optional<IdempotencyKey> key = {},
                                std::optional<Time> due = {}) {
        Batch batch{.revision = revision()};
        batch.appends.push_back({.message = message(payload),
                                 .subscriptions = std::move(subscriptions),
                                 .idempotency = std::move(key),
                                 .due = due});
        return storage->write(worker.id, batch);
    }

    EventId append_one(SubscriptionId subscription, const std::string& payload = "{}") {
        return append({subscription}, payload).value().appends.front().value().first_event;
    }

    EventId record_one(SubscriptionId subscription) {
        return append({subscription}, "{}", {}, clock->now())
            .value()
            .appends.front()
            .value()
            .first_event;
    }

    /// Records an attempt as a worker that holds the event does: a waiting event is claimed first.
    void record(SubscriptionId subscription, EventId event, Attempt attempt,
                std::optional<Time> due = {}, bool has_row = false) {
        Batch batch;
        batch.attempts.push_back({.event = event,
                                  .subscription = subscription,
                                  .attempt = std::move(attempt),
                                  .due = due,
                                  .attempts_since_reopened = attempt.number,
                                  .has_row = has_row});
        storage->write(worker.id, batch).value();
    }

    BatchReceipt write(const Batch& batch) { return storage->write(worker.id, batch).value(); }

    void set_custody(SubscriptionId subscription, EventId event, Custody where, Time due) {
        write({.custody_changes = {
                   {.event = event, .subscription = subscription, .due = due, .custody = where}}});
    }

    std::vector<EventId> claim() { return ids(storage->claim(worker.id, 100).value().events); }

    std::vector<EventId> claim_reserved(SubscriptionId subscription) {
        return ids(storage->claim_reserved(worker.id, subscription, 100).value());
    }

    std::vector<EventId> appended_after(EventId after) {
        return ids(storage->appended_after(worker.id, after, 100).value());
    }

    /// Retires the worker, and registers another one.
    void replace_worker() {
        storage->retire_worker(worker.id).value();
        worker = storage->register_worker(std::chrono::seconds(10)).value();
    }

    /// Releases the events of the replaced worker.
    void take_over() { CHECK(storage->take_over(worker.id, 1000).value() < 1000); }

    /// A second worker; absent if storage supports only one at a time.
    std::optional<Worker> second_worker() {
        const Result<Worker> other = storage->register_worker(std::chrono::seconds(10));
        if (other) return *other;
        CHECK(other.error() == Errc::locked);
        return std::nullopt;
    }

    EventHistory history(SubscriptionId subscription, EventId event) {
        return storage->find_event(admin, subscription, event).value();
    }

    Event event(SubscriptionId subscription, EventId id) {
        for (const Event& candidate :
             storage->list_events(admin, subscription, {.take = 1000}).value().items) {
            if (candidate.id == id) return candidate;
        }
        FAIL("no event " << id.value);
        return {};
    }
};

// Tests of the source that includes them, as all tests are.
namespace {
inline std::vector<ContractTest<StorageUnderTest>>& contract_tests() {
    static std::vector<ContractTest<StorageUnderTest>> tests;
    return tests;
}
}  // namespace

}  // namespace storage_contract
}  // namespace webhooks::testing

#define STORAGE_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, Fixture, name)
