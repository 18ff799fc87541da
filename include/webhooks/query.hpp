#pragma once

#include <cstdint>
#include <vector>

namespace webhooks {

/// Which part of a list to answer. Sorted by id, ascending.
struct ListQuery {
    /// Rows at most; 0 asks for the count alone; more than 1,000 is read as 1,000.
    std::uint32_t take = 100;
    /// Rows to pass over first.
    std::uint32_t skip = 0;
    /// Subscriptions only: fill `Subscription::recent_events`.
    bool include_events = false;
};

inline constexpr std::uint32_t max_take = 1000;
/// How many events `ListQuery::include_events` brings for each subscription.
inline constexpr std::uint32_t max_included_events = 100;

/// A part of a list and the size of the whole.
template <class T>
struct Page {
    std::vector<T> items;
    /// The caller's rows that match, whatever `take` and `skip` are.
    std::int64_t total = 0;
};

}  // namespace webhooks
