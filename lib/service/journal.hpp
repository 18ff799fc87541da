#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <delivery/low_water.hpp>
#include <delivery/results.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <metrics/service_metrics.hpp>
#include <mutex>
#include <optional>
#include <service/inbox.hpp>
#include <service/subscription_index.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// One of the publications that a caller submits together.
struct PendingPublication {
    std::shared_ptr<const Message> message;
    std::optional<std::string> owner = {};    ///< The owner of the subscriptions; absent: everyone.
    std::optional<SubscriptionId> only = {};  ///< A test event's one subscription.
    std::optional<IdempotencyKey> idempotency = {};
    std::optional<Time> due = {};  ///< When to deliver it; absent: at once.
};

using PublishReceipts = std::vector<PublishReceipt>;

/// What a caller submits together: all of it becomes durable, or nothing.
struct Submission {
    std::vector<PendingPublication> publications = {};  ///< At least one.
    /// Whether the caller identifies publications by index, and so do its errors.
    bool is_batch = false;
    std::function<void(Result<PublishReceipts>)> done = {};

    std::size_t payload_bytes() const;
};

using delivery::Results;

/// The storage side of a running service: it holds the worker's identity, commits publications and
/// results in batches, and claims due events.
///
/// `step` does the work. Its callers take turns; all other functions may be called at any time.
class Journal {
public:
    struct Parts {
        std::shared_ptr<Storage> storage;
        std::shared_ptr<Clock> clock;
        std::shared_ptr<Observer> observer;
        std::shared_ptr<metrics::ServiceMetrics> metrics;
        /// Called, from any thread, after `wake_at` has become earlier.
        std::function<void()> on_change = {};
    };
    Journal(Parts parts, const ServiceOptions& options, SubscriptionIndex& index, Inbox& inbox);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Registers as a worker, reads subscriptions, starts to take over what was left behind.
    Result<> open();
    /// From now on `submit` returns stopped.
    void reject_new();
    /// Writes pending work, and gives up the identity, so that its events are due at once for any
    /// worker.
    /// @pre `reject_new` was called.
    Result<> close();

    /// Leaves everything as after a crash: this worker stays registered in storage. Only callers
    /// are answered. @pre `reject_new` was called.
    void abandon();

    /// Submits publications; a later `step` calls `done`. @return overloaded; stopped: then the
    /// submission is unchanged.
    Result<> submit(Submission& submission);
    /// Submits results of events. Has no effect if `epoch` is that of an earlier identity.
    void record(std::uint64_t epoch, Results results);
    /// Delivery has failed, and it is unknown what it still holds: all of it goes back to storage.
    void force_reregister() noexcept { has_crashed_ = true; }
    /// Whether there is room for more results; delivery starts no attempt otherwise.
    bool has_room_for_results() const;
    /// Reads what has changed since the index was built.
    Result<> refresh();
    /// There are rows to delete.
    void want_maintenance();
    /// Events in storage have become due.
    void want_claim();
    /// Others have changed something that the next heartbeat should read now.
    void request_heartbeat();

    /// Does all work that is ready. @return the number of things done.
    std::size_t step();
    /// Waits until `step` may have work to do, or `stop_waiting` was called.
    void wait();
    void stop_waiting();
    /// When `step` has work to do next: a time in the past if it has work now.
    SteadyTime wake_at() const;

    /// Whether this worker still holds its lease, by its steady clock.
    bool holds_lease() const {
        return parts_.clock->steady_now().time_since_epoch().count() < lease_until_;
    }
    /// Storage's time. It follows the steady clock between heartbeats, so that a jump of the system
    /// clock has no effect.
    Time now() const;
    /// Whether storage responded the last time it was called.
    bool is_healthy() const noexcept { return is_healthy_; }

private:
    struct Work {
        std::vector<Submission> submissions;
        Results results;
    };

    Result<> begin_identity();
    /// No attempt starts until storage has confirmed an identity.
    void end_lease() noexcept { lease_until_ = SteadyTime::min().time_since_epoch().count(); }
    void drop_results();
    /// Sends a heartbeat. @return nullopt if storage did not respond.
    std::optional<Heartbeat> heartbeat();
    /// @return the number of things done.
    std::size_t look_if_due();
    /// Sends a heartbeat and checks what others did: changes, and expired workers.
    /// @return false if storage does not respond.
    bool look();
    /// @return false where storage does not answer.
    bool read_notices();
    void synchronize(const Heartbeat& heartbeat, SteadyTime asked_at);
    void set_time(Time storage_time, SteadyTime asked_at);
    /// @return whether there may be more
    Result<bool> take_over_some();
    /// However much dead workers left, publications and heartbeats continue in between.
    std::size_t continue_takeover();

    std::size_t work();
    void on_fatal(std::string_view what);
    /// @return false if storage does not respond.
    bool reregister();
    std::size_t reject_pending();
    std::size_t write_pending();
    /// Writes a batch of the current work. @pre no batch is in doubt.
    void write_current();
    /// Finds out whether a batch whose receipt was lost was written, and continues from there.
    /// @return false if storage does not respond.
    bool resolve_in_doubt_batch();
    bool recover_appended();
    void take_work();
    /// Matches publications again. Those that do not fit into one transaction are put back.
    void match(Work& work, Batch& batch);
    Append match(const PendingPublication& publication) const;
    void complete(Work& work, const Batch& batch, const BatchReceipt& receipt);
    /// Results are about to be written: the low-water mark may advance past their events.
    void settle(const Results& results);
    /// Results are in storage.
    void complete(const Results& results, const std::vector<SubscriptionId>& deactivated);
    void notify_deactivated(SubscriptionId id, const std::vector<Deactivation>& wanted);
    std::vector<HeldEvent> hold(const Append& append, const Appended& appended) const;
    /// @param appended the results of its publications.
    Result<PublishReceipts> receipts_of(const Submission& submission,
                                        std::span<const Result<Appended>> appended) const;
    void answer(Submission& submission, Result<PublishReceipts> receipts) const;
    void reject(Submission& submission, const char* reason) const noexcept;

    std::size_t claim_due();
    std::size_t serve_refill_requests();
    /// The number of events that can be claimed at once within the memory limits.
    std::size_t room_in_memory() const;
    /// Undoes a claim whose result was lost. @return false if storage does not respond.
    bool resolve_in_doubt_claim();
    std::size_t maintain_if_wanted();
    void consider_due(Time due);
    /// Records how a call to storage went: after a failure storage is not called for a while, and a
    /// lost identity is replaced. @return whether it succeeded.
    bool note_storage_result(const Result<>& result, const char* what);
    bool is_blocked() const { return parts_.clock->steady_now() < blocked_until_; }
    SteadyTime next_wake() const;
    void notify();
    /// @pre `mutex_` is held.
    bool has_work() const;
    /// Counts for the metrics what storage has, from time to time.
    void sample_if_due();
    void log(LogLevel level, std::string_view line, LogEvent event) const;

    const Parts parts_;
    const ServiceOptions& options_;
    SubscriptionIndex& index_;
    Inbox& inbox_;
    std::atomic<bool> is_healthy_{true};
    std::atomic<SteadyTime::rep> lease_until_{0};

    // The state of `step`: must be held to run one.
    std::mutex step_mutex_;
    Worker worker_;
    /// Since when this worker has held its lease without interruption.
    SteadyTime unbroken_since_{};
    bool is_taking_over_ = false;
    std::int64_t last_batch_ = 0;
    std::int64_t last_claim_ = 0;
    bool is_closed_ = false;
    delivery::LowWater low_water_;
    /// As last written to storage.
    EventId written_low_water_{};
    /// Those up to it are in the index.
    std::int64_t last_notice_ = 0;
    std::optional<Time> next_due_;
    /// Set only by a complete check: a heartbeat for another reason does not check for changes.
    SteadyTime next_look_{};
    SteadyTime next_maintenance_{};
    SteadyTime next_sample_{};
    SteadyTime blocked_until_{};
    /// What is being written.
    Work current_;
    std::atomic<bool> has_crashed_{false};
    /// Results whose write failed; they go into the next batch, unless they turn out to be written.
    Results unwritten_;
    /// The batch of `last_batch_` has no receipt.
    bool is_in_doubt_ = false;
    /// The result of the claim `last_claim_` is unknown.
    bool is_claim_in_doubt_ = false;
    std::deque<delivery::RefillRequest> refill_requests_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Submission> submissions_;
    /// The number of publications in `submissions_`, and the bytes of their payloads.
    std::size_t queued_ = 0;
    std::size_t queued_bytes_ = 0;
    Results results_;
    std::uint64_t epoch_ = 0;
    bool wants_maintenance_ = true;
    bool wants_claim_ = false;
    bool wants_heartbeat_ = false;
    bool stops_waiting_ = false;
    bool rejects_new_ = false;
    bool waits_for_storage_ = false;
    SteadyTime wake_at_{};

    mutable std::mutex time_mutex_;
    /// From the steady clock to storage's time; absent before the first heartbeat.
    std::optional<Time::duration> offset_;
};

}  // namespace webhooks::service
