#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// The progress of deleting old events. Ids ascend with time, so it continues after the last event
/// that it has seen. Events that it has to keep, because they wait, are examined again an hour
/// after the previous pass has finished, and no sooner, even if there are a million of them.
class RetentionCursor {
public:
    /// @return the event after which to continue.
    EventId start(Time now) {
        if (first_kept_ && now >= repeat_at_) {
            last_seen_ = {first_kept_->value - 1};
            first_kept_.reset();
            repeat_at_ = Time::max();
        }
        return last_seen_;
    }

    /// @pre ascending ids.
    void advance(EventId event, bool is_kept) {
        last_seen_ = event;
        if (is_kept && !first_kept_) first_kept_ = event;
    }

    /// No event that is old enough is left.
    void finish(Time now) { repeat_at_ = std::min(repeat_at_, now + std::chrono::hours(1)); }

private:
    EventId last_seen_{};
    std::optional<EventId> first_kept_ = {};
    Time repeat_at_ = Time::max();
};

}  // namespace webhooks::storage
