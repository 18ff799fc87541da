#pragma once

#include <cstdint>
#include <delivery/memory_budget.hpp>
#include <delivery/results.hpp>
#include <delivery/turn_news.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/time.hpp>

namespace webhooks::service {

/// What the storage side passes to the delivery side. All member functions may be called from any
/// thread.
class Inbox {
public:
    /// An event of the log that a user deleted, or all events that were published for a user up to
    /// the time when this user's payloads were destroyed.
    struct Cancellation {
        SubscriptionId subscription{};
        EventId event{};
        std::optional<std::string> shredded_user = {};
        Time shredded_at{};
    };
    /// The response to a request for reserved events.
    struct Refill {
        delivery::RefillRequest request;
        std::vector<HeldEvent> events;
    };
    struct Contents {
        /// Counts the identities that this service has had: items of an earlier one are void.
        std::uint64_t epoch = 0;
        std::vector<HeldEvent> events = {};
        std::vector<Refill> refills = {};
        std::vector<Cancellation> cancellations = {};
        std::vector<delivery::TurnNews> turns = {};  ///< In order.

        std::size_t size() const {
            return events.size() + refills.size() + cancellations.size() + turns.size();
        }
    };

    /// @param wake called after each item is added, by the thread that adds it.
    Inbox(delivery::MemoryBudget& budget, std::function<void()> wake)
        : budget_(budget), wake_(std::move(wake)) {}

    void deliver(std::vector<HeldEvent> events) {
        if (events.empty()) return;
        hold(events);
        {
            const std::scoped_lock lock(mutex_);
            if (contents_.events.empty()) contents_.events.swap(events);
            contents_.events.insert(contents_.events.end(), std::make_move_iterator(events.begin()),
                                    std::make_move_iterator(events.end()));
        }
        wake_();
    }

    void pass_turns(delivery::TurnNews news) {
        if (news.size() == 0) return;
        hold(news.behind);
        {
            const std::scoped_lock lock(mutex_);
            contents_.turns.push_back(std::move(news));
        }
        wake_();
    }

    void refill(const delivery::RefillRequest& request, std::vector<HeldEvent> events) {
        hold(events);
        {
            const std::scoped_lock lock(mutex_);
            contents_.refills.push_back({.request = request, .events = std::move(events)});
        }
        wake_();
    }

    void cancel(Cancellation cancellation) {
        {
            const std::scoped_lock lock(mutex_);
            contents_.cancellations.push_back(std::move(cancellation));
        }
        wake_();
    }

    /// A new identity begins: everything added before belongs to another worker now.
    void begin_epoch(std::uint64_t epoch) {
        {
            const std::scoped_lock lock(mutex_);
            contents_ = {.epoch = epoch};
            budget_.release_all();
        }
        wake_();
    }

    Contents take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(contents_, {.epoch = contents_.epoch});
    }

    /// Whether a caller that has taken everything of this epoch has nothing more to take.
    bool is_empty(std::uint64_t epoch) {
        const std::scoped_lock lock(mutex_);
        return contents_.epoch == epoch && contents_.size() == 0;
    }

    /// Delivery has released events that were passed here.
    void release(std::uint64_t epoch, const delivery::Results& results) {
        const std::scoped_lock lock(mutex_);
        if (epoch != contents_.epoch) return;
        budget_.release(results.released_events, results.released_bytes);
    }

private:
    void hold(const std::vector<HeldEvent>& events) {
        std::size_t bytes = 0;
        for (const HeldEvent& event : events) {
            bytes += delivery::payload_bytes(event);
        }
        budget_.hold(events.size(), bytes);
    }

    delivery::MemoryBudget& budget_;
    const std::function<void()> wake_;
    std::mutex mutex_;
    Contents contents_;
};

}  // namespace webhooks::service
