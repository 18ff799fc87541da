#pragma once

#include <memory>
#include <metrics/service_metrics.hpp>
#include <service/batch_writer.hpp>
#include <service/change_reader.hpp>
#include <service/claimer.hpp>
#include <service/feed_waiters.hpp>
#include <service/inbox.hpp>
#include <service/maintenance.hpp>
#include <service/pending_work.hpp>
#include <service/storage_clock.hpp>
#include <service/storage_health.hpp>
#include <service/subscription_index.hpp>
#include <service/worker_counters.hpp>
#include <service/worker_identity.hpp>

namespace webhooks::service {

/// The parts of the storage loop, which share no state except by their functions. This is where
/// they are wired.
struct StorageParts {
    /// What they share with the rest of the service.
    struct Shared {
        std::shared_ptr<Storage> storage;
        std::shared_ptr<Clock> clock;
        std::shared_ptr<Observer> observer;
        std::shared_ptr<metrics::ServiceMetrics> metrics;
        const ServiceOptions& options;
        SubscriptionIndex& index;
        Inbox& inbox;
        const delivery::MemoryBudget& budget;
        /// Called, from any thread, after `StorageLoop::wake_at` has become earlier.
        std::function<void()> on_change = {};
    };
    explicit StorageParts(const Shared& shared);

    StorageClock clock;
    StorageHealth health;
    PendingWork pending;
    FeedWaiters feeds;
    WorkerIdentity identity;
    ChangeReader changes;
    WorkerCounters counters;
    Claimer claimer;
    BatchWriter writer;
    Maintainer maintenance;
};

}  // namespace webhooks::service
