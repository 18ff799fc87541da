#pragma once

#include <soci/soci.h>

#include <optional>
#include <storage/feed_page.hpp>
#include <storage/sql/condition_sql.hpp>
#include <vector>

namespace webhooks::storage {

/// The statements of `read_feed` (storage/feed_page.hpp), for one subscription.
class FeedList {
public:
    /// @param until events after this one are not shown
    FeedList(soci::session& sql, const Dialect& dialect, const Subscription& subscription,
             EventId until, Time now)
        : sql_(sql),
          dialect_(dialect),
          subscription_(subscription.id),
          is_pulled_(subscription.delivery == Delivery::pull),
          until_(until),
          now_(now) {}

    std::optional<EventId> first_after(EventId after, std::optional<Time> since) const;
    void read(EventId after, const FeedRequest& request, FeedRows& rows) const;

private:
    soci::session& sql_;
    const Dialect& dialect_;
    const SubscriptionId subscription_;
    const bool is_pulled_;
    const EventId until_;
    const Time now_;
};

/// As `EventLog::feed_changes`. @param until as above
std::vector<FeedChange> find_feed_changes(soci::session& sql, const std::vector<FeedWatch>& watches,
                                          EventId until);

/// When the first event after this one was created, of any subscription.
std::optional<Time> oldest_after(soci::session& sql, EventId settled);

/// Without `newest` and `settled`.
FeedState read_feed_state(soci::session& sql);
/// The retention has deleted events, the last of them `last`.
void note_purge(soci::session& sql, EventId last);

}  // namespace webhooks::storage
