#pragma once

#include <service/storage_parts.hpp>
#include <support/catch.hpp>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::service {

using namespace std::chrono_literals;
using testing::FaultyStorage;
using Call = FaultyStorage::Call;

/// Collects what the parts report.
struct ReportingObserver final : Observer {
    void on_published(std::size_t count) override { published += count; }
    void on_fenced(std::size_t results) override { fenced += results; }
    void on_record(const LogRecord& record) override { events.push_back(record.event); }
    void on_deactivated(SubscriptionId id, DeactivationReason) override {
        deactivated.push_back(id);
    }

    std::size_t published = 0;
    std::size_t fenced = 0;
    std::vector<LogEvent> events;
    std::vector<SubscriptionId> deactivated;
};

/// What the parts of the storage loop share with the rest of a service.
struct SharedParts {
    std::shared_ptr<FaultyStorage> storage;
    const ServiceOptions options;
    std::shared_ptr<ReportingObserver> observer = std::make_shared<ReportingObserver>();
    std::shared_ptr<metrics::ServiceMetrics> metrics = std::make_shared<metrics::ServiceMetrics>();
    SubscriptionIndex index{{}};
    delivery::MemoryBudget budget{options};
    Inbox inbox{budget, [] {}};
};

/// The parts of the storage loop of one worker, without the loop.
struct WorkerParts : SharedParts, StorageParts {
    WorkerParts(std::shared_ptr<Storage> shared, std::shared_ptr<Clock> steady,
                const ServiceOptions& given)
        : SharedParts{.storage = std::make_shared<FaultyStorage>(std::move(shared)),
                      .options = given},
          StorageParts({.storage = storage,
                        .clock = std::move(steady),
                        .observer = observer,
                        .metrics = metrics,
                        .options = options,
                        .index = index,
                        .inbox = inbox,
                        .budget = budget}) {}

    /// Registers and confirms the worker, as the loop does.
    void begin() {
        REQUIRE(identity.register_worker());
        writer.reset(identity.worker());
        inbox.begin_epoch(pending.begin_epoch().number);
        REQUIRE(identity.heartbeat());
        REQUIRE(changes.refresh());
    }

    void break_next(Call call, FaultyStorage::Fault fault = FaultyStorage::Fault::rejected) {
        storage->break_calls({.fault = fault, .only = call});
    }
};

inline SubscriptionId insert_order_subscription(Storage& storage) {
    return storage
        .insert_subscription({.name = "mine",
                              .event_type = "order.created",
                              .url = "https://hooks.example.com/a",
                              .secret = Secret("whsec_" + std::string(32, 'A')),
                              .user_id = "alice"})
        .value()
        .id;
}

/// One publication; its result is appended to `receipts`.
inline Submission submission_of_order(std::vector<Result<PublishReceipts>>& receipts,
                                      std::optional<Time> due = {}) {
    Submission submission;
    submission.publications.push_back({.message = std::make_shared<Message>(Message{
                                           .event_type = "order.created",
                                           .content_type = "application/json",
                                           .payload = std::make_shared<const std::string>("{}")}),
                                       .owner = "alice",
                                       .due = due});
    submission.done = [&receipts](Result<PublishReceipts> receipt) {
        receipts.push_back(std::move(receipt));
    };
    return submission;
}

/// One worker with a subscription to `order.created`.
struct StoragePartsFixture {
    explicit StoragePartsFixture(ServiceOptions options = {}) : parts(shared, clock, options) {
        REQUIRE(shared->upsert_event_type({.name = "order.created", .description = ""}));
        subscription = subscribe();
        parts.begin();
    }

    SubscriptionId subscribe() { return insert_order_subscription(*shared); }

    /// Submits one publication; its result is appended to `receipts`.
    void publish(std::optional<Time> due = {}, std::optional<IdempotencyKey> key = {}) {
        Submission submission = submission_of_order(receipts, due);
        submission.publications.front().idempotency = std::move(key);
        REQUIRE(parts.pending.submit(submission));
    }

    /// Events that were passed to delivery since the last call.
    std::vector<EventId> delivered() {
        std::vector<EventId> ids;
        for (const HeldEvent& event : parts.inbox.take().events) {
            ids.push_back(event.id);
        }
        return ids;
    }

    /// An attempt that ended the event.
    static delivery::Results attempt(SubscriptionId subscription, EventId event,
                                     Outcome outcome = Outcome::delivered,
                                     std::optional<Time> due = {}) {
        delivery::Results results;
        results.batch.attempts.push_back({.event = event,
                                          .subscription = subscription,
                                          .attempt = {.number = 1, .outcome = outcome},
                                          .due = due,
                                          .attempts_since_reopened = 1});
        results.released_events = 1;
        return results;
    }

    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<Storage> shared = make_memory_storage(clock);
    SubscriptionId subscription{};
    std::vector<Result<PublishReceipts>> receipts;
    WorkerParts parts;
};

}  // namespace webhooks::service
