#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/storage/event_log.hpp>
#include <webhooks/time.hpp>

namespace webhooks::service {

/// A reader that waits for the first event after those that it has read.
struct FeedWait {
    SubscriptionId subscription{};
    EventId after{};
    SteadyTime until{};
    /// Called once, without a lock. Must not throw.
    std::function<void(bool has_events)> done;
};

/// Who waits for what feed, and when storage must be asked again. All member functions may be
/// called from any thread.
class FeedWaiters {
public:
    /// How long storage is not asked if nobody says that it has changed: other processes may have.
    static constexpr std::chrono::seconds poll_interval{2};

    /// @param on_change called after `ready_at` has become earlier.
    explicit FeedWaiters(std::function<void()> on_change) : on_change_(std::move(on_change)) {}
    ~FeedWaiters() { close(); }
    FeedWaiters(const FeedWaiters&) = delete;
    FeedWaiters& operator=(const FeedWaiters&) = delete;

    /// Waits until there is something to read, the time is over, `stop` is requested, or `close` is
    /// called. @return overloaded: `done` is not called
    Result<> add(FeedWait wait, const std::stop_token& stop);
    /// Events were appended for this subscription.
    void check(SubscriptionId subscription);
    /// Others may have appended events.
    void check_all();

    /// When `expire` or `take_unchecked` has something to do.
    SteadyTime ready_at() const;
    void expire(SteadyTime now);
    /// The feeds to ask storage about, if any. @param now it is asked at this time
    std::vector<FeedWatch> take_unchecked(SteadyTime now);
    void complete(const std::vector<FeedChange>& changes);
    /// Ends all waits, also later ones.
    void close();

private:
    /// The time at which it ends, and a number that no other one has.
    using Key = std::pair<SteadyTime, std::uint64_t>;
    struct Waiter {
        explicit Waiter(FeedWait given) : wait(std::move(given)) {}
        FeedWait wait;
        std::optional<std::stop_callback<std::function<void()>>> on_stop = {};
    };
    using Waiters = std::vector<std::shared_ptr<Waiter>>;

    void cancel(const Key& key);
    /// @pre `mutex_` is held.
    std::shared_ptr<Waiter> take(const Key& key);
    static void finish(const Waiters& waiters, bool has_events);

    const std::function<void()> on_change_;
    mutable std::mutex mutex_;
    std::atomic<std::size_t> count_{0};  ///< Of `waiters_`.
    std::map<Key, std::shared_ptr<Waiter>> waiters_;
    std::map<SubscriptionId, std::set<Key>> of_;
    std::set<SubscriptionId> unchecked_;
    bool is_all_unchecked_ = false;
    SteadyTime poll_at_ = SteadyTime::min();
    std::uint64_t last_number_ = 0;
    bool is_closed_ = false;
};

}  // namespace webhooks::service
