#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/feed.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/series.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A period of creation times.
struct CreationPeriod {
    Time since{};
    std::optional<Time> until = {};  ///< Excluded. Absent: without an end.

    bool contains(Time time) const { return time >= since && (!until || time < *until); }
};

/// The result of reopening events.
struct Reopened {
    std::size_t count = 0;
    /// If set, there may be more; continue from here.
    std::optional<EventId> next = {};
};

/// Whose attempts a series counts. Without members: those of all that the principal may see.
struct SeriesScope {
    std::optional<SubscriptionId> subscription = {};
    /// All subscriptions of this user. Not together with `subscription`.
    std::optional<std::string> user_id = {};
};

/// Whole buckets of 5 minutes, an hour or a day.
struct SeriesRange {
    Time from{};
    Time to{};
    std::chrono::seconds step{};
};

struct SeriesRows {
    /// In order, those in which something was counted.
    std::vector<SeriesBucket> buckets = {};
    Time counted_since{};  ///< When this storage began to keep counts.
};

/// How far a feed was read.
struct FeedPosition {
    std::uint64_t database = 0;  ///< Random; tells one database from another.
    EventId after{};             ///< Events up to this id were read.
    /// How often events had been deleted by the retention until then.
    std::int64_t purges = 0;
};

/// The part of a feed to read.
struct FeedRequest {
    /// Absent: from the oldest event that is kept.
    std::optional<FeedPosition> from = {};
    bool only_newest_position = false;  ///< Reads no event.
    std::optional<Time> since = {};     ///< Without `from`: from the first event created then.
    std::size_t take = 0;
    /// Of payloads: the event that exceeds it is the last one.
    std::size_t max_bytes = 0;
};

struct FeedRows {
    /// Ascending; `due` is set, and not 0, if a scheduled one has not been attempted yet. Of a
    /// subscription with `Delivery::pull` it is `Message::deliver_at`.
    std::vector<HeldEvent> events = {};
    FeedPosition next = {};  ///< After `events`.
    bool has_more = false;
    /// If set, `events` is empty, and `next` continues with the oldest event after
    /// `FeedRequest::from` that is kept.
    std::optional<FeedGap> gap = {};
};

/// A feed that a reader waits for.
struct FeedWatch {
    SubscriptionId subscription{};
    EventId after{};
};

/// There is something to read in a feed.
struct FeedChange {
    SubscriptionId subscription{};
    /// The newest event that `read_feed` shows; the greatest possible id if the subscription does
    /// not exist any more.
    EventId newest{};
};

inline constexpr std::size_t max_events_in_statistics = 100'000;

/// The part of a Storage by which users read the log, and resend events.
/// webhooks/storage.hpp says what holds for all calls.
class EventLog {
public:
    virtual ~EventLog() = default;

    virtual Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) = 0;
    /// As above, for all subscriptions that the principal may see. The default implementation
    /// returns `unsupported`.
    virtual Result<Page<Event>> list_all_events(const Principal&, const ListQuery&);
    virtual Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) = 0;
    /// As above, whichever subscription it is of that the principal may see. The default
    /// implementation returns `unsupported`.
    /// @param worker_tag if set, only an event with this `HeldEvent::worker_tag`.
    virtual Result<EventHistory> find_any_event(const Principal&, EventId,
                                                std::optional<std::uint64_t> worker_tag);
    virtual Result<> delete_event(const Principal&, SubscriptionId, EventId) = 0;
    /// The events of a subscription in order of id, each once along a chain of positions: what is
    /// not above a position that was returned never appears later. Leaves out those whose
    /// `Message::expires_at` has passed. The default implementation returns `unsupported`.
    /// @return invalid_argument for a position of another database, or ahead of the newest event.
    virtual Result<FeedRows> read_feed(const Principal&, SubscriptionId, const FeedRequest&);
    /// Those of the feeds that have an event after `FeedWatch::after`, or whose subscription was
    /// deleted. The default implementation returns all of them: their readers look for themselves.
    virtual Result<std::vector<FeedChange>> feed_changes(const std::vector<FeedWatch>&);
    /// As `DeliveryLog::set_listener`, for events that others have appended while `feed_changes` is
    /// called now and then.
    virtual void set_feed_listener(std::function<void()> listener);
    /// Of the attempts of the last 24 hours, considering the newest `max_events_in_statistics`
    /// events. As a list query, it ends with `timed_out` when `stop` is requested.
    virtual Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                                  std::stop_token stop) = 0;

    /// The sums of `Batch::rollups`. As they get older, `maintain` merges them into longer buckets
    /// and deletes them, as webhooks/series.hpp says; they are deleted with their subscription. A
    /// range has no shorter buckets than what is kept of it. The default implementation returns
    /// `unsupported`.
    virtual Result<SeriesRows> series(const Principal&, const SeriesScope&, const SeriesRange&);

    // ---- Resending, on request.

    /// Makes an event due now, with a full set of attempts. @return conflict while a worker has it
    /// in memory, and for one of `Append::pulled`.
    virtual Result<> reopen_event(const Principal&, SubscriptionId, EventId) = 0;
    /// As `reopen_event`, for the events created in a period that have a history, are not delivered
    /// and in no worker's memory, in order of id, starting after `after`, up to `limit`.
    virtual Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId,
                                                const CreationPeriod&, EventId after,
                                                std::size_t limit) = 0;
    /// The number of events that `reopen_undelivered` would reopen now. The default implementation
    /// returns `unsupported`.
    virtual Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                                  const CreationPeriod&);
};

}  // namespace webhooks
