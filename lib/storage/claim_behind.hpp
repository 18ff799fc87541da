#pragma once

#include <algorithm>
#include <cstddef>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Whether a claim also takes events behind this one. Not behind one that has failed, because they
/// would go back if it failed again.
inline bool leads_others(const HeldEvent& event) {
    return !event.message->ordering_key.empty() && (event.attempts == 0 || event.is_requested);
}

/// How many events a claim takes behind each of those that lead others.
/// @param room the events that it may still take
inline std::size_t room_behind(std::size_t room, const std::vector<HeldEvent>& events) {
    constexpr std::size_t max_behind = 100;
    const auto leaders = static_cast<std::size_t>(std::ranges::count_if(events, leads_others));
    return leaders == 0 ? 0 : std::min(room / leaders, max_behind);
}

}  // namespace webhooks::storage
