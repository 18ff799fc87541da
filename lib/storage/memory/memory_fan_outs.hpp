#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <storage/fan_out.hpp>
#include <string>
#include <utility>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// The slices of appends that are fanned out. Not thread-safe.
class MemoryFanOuts {
public:
    struct Waiting {
        Slice slice;
        std::shared_ptr<const Message> message;
        std::uint64_t worker_tag = 0;
        Time created_at{};
        std::optional<Time> due = {};
    };

    void add(const Append& append, EventId first, std::uint64_t worker_tag, Time now,
             std::size_t slice_size) {
        for (Slice& slice : slices_of(append, first, slice_size)) {
            const EventId id = slice.first;
            waiting_[{append.message->user_id, id}] = {.slice = std::move(slice),
                                                       .message = append.message,
                                                       .worker_tag = worker_tag,
                                                       .created_at = now,
                                                       .due = append.due};
        }
    }

    /// Takes the oldest of the user whose turn it is.
    std::optional<Waiting> take() {
        if (waiting_.empty()) return std::nullopt;
        auto next = waiting_.lower_bound({last_user_ + '\0', EventId{}});
        if (next == waiting_.end()) next = waiting_.begin();
        last_user_ = next->first.first;
        std::optional<Waiting> taken(std::move(next->second));
        waiting_.erase(next);
        return taken;
    }

    bool empty() const { return waiting_.empty(); }

    bool is_full(const std::string& user) const {
        std::size_t count = 0;
        for (auto place = waiting_.lower_bound({user, EventId{}});
             place != waiting_.end() && place->first.first == user; ++place) {
            count += place->second.slice.subscriptions.size();
        }
        return count >= max_waiting_events;
    }

    /// The last id before the events that are still to be made: of a user, with those for everyone.
    EventId last_before(const std::string& user, EventId newest) const {
        for (const std::string& each : {user, std::string()}) {
            const auto first = waiting_.lower_bound({each, EventId{}});
            if (first == waiting_.end() || first->first.first != each) continue;
            newest = std::min(newest, EventId{first->first.second.value - 1});
        }
        return newest;
    }
    /// Of all users.
    EventId last_before(EventId newest) const {
        for (const auto& [place, each] : waiting_) {
            newest = std::min(newest, EventId{place.second.value - 1});
        }
        return newest;
    }

private:
    std::map<std::pair<std::string, EventId>, Waiting> waiting_;
    std::string last_user_ = {};  ///< Whose turn it was.
};

}  // namespace webhooks::storage
