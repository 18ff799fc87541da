// The part of WebhookService::Impl for feeds.

#include <algorithm>
#include <publication/webhook_id.hpp>
#include <service/feed_cursor.hpp>
#include <service/webhook_service_impl.hpp>
#include <utility>

namespace webhooks {
namespace {

using service::FeedCursor;

Error invalid(const char* field, const char* message) {
    return Error(std::vector<FieldError>{{field, message}});
}

Result<FeedRequest> request_for(SubscriptionId id, const FeedQuery& query) {
    if (query.take == 0) return invalid("take", "must be at least 1");
    if (query.since && !query.cursor.empty()) {
        return invalid("since", "is only for a first page, without a cursor");
    }
    FeedRequest request;
    request.since = query.since;
    request.take = std::min(query.take, max_feed_take);
    request.max_bytes = max_feed_bytes;
    request.only_newest_position = query.cursor == "latest";
    if (query.cursor.empty() || request.only_newest_position) return request;
    const std::optional<FeedCursor> cursor = service::parse_feed_cursor(query.cursor);
    if (!cursor) return invalid("cursor", "is not one that the feed has returned");
    if (cursor->subscription != id) return invalid("cursor", "is one of another subscription");
    request.from = cursor->position;
    return request;
}

/// At most, as a member of a JSON document with its other members.
std::size_t json_size(const FeedEvent& event) {
    constexpr std::size_t of_members = 512;
    std::size_t size = of_members + event.event_type.size() + 2 * event.content_type.size();
    for (const char c : event.payload) {
        const auto byte = static_cast<unsigned char>(c);
        size += byte < 0x20 ? 6 : byte == '"' || byte == '\\' ? 2 : 1;
    }
    return size;
}

FeedEvent to_feed_event(const HeldEvent& held) {
    const Message& message = *held.message;
    FeedEvent event;
    event.id = held.id;
    event.webhook_id = to_string(WebhookId{.worker_tag = held.worker_tag, .event = held.id});
    event.event_type = message.event_type;
    event.content_type = message.content_type;
    event.payload = *message.payload;
    event.created_at = held.created_at;
    if (held.due != Time{}) event.deliver_at = held.due;
    event.is_payload_gone = message.state == PayloadState::destroyed;
    event.is_unreadable = message.state == PayloadState::corrupt;
    return event;
}

/// The page ends before an event that would make it too large, except for its first, and before one
/// that cannot be decrypted now.
Result<FeedPage> page_of(SubscriptionId id, const FeedRows& rows) {
    FeedPage page;
    FeedPosition next = rows.next;
    page.has_more = rows.has_more;
    page.gap = rows.gap;
    std::size_t size = 0;
    for (const HeldEvent& held : rows.events) {
        const bool is_locked = held.message->state == PayloadState::locked;
        if (is_locked && page.events.empty()) {
            return Error(Errc::unavailable, "the key of a payload cannot be obtained now");
        }
        FeedEvent event = to_feed_event(held);
        size += json_size(event);
        if (is_locked || (size > max_feed_bytes && !page.events.empty())) {
            page.has_more = true;
            next.after = page.events.back().id;
            break;
        }
        page.events.push_back(std::move(event));
    }
    page.cursor = to_string(FeedCursor{.subscription = id, .position = next});
    return page;
}

}  // namespace

Result<FeedPage> WebhookService::Impl::read_feed(const Principal& principal, SubscriptionId id,
                                                 const FeedQuery& query) const {
    const Result<FeedRequest> request = request_for(id, query);
    if (!request) return request.error();
    const Result<FeedRows> rows = storage->read_feed(principal, id, *request);
    if (!rows) return rows.error();
    return page_of(id, *rows);
}

/// What arrives between the read and the wait is noticed: the first look of the waiter compares
/// storage with the page's cursor.
Result<> WebhookService::Impl::async_read_feed(const Principal& principal, SubscriptionId id,
                                               const FeedQuery& query,
                                               std::chrono::milliseconds wait,
                                               const std::shared_ptr<FeedCompletion>& done,
                                               const std::stop_token& stop) {
    const Result<FeedPage> page = read_feed(principal, id, query);
    if (!page) return page.error();
    const bool is_complete = !page->events.empty() || page->has_more || page->gap;
    if (is_complete || wait <= std::chrono::milliseconds(0)) {
        (*done)(page);
        return {};
    }
    const auto at_most = std::min<std::chrono::milliseconds>(wait, max_feed_wait);
    return engine.wait_for_feed({.subscription = id,
                                 .after = service::parse_feed_cursor(page->cursor)->position.after,
                                 .until = clock->steady_now() + at_most,
                                 .done =
                                     [done, page = *page](bool has_events) mutable {
                                         page.has_more = has_events;
                                         (*done)(std::move(page));
                                     }},
                                stop);
}

}  // namespace webhooks
