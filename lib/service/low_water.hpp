#pragma once

#include <algorithm>
#include <deque>
#include <webhooks/ids.hpp>

namespace webhooks::service {

/// Computes the id up to which all events that a worker appended are done, that is, have a final
/// attempt or a retry row. Events are added in order of id; ids in gaps belong to other workers or
/// were not used.
class LowWater {
public:
    /// @pre `first` is greater than every id added before.
    void add(EventId first, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            open_.push_back({first.value + static_cast<std::int64_t>(i), false});
        }
        last_added_ = first.value + static_cast<std::int64_t>(count) - 1;
    }

    /// Has no effect for an id that was never added or is already done.
    void mark_done(EventId id);

    /// The highest id such that no open event has this id or a lower one; never decreases.
    EventId value() const { return {open_.empty() ? last_added_ : open_.front().id - 1}; }

    EventId last_added() const { return {last_added_}; }

    /// The ids of events added later are greater than `last`.
    void advance_to(EventId last) { last_added_ = std::max(last_added_, last.value); }

    /// A new worker identity; the ids of its events are greater than `last`.
    void reset(EventId last) {
        open_.clear();
        last_added_ = last.value;
    }

private:
    struct Entry {
        std::int64_t id;
        bool is_done;
    };

    std::deque<Entry> open_;
    std::int64_t last_added_ = 0;
};

}  // namespace webhooks::service
