#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// What the storage side hands to the delivery side. Every member may be called from any thread.
class Inbox {
public:
    /// An event of the log that a user deleted.
    struct Cancellation {
        SubscriptionId subscription{};
        EventId event{};
    };
    struct Contents {
        /// Counts the identities that this service had: what is of an earlier one is void.
        std::uint64_t epoch = 0;
        std::vector<HeldEvent> events = {};
        std::vector<Cancellation> cancellations = {};
    };

    /// @param wake called after each hand-over, by whoever hands over.
    explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    void deliver(std::vector<HeldEvent> events) {
        if (events.empty()) return;
        held_ += events.size();
        {
            const std::scoped_lock lock(mutex_);
            contents_.events.insert(contents_.events.end(), std::make_move_iterator(events.begin()),
                                    std::make_move_iterator(events.end()));
        }
        wake_();
    }

    void cancel(Cancellation cancellation) {
        {
            const std::scoped_lock lock(mutex_);
            contents_.cancellations.push_back(cancellation);
        }
        wake_();
    }

    /// Another identity begins: all that was handed over is somebody else's now.
    void begin_epoch(std::uint64_t epoch) {
        {
            const std::scoped_lock lock(mutex_);
            contents_ = {.epoch = epoch};
            held_ = 0;
        }
        wake_();
    }

    Contents take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(contents_, {.epoch = contents_.epoch});
    }

    /// Events in memory, from hand-over until their record or park is handed back.
    std::size_t held() const noexcept { return held_; }
    void release(std::uint64_t epoch, std::size_t events) {
        const std::scoped_lock lock(mutex_);
        if (epoch == contents_.epoch) held_ -= events;
    }

private:
    std::function<void()> wake_;
    std::mutex mutex_;
    Contents contents_;
    std::atomic<std::size_t> held_{0};
};

}  // namespace webhooks::service
