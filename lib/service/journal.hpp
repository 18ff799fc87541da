#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <delivery/low_water.hpp>
#include <delivery/results.hpp>
#include <deque>
#include <functional>
#include <memory>
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

/// One of the publications that a caller hands in at once.
struct PendingPublication {
    std::shared_ptr<const Message> message;
    std::optional<std::string> owner = {};    ///< Whose subscriptions; absent: everyone's.
    std::optional<SubscriptionId> only = {};  ///< A test event's one subscription.
    std::optional<IdempotencyKey> idempotency = {};
    std::optional<Time> due = {};  ///< When it is to be delivered; absent: at once.
};

using PublishReceipts = std::vector<PublishReceipt>;

/// What a caller hands in at once, on its way to storage: all of it becomes durable, or nothing.
struct Submission {
    std::vector<PendingPublication> publications = {};  ///< At least one.
    /// Its caller tells publications apart by their index, and so do the errors it gets.
    bool is_batch = false;
    std::function<void(Result<PublishReceipts>)> done = {};

    std::size_t payload_bytes() const;
};

using delivery::Results;

/// The storage side of a running service: it holds the worker's identity, commits what was
/// published and what was delivered, several together, and claims what is due.
///
/// `step` does the work. Callers of it take turns; everything else may be called at any time.
class Journal {
public:
    struct Parts {
        std::shared_ptr<Storage> storage;
        std::shared_ptr<Clock> clock;
        std::shared_ptr<Observer> observer;
        /// Called, from any thread, after `wake_at` came nearer.
        std::function<void()> on_change = {};
    };
    Journal(Parts parts, const ServiceOptions& options, SubscriptionIndex& index, Inbox& inbox);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Registers as a worker, reads subscriptions, begins to take over what was left behind.
    Result<> open();
    /// From now on `submit` answers stopped.
    void refuse_new();
    /// Writes what is pending, and gives the identity back, so that what is held is due at once for
    /// whoever comes next. @pre `refuse_new` was called.
    Result<> close();

    /// Hands in publications; `done` is called from a later `step`. @return overloaded; stopped:
    /// then the submission is as it was.
    Result<> submit(Submission& submission);
    /// Hands in what came of events. Void when `epoch` is an earlier identity's.
    void record(std::uint64_t epoch, Results results);
    /// Delivery has failed, and nobody knows what it still holds: all of it goes back to storage.
    void abandon_identity() noexcept { has_crashed_ = true; }
    /// Whether results still find room; delivery begins no attempt while they do not.
    bool has_room_for_results() const;
    /// Reads what changed since the index was built.
    Result<> refresh();
    /// Rows have become garbage.
    void want_maintenance();
    /// Events in storage have become due.
    void want_claim();
    /// Others have changed something: what a sign of life looks for is there now.
    void want_look();

    /// Does what can be done now. @return how many things were done.
    std::size_t step();
    /// Waits until `step` may have something to do, or `stop_waiting` was called.
    void wait();
    void stop_waiting();
    /// When `step` has something to do next: a time that has passed if it has now.
    SteadyTime wake_at() const;

    /// Whether this worker may still count on its work being its own, by its steady clock.
    bool holds_lease() const {
        return parts_.clock->steady_now().time_since_epoch().count() < lease_until_;
    }
    /// Storage's time. It follows the steady clock between signs of life, so that a jump of the
    /// machine's clock moves nothing.
    Time now() const;
    /// Whether storage answered the last time it was asked.
    bool is_healthy() const noexcept { return is_healthy_; }

private:
    struct Work {
        std::vector<Submission> submissions;
        Results results;
    };

    Result<> begin_identity();
    void drop_results();
    /// Gives a sign of life. @return nothing where storage did not answer.
    std::optional<Pulse> pulse();
    /// @return how many things were done.
    std::size_t look_if_due();
    /// Gives a sign of life and finds out what others did: changes, and workers that are dead.
    /// @return false where storage does not answer.
    bool look();
    /// @return false where storage does not answer.
    bool read_notices();
    void synchronize(const Pulse& pulse, SteadyTime asked_at);
    void set_time(Time storage_time, SteadyTime asked_at);
    /// @return whether there may be more
    Result<bool> take_over_some();
    /// However much dead workers left, publications and signs of life go on in between.
    std::size_t go_on_taking_over();

    std::size_t work();
    void crash(std::string_view what);
    /// @return false where storage does not answer.
    bool begin_again();
    std::size_t refuse_pending();
    std::size_t write_pending();
    /// Writes a batch of what is in hand. @pre no batch is in doubt.
    void write_in_hand();
    /// Finds out what became of a batch whose receipt was lost, and goes on from there.
    /// @return false where storage does not answer.
    bool settle_doubt();
    bool take_in_appended();
    void take_work();
    /// Matches publications anew. What a transaction has no room for is put back.
    void match(Work& work, Batch& batch);
    Append match(const PendingPublication& publication) const;
    void complete(Work& work, const Batch& batch, const BatchReceipt& receipt);
    /// Results are on their way into storage: the low-water mark may pass what they tell of.
    void settle(const Results& results);
    /// Results are in storage.
    void complete(const Results& results, const std::vector<SubscriptionId>& deactivated);
    void tell_deactivated(SubscriptionId id, const std::vector<Deactivation>& wanted);
    std::vector<HeldEvent> hold(const Append& append, const Appended& appended) const;
    /// @param appended what became of its publications.
    Result<PublishReceipts> receipts_of(const Submission& submission,
                                        std::span<const Result<Appended>> appended) const;
    void answer(Submission& submission, Result<PublishReceipts> receipts) const;
    void refuse(Submission& submission, const char* reason) const noexcept;

    std::size_t claim_due();
    std::size_t serve_wants();
    /// Events that may be claimed at once without passing what may be held in memory.
    std::size_t room_in_memory() const;
    /// Undoes a claim whose answer was lost. @return false where storage does not answer.
    bool settle_claim();
    std::size_t maintain_if_wanted();
    void consider_due(Time due);
    /// Notes how a call to storage went: after a failure storage is left alone for a while, and a
    /// lost identity is replaced. @return whether it succeeded.
    bool accept(const Result<>& result, const char* what);
    bool is_blocked() const { return parts_.clock->steady_now() < blocked_until_; }
    SteadyTime next_wake() const;
    void notify();
    /// @pre `mutex_` is held.
    bool has_work() const;
    void log(LogLevel level, std::string_view line) const;

    const Parts parts_;
    const ServiceOptions& options_;
    SubscriptionIndex& index_;
    Inbox& inbox_;
    std::atomic<bool> is_healthy_{true};
    std::atomic<SteadyTime::rep> lease_until_{0};

    // The state of `step`: whoever does one holds this.
    std::mutex step_mutex_;
    Worker worker_;
    /// Since when this worker has held its lease without a break.
    SteadyTime unbroken_since_{};
    bool is_taking_over_ = false;
    std::int64_t last_batch_ = 0;
    std::int64_t last_claim_ = 0;
    bool is_closed_ = false;
    delivery::LowWater low_water_;
    /// As storage knows it.
    EventId written_low_water_{};
    /// Those up to it are in the index.
    std::int64_t last_notice_ = 0;
    std::optional<Time> next_due_;
    /// Only a whole look moves it: a heartbeat for another reason finds out nothing.
    SteadyTime next_look_{};
    SteadyTime next_maintenance_{};
    SteadyTime blocked_until_{};
    /// What is being written.
    Work in_hand_;
    std::atomic<bool> has_crashed_{false};
    /// Results whose write failed; they go into the next batch, unless they were written after all.
    Results unwritten_;
    /// The batch of `last_batch_` has no receipt.
    bool is_in_doubt_ = false;
    /// The claim of `last_claim_` has no answer.
    bool is_claim_in_doubt_ = false;
    std::deque<delivery::Want> wants_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Submission> submissions_;
    /// Publications in `submissions_`, and the bytes of their payloads.
    std::size_t queued_ = 0;
    std::size_t queued_bytes_ = 0;
    Results results_;
    std::uint64_t epoch_ = 0;
    bool wants_maintenance_ = true;
    bool wants_claim_ = false;
    bool wants_look_ = false;
    bool stops_waiting_ = false;
    bool refuses_new_ = false;
    bool waits_for_storage_ = false;
    SteadyTime wake_at_{};

    mutable std::mutex time_mutex_;
    /// From the steady clock to storage's time; absent before the first heartbeat.
    std::optional<Time::duration> offset_;
};

}  // namespace webhooks::service
