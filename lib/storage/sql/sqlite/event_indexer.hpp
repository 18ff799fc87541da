#pragma once

#include <soci/soci.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <storage/sql/sqlite/statement.hpp>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>

namespace webhooks::storage {

/// Brings the index of subscriptions' events up to date, a range of ids at a time. The entries of a
/// range are inserted in their order, so that those on one page are written together; and a few in
/// each transaction, so that none takes long. Until all are there, readers do not use them
/// (storage/sql/events_of.hpp), so after a crash they are inserted again. Deleted events lose their
/// entries by a trigger. Functions run in the caller's transaction and throw what SOCI throws.
/// docs/decisions/0053-an-index-by-ranges.md
class SqliteEventIndexer {
public:
    /// @param writer outlives this object
    explicit SqliteEventIndexer(soci::session& writer);
    ~SqliteEventIndexer();
    SqliteEventIndexer(const SqliteEventIndexer&) = delete;
    SqliteEventIndexer& operator=(const SqliteEventIndexer&) = delete;

    /// Once there are enough events for a range: indexes more than have been appended since the
    /// last call.
    void follow();
    /// Indexes up to `limit` events, however few there are: readers look through the others.
    /// @return whether to go on soon
    bool catch_up(std::size_t limit);
    /// Indexes one event at once, which appears after others with a higher id.
    void add(EventId event) { insert_.execute(event); }

private:
    struct State {
        EventId last_event{};
        EventId indexed_to{};
    };
    struct Range {
        EventId after{};
        EventId last{};
        std::vector<std::pair<SubscriptionId, EventId>> events = {};
        std::size_t done = 0;
    };

    State read_state();
    static std::int64_t waiting(const State& state);
    /// @param shortest fewer events are left alone
    void index(State& state, std::int64_t shortest, std::size_t limit);
    Range read_range(const State& state);

    soci::session& writer_;
    SqliteStatement read_state_;
    SqliteStatement read_events_;
    SqliteStatement insert_;
    SqliteStatement finish_;
    std::optional<Range> range_;  ///< Of which a part is indexed.
    std::optional<EventId> last_seen_;
};

}  // namespace webhooks::storage
