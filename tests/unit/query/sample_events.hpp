#pragma once

#include <chrono>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/query.hpp>

namespace webhooks {

inline const Time start = std::chrono::sys_days(std::chrono::November / 1 / 2026);

/// Event 1 was delivered, 2 waits for its first attempt, 3 failed.
inline std::vector<Event> sample_events() {
    std::vector<Event> rows(3);
    rows[0] = {.id = {1},
               .subscription_id = {9},
               .event_type = "order.created",
               .payload = "100% \\ O'Hara_\xC3\xA9",
               .status_code = 200,
               .response = "",
               .is_success = true,
               .retry_count = 2,
               .sent_at = start + std::chrono::microseconds(1500),
               .created_at = start};
    rows[1] = {.id = {2},
               .subscription_id = {9},
               .event_type = "Order.Created",
               .payload = "",
               .created_at = start + std::chrono::seconds(1)};
    rows[2] = {.id = {3},
               .subscription_id = {9},
               .event_type = "invoice.paid",
               .payload = "b",
               .status_code = 500,
               .response = "oops",
               .error_message = "endpoint responded with 500",
               .retry_count = 0,
               .sent_at = start + std::chrono::seconds(2),
               .next_retry_at = start + std::chrono::seconds(7),
               .created_at = start + std::chrono::seconds(2)};
    return rows;
}

template <class T>
std::string ids(const Result<Page<T>>& page) {
    if (!page) return page.error().detail();
    std::string text;
    for (const T& row : page->items) {
        text += std::to_string(row.id.value);
    }
    return text;
}

}  // namespace webhooks
