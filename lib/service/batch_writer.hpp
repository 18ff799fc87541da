#pragma once

#include <delivery/memory_budget.hpp>
#include <memory>
#include <service/change_reader.hpp>
#include <service/claimer.hpp>
#include <service/feed_waiters.hpp>
#include <service/low_water.hpp>
#include <service/pending_work.hpp>
#include <service/worker_counters.hpp>
#include <service/worker_identity.hpp>
#include <string_view>
#include <vector>

namespace webhooks::service {

/// Writes publications and the results of deliveries in batches, each one transaction, and finds
/// out whether a batch whose receipt was lost was written.
///
/// The order matters: publications are matched against the index of subscriptions, storage rejects
/// the batch if the index is older than its subscriptions, callers get their receipts after the
/// commit, and delivery gets the events.
class BatchWriter {
public:
    struct Parts {
        std::shared_ptr<DeliveryLog> storage;
        std::shared_ptr<Observer> observer;
        StorageClock& clock;
        StorageHealth& health;
        WorkerIdentity& identity;
        ChangeReader& changes;
        SubscriptionIndex& index;
        Inbox& inbox;
        Claimer& claimer;
        FeedWaiters& feeds;
        PendingWork& pending;
        WorkerCounters& counters;
        const delivery::MemoryBudget& budget;
        std::size_t max_events_per_commit = 0;     ///< As in ServiceOptions.
        std::size_t max_events_per_batch = 0;      ///< As in ServiceOptions.
        std::chrono::seconds exhausted_window{0};  ///< As in Batch.
    };
    explicit BatchWriter(Parts parts) : parts_(std::move(parts)) {}

    /// A new identity: results of the previous one are dropped. @return the number of attempts
    std::size_t reset(const Worker& worker);
    /// Takes in what storage knows.
    void note(const Heartbeat& heartbeat);
    /// Whether fan-outs have events left to create: each batch creates some of them.
    bool has_fan_outs() const noexcept { return has_fan_outs_ && continues_fan_outs_; }
    /// This worker continues no fan-outs any more; others do.
    void end_fan_outs() noexcept { continues_fan_outs_ = false; }

    /// Writes a batch of pending work. @return the number of things done
    std::size_t write_pending();
    /// Results whose write failed, or a batch whose receipt was lost.
    bool has_unwritten() const { return is_in_doubt_ || unwritten_.size() > 0; }
    bool is_in_doubt() const noexcept { return is_in_doubt_; }
    /// If this worker wrote nothing else, storage would always believe that its events are in
    /// memory. @return false if storage does not respond
    bool write_low_water_mark();
    /// How far the work got is unknown: the callers get an error.
    void abort_batch(const char* reason) noexcept;

private:
    /// @return false if it failed: its callers have the error, its results are unwritten.
    bool write_current();
    /// @return unavailable if subscriptions keep changing
    Result<BatchReceipt> write_matched(Batch& batch);
    /// Finds out whether a batch whose receipt was lost was written, and continues from there.
    /// @return false if storage does not respond.
    bool resolve_in_doubt_batch();
    bool recover_appended();
    /// Matches publications. Those that do not fit into one transaction, or whose filters take
    /// longer, are put back.
    void match(Batch& batch);
    /// Its events are too many for one commit: storage creates them later, except those with an
    /// ordering key.
    void fan_out(Append& append) const;
    Append take_append(PendingPublication& publication);
    void put_back(const std::vector<Submission*>& later);
    void complete(const Batch& batch, const BatchReceipt& receipt);
    /// Results are about to be written: the low-water mark may advance past their events.
    void mark_done(const delivery::Results& results);
    /// Results are in storage.
    void complete(const delivery::Results& results, const std::vector<SubscriptionId>& deactivated);
    void notify_deactivated(SubscriptionId id, const std::vector<Deactivation>& wanted);
    /// Adds the events of a new append that is due at once to those that delivery gets.
    void hold(const Append& append, const Appended& appended, const BatchReceipt& receipt,
              Time appended_at, std::vector<HeldEvent>& events, std::vector<HeldEvent>& behind);

    const Parts parts_;
    std::int64_t last_batch_ = 0;
    LowWater low_water_;
    /// As last written to storage.
    EventId written_low_water_{};
    /// What is being written.
    StorageWork current_;
    /// For each append of the current batch, the subscriptions whose filter did not let it through.
    std::vector<Filtered> filtered_;
    /// Results whose write failed; they go into the next batch, unless they turn out to be written.
    delivery::Results unwritten_;
    /// The batch of `last_batch_` has no receipt.
    bool is_in_doubt_ = false;
    bool has_fan_outs_ = false;
    bool continues_fan_outs_ = true;
};

}  // namespace webhooks::service
