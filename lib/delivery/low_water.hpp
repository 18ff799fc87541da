#pragma once

#include <algorithm>
#include <deque>
#include <webhooks/ids.hpp>

namespace webhooks::delivery {

/// Tells up to which id all events that a worker appended are settled, that is, have a final
/// attempt or a retry row. Events are added in order of id; gaps belong to others or to nobody.
class LowWater {
public:
    /// @pre `first` is above every id added before.
    void add(EventId first, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            open_.push_back({first.value + static_cast<std::int64_t>(i), false});
        }
        last_added_ = first.value + static_cast<std::int64_t>(count) - 1;
    }

    /// An id that was never added, or was settled before, changes nothing.
    void settle(EventId id);

    /// The highest id such that no unsettled event is at or below it; never goes back.
    EventId value() const { return {open_.empty() ? last_added_ : open_.front().id - 1}; }

    EventId last_added() const { return {last_added_}; }

    /// Whatever is added later is above `last`.
    void pass(EventId last) { last_added_ = std::max(last_added_, last.value); }

    /// Another worker begins; what it adds is above `last`.
    void reset(EventId last) {
        open_.clear();
        last_added_ = last.value;
    }

private:
    struct Entry {
        std::int64_t id;
        bool is_settled;
    };

    std::deque<Entry> open_;
    std::int64_t last_added_ = 0;
};

}  // namespace webhooks::delivery
