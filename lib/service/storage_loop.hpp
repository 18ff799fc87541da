#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <service/inbox.hpp>
#include <service/next_action.hpp>
#include <service/storage_parts.hpp>
#include <string_view>
#include <webhooks/options.hpp>

namespace webhooks::service {

/// The storage side of a running service: commits publications and results in batches, holds the
/// worker's identity, and claims due events. `next_action` decides what it does next; the parts do
/// it.
///
/// `step` does the work. Its callers take turns; all other functions may be called at any time.
class StorageLoop {
public:
    explicit StorageLoop(const StorageParts::Shared& shared);
    ~StorageLoop();
    StorageLoop(const StorageLoop&) = delete;
    StorageLoop& operator=(const StorageLoop&) = delete;

    /// Registers as a worker, reads subscriptions, starts to take over what was left behind.
    /// @param owner of this loop: shared by each call of storage.
    Result<> open(const std::weak_ptr<void>& owner);
    /// From now on `submit` returns stopped.
    void reject_new() { parts_.pending.reject_new(); }
    /// Writes pending work, and gives up the identity, so that its events are due at once for any
    /// worker.
    /// @pre `reject_new` was called.
    Result<> close();
    /// Leaves everything as after a crash: this worker stays registered in storage. Only callers
    /// are answered. @pre `reject_new` was called.
    void abandon();

    /// Submits publications; a later `step` calls `done`. @return overloaded; stopped: then the
    /// submission is unchanged.
    Result<> submit(Submission& submission) { return parts_.pending.submit(submission); }
    /// Submits results of events. Has no effect if `epoch` is that of an earlier identity.
    void record(std::uint64_t epoch, delivery::Results results);
    /// Delivery has failed, and it is unknown what it still holds: all of it goes back to storage.
    void force_reregister() noexcept { has_failed_ = true; }
    /// Whether there is room for more results; delivery starts no attempt otherwise.
    bool has_room_for_results() const { return parts_.pending.has_room_for_results(); }
    /// Reads what has changed since the index was built.
    Result<> refresh() { return parts_.changes.refresh(); }
    void request(StorageRequest request) { parts_.pending.request(request); }
    FeedWaiters& feeds() { return parts_.feeds; }

    /// Does one round of the work that is ready. @return the number of things done.
    std::size_t step();
    /// Waits until `step` may have work to do, or `stop_waiting` was called.
    void wait() { parts_.pending.wait(parts_.clock.steady_now()); }
    void stop_waiting() { parts_.pending.stop_waiting(); }
    /// When `step` has work to do next: a time in the past if it has work now.
    SteadyTime wake_at() const { return parts_.pending.wake_at(); }

    bool holds_lease() const { return parts_.identity.holds_lease(); }
    /// Storage's time.
    Time now() const { return parts_.clock.now(); }
    Time time_at(SteadyTime steady_time) const { return parts_.clock.at(steady_time); }
    bool is_healthy() const noexcept { return parts_.health.is_healthy(); }

private:
    void listen(const std::weak_ptr<void>& owner);
    /// Ends the calls that storage makes on threads of its own.
    void stop_listening();
    Result<> begin_identity();
    StorageLoopState state();
    NextAction next(std::optional<StorageAction> after = {});
    std::size_t run_round();
    std::size_t run(StorageAction);
    void reregister();
    std::size_t heartbeat();
    /// @return false if storage does not respond.
    bool read_changes();
    /// @return false if storage does not respond.
    bool append_due_operational();
    std::size_t tell_feed_readers();
    std::size_t take_over();
    std::size_t maintain();
    std::size_t reject_pending();
    void on_fatal(std::string_view what);

    const std::shared_ptr<Storage> storage_;
    const std::shared_ptr<Observer> observer_;
    const ServiceOptions& options_;
    Inbox& inbox_;
    StorageParts parts_;
    std::atomic<bool> has_failed_{false};

    // The state of `step`: must be held to run one.
    std::mutex step_mutex_;
    bool is_closed_ = false;
    /// Set only by a complete check: a heartbeat for another reason does not check for changes.
    SteadyTime next_heartbeat_{};
};

}  // namespace webhooks::service
