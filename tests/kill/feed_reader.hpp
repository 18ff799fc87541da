#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>
#include <webhooks/principal.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::testing {

/// Reads a feed along one chain of positions, while others publish.
class FeedReader {
public:
    FeedReader(std::shared_ptr<Storage> storage, SubscriptionId subscription)
        : storage_(std::move(storage)),
          subscription_(subscription),
          thread_([this] { read_on(); }) {}
    FeedReader(const FeedReader&) = delete;
    FeedReader& operator=(const FeedReader&) = delete;
    ~FeedReader() { end(); }

    /// Reads what is left. @return all that was read, in this order
    const std::vector<EventId>& finish() {
        end();
        while (read()) {
        }
        return read_;
    }

private:
    void end() {
        is_ending_ = true;
        if (thread_.joinable()) thread_.join();
    }

    void read_on() {
        while (!is_ending_) {
            if (!read()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    /// @return false if there was nothing
    bool read() {
        const Result<FeedRows> rows =
            storage_->read_feed(Principal::administrator("auditor"), subscription_,
                                {.from = position_, .take = 50, .max_bytes = 1'000'000});
        if (!rows) return false;
        for (const HeldEvent& event : rows->events) {
            read_.push_back(event.id);
        }
        position_ = rows->next;
        return !rows->events.empty();
    }

    const std::shared_ptr<Storage> storage_;
    const SubscriptionId subscription_;
    std::optional<FeedPosition> position_;
    std::vector<EventId> read_;
    std::atomic<bool> is_ending_{false};
    std::thread thread_;
};

}  // namespace webhooks::testing
