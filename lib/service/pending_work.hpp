#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <delivery/results.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <service/publish_queue.hpp>
#include <service/result_queue.hpp>
#include <vector>
#include <webhooks/time.hpp>

namespace webhooks::service {

/// What other threads ask of the storage loop.
enum class StorageRequest : std::uint8_t {
    heartbeat,  ///< Other workers have changed something: read it now.
    claim,      ///< Events in storage have become due.
    maintain,   ///< There are rows to delete.
    feeds,      ///< FeedWaiters has something to do.
};

/// What one transaction is written from.
struct StorageWork {
    std::vector<Submission> submissions;
    delivery::Results results;
};

/// What other threads hand to the storage loop, and how it waits for them. All member functions may
/// be called from any thread.
class PendingWork {
public:
    /// @param on_change called after `wake_at` has become earlier, by the thread that did it.
    PendingWork(const ServiceOptions& options, const delivery::MemoryBudget& budget,
                std::function<void()> on_change);

    /// @return overloaded; stopped: then the submission is unchanged.
    Result<> submit(Submission& submission);
    /// From now on `submit` returns stopped.
    void reject_new();
    /// @return false for results of an earlier identity: they are dropped
    bool record(std::uint64_t epoch, delivery::Results results);
    /// Whether there is room for more results; delivery starts no attempt otherwise.
    bool has_room_for_results() const;
    void request(StorageRequest);

    /// Takes as many results and submissions as a batch may have.
    void take(StorageWork& work);
    void put_back(Submission& submission);
    /// Takes one submission, without allocating memory.
    std::optional<Submission> take_one() noexcept;
    std::size_t submissions() const;

    /// What waits, and what was requested since this was last asked.
    struct Arrived {
        bool has_submissions = false;
        bool has_results = false;
        std::array<bool, 4> requests{};

        bool has_request(StorageRequest request) const {
            return requests[static_cast<std::size_t>(request)];
        }
    };
    Arrived take_requests();

    /// A new identity: results of the previous ones are dropped.
    struct Epoch {
        std::uint64_t number = 0;
        std::size_t dropped_attempts = 0;
    };
    Epoch begin_epoch();

    /// Waits until `wake_at`, new work, or `stop_waiting`, for an hour at most.
    void wait(SteadyTime now);
    void stop_waiting();
    /// When the loop has work: a time in the past if it has work now.
    SteadyTime wake_at() const;
    /// @param is_blocked storage is not called until then: only submissions, which are rejected,
    /// are work
    void set_wake_at(SteadyTime wake_at, bool is_blocked);

private:
    void notify();
    /// @pre `mutex_` is held.
    bool wakes() const;

    const std::function<void()> on_change_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    PublishQueue queue_;
    ResultQueue results_;
    std::uint64_t epoch_ = 0;
    std::array<bool, 4> requested_{false, false, true, false};
    bool rejects_new_ = false;
    bool stops_waiting_ = false;
    bool is_blocked_ = false;
    SteadyTime wake_at_{};
};

}  // namespace webhooks::service
