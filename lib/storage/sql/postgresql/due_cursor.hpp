#pragma once

#include <chrono>
#include <mutex>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// Where a search for due events begins, in the order of due time and id. PostgreSQL keeps the
/// index entries of rows that were claimed until it vacuums the table, so a search from the front
/// would pass those of a whole backlog each time. It begins behind what earlier ones claimed
/// instead, and once a second at the front, because events may have become due there. Thread-safe.
class DueCursor {
public:
    struct Place {
        Time due = Time::min();
        EventId event{};

        bool is_front() const noexcept { return due == Time::min(); }
    };
    static constexpr std::chrono::seconds longest_way{1};

    /// Where a search at this time begins: behind the returned place.
    Place begin(SteadyTime now);
    /// A search found as many events as it wanted; `last` was the last of them.
    void advance(const Place& last);
    /// A search found fewer: the next one begins at the front.
    void reset();

private:
    std::mutex mutex_;
    Place place_;
    SteadyTime left_front_ = SteadyTime::min();
};

}  // namespace webhooks::storage
