#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <webhooks/ids.hpp>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::service {

/// What a cursor says: how far the feed of which subscription was read. Callers must not rely on
/// its format: hexadecimal numbers, the first of them its version.
struct FeedCursor {
    SubscriptionId subscription{};
    FeedPosition position = {};
};

std::string to_string(const FeedCursor& cursor);
std::optional<FeedCursor> parse_feed_cursor(std::string_view text);

}  // namespace webhooks::service
