#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <delivery/low_water.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <service/inbox.hpp>
#include <service/subscription_index.hpp>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// A publication on its way to storage.
struct PendingPublication {
    std::shared_ptr<const Message> message;
    std::optional<std::string> owner = {};    ///< Whose subscriptions; absent: everyone's.
    std::optional<SubscriptionId> only = {};  ///< A test event's one subscription.
    std::optional<IdempotencyKey> idempotency = {};
    std::optional<Time> due = {};  ///< When it is to be delivered; absent: at once.
    std::function<void(Result<PublishReceipt>)> done;
};

/// What delivery has to be written.
struct Results {
    std::vector<AttemptRecord> attempts = {};
    std::vector<Park> parks = {};

    std::size_t size() const noexcept { return attempts.size() + parks.size(); }
};

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
    };
    Journal(Parts parts, const ServiceOptions& options, SubscriptionIndex& index, Inbox& inbox);

    /// Registers as a worker, reads subscriptions, takes over what was left behind.
    Result<> open();
    /// From now on `submit` answers stopped.
    void refuse_new();
    /// Writes what is pending, and gives the identity back, so that what is held is due at once for
    /// whoever comes next. @pre `refuse_new` was called.
    Result<> close();

    /// Hands in a publication; `done` is called from a later `step`. @return overloaded; stopped.
    Result<> submit(PendingPublication publication);
    /// Hands in what came of events. Void when `epoch` is an earlier identity's.
    void record(std::uint64_t epoch, Results results);
    /// Whether results still find room; delivery begins no attempt while they do not.
    bool has_room_for_results() const;
    /// Reads what changed since the index was built.
    Result<> refresh();
    /// Rows have become garbage.
    void want_maintenance();
    /// Events in storage have become due.
    void want_claim();

    /// Does what can be done now. @return how many things were done.
    std::size_t step();
    /// Waits until `step` may have something to do, or `stop_waiting` was called.
    void wait();
    void stop_waiting();

    /// Storage's time. It follows the steady clock between signs of life, so that a jump of the
    /// machine's clock moves nothing.
    Time now() const;
    /// Whether storage answered the last time it was asked.
    bool is_healthy() const noexcept { return is_healthy_; }

private:
    struct Work {
        std::vector<PendingPublication> publications;
        Results results;
    };

    Result<> begin_identity();
    void pulse_if_due();
    void synchronize(const Pulse& pulse);
    Result<> take_over_all();

    std::size_t refuse_pending();
    std::size_t write_pending();
    Work take_work();
    /// Matches publications anew. Those that a transaction has no room for are put back.
    void match(Work& work, Batch& batch);
    void complete(Work& work, const Batch& batch, const BatchReceipt& receipt);
    std::vector<HeldEvent> hold(const Append& append, const Appended& appended) const;
    void answer(PendingPublication& publication, Result<PublishReceipt> receipt) const;

    std::size_t claim_due();
    std::size_t maintain_if_wanted();
    void consider_due(Time due);
    /// Notes how a call to storage went: after a failure storage is left alone for a while, and a
    /// lost identity is replaced. @return whether it succeeded.
    bool accept(const Result<>& result, const char* what);
    bool is_blocked() const { return parts_.clock->steady_now() < blocked_until_; }
    SteadyTime next_wake() const;
    void log(LogLevel level, const std::string& line) const;

    const Parts parts_;
    const ServiceOptions& options_;
    SubscriptionIndex& index_;
    Inbox& inbox_;
    std::atomic<bool> is_healthy_{true};

    // The state of `step`: whoever does one holds this.
    std::mutex step_mutex_;
    Worker worker_;
    bool is_closed_ = false;
    delivery::LowWater low_water_;
    std::optional<Time> next_due_;
    SteadyTime next_pulse_{};
    SteadyTime next_maintenance_{};
    SteadyTime blocked_until_{};
    /// Results whose write failed; they go into the next batch.
    Results unwritten_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<PendingPublication> publications_;
    Results results_;
    std::uint64_t epoch_ = 0;
    bool wants_maintenance_ = true;
    bool wants_claim_ = false;
    bool stops_waiting_ = false;
    bool refuses_new_ = false;
    bool waits_for_storage_ = false;
    SteadyTime wake_at_{};

    mutable std::mutex time_mutex_;
    Time base_time_{};
    SteadyTime base_steady_{};
};

}  // namespace webhooks::service
