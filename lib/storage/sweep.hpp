#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// How far the deletion of old events has come. Ids ascend with time, so it goes on behind the last
/// event that it has seen. Those that it has to keep, because they wait, it sees again an hour
/// after it was last done, and no sooner, be there a million of them.
class Sweep {
public:
    /// @return behind which event to go on.
    EventId resume(Time now) {
        if (first_kept_ && now >= repeat_at_) {
            last_seen_ = {first_kept_->value - 1};
            first_kept_.reset();
            repeat_at_ = Time::max();
        }
        return last_seen_;
    }

    /// @pre ascending ids.
    void see(EventId event, bool is_kept) {
        last_seen_ = event;
        if (is_kept && !first_kept_) first_kept_ = event;
    }

    /// Nothing that is old enough is left.
    void rest(Time now) { repeat_at_ = std::min(repeat_at_, now + std::chrono::hours(1)); }

private:
    EventId last_seen_{};
    std::optional<EventId> first_kept_ = {};
    Time repeat_at_ = Time::max();
};

}  // namespace webhooks::storage
