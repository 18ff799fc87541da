#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The maximum of `FeedQuery::take`; more is read as this.
inline constexpr std::size_t max_feed_take = 1000;
/// The maximum number of readers that wait for the feed of one subscription.
inline constexpr std::size_t max_feed_waits = 4;
/// The longest that a reader waits; more is read as this.
inline constexpr std::chrono::seconds max_feed_wait{60};
/// A page has no further event once its events would take more than this as JSON.
inline constexpr std::size_t max_feed_bytes = std::size_t{16} * 1024 * 1024;

/// The part of a subscription's feed to read: docs/feed.md.
struct FeedQuery {
    /// Where the previous page ended. Empty: from the oldest event that is kept. `latest`: returns
    /// no event, and the cursor of now.
    std::string cursor = {};
    /// Only without a cursor: from the first event that was created then or later.
    std::optional<Time> since = {};
    std::size_t take = 100;  ///< 1 - `max_feed_take`.
};

struct FeedEvent {
    EventId id{};
    std::string webhook_id = {};  ///< As in the requests that deliver it.
    std::string event_type = {};
    std::string content_type = {};
    std::string payload = {};
    Time created_at{};
    /// Of a scheduled event, until it is delivered for the first time; with `Delivery::pull`,
    /// always.
    std::optional<Time> deliver_at = {};
    /// Its payload was destroyed (`WebhookService::shred_user`), and is empty here.
    bool is_payload_gone = false;
    /// The stored payload cannot be decrypted, and is empty here.
    bool is_unreadable = false;
};

/// Events that a reader has not read may have been deleted by the retention: those with an id
/// greater than `after`, up to `until`.
struct FeedGap {
    EventId after{};
    EventId until{};
};

struct FeedPage {
    std::vector<FeedEvent> events = {};  ///< Ascending by id.
    /// Where to continue; to keep it acknowledges the page. Never empty.
    std::string cursor = {};
    bool has_more = false;  ///< There is more to read now.
    /// If set, nothing was read: the query's cursor is older than events that were deleted.
    /// `cursor` continues with the oldest event that is kept and was not read.
    std::optional<FeedGap> gap = {};
};

}  // namespace webhooks
