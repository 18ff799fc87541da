#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <storage/sql/order_table.hpp>
#include <storage/sql/sqlite/statement.hpp>
#include <string>

namespace webhooks::storage {

/// What each event with an ordering key costs, as statements that are prepared once; the rest is in
/// order_table.hpp. They run in the caller's transaction and throw what SOCI throws.
class SqliteOrder {
public:
    explicit SqliteOrder(soci::session& sql);

    enum class Place : std::uint8_t {
        turn,     ///< The worker holds the event, and it is its turn.
        behind,   ///< The worker holds it behind another one.
        waiting,  ///< It waits in storage.
    };
    /// A worker has appended an event. @param holds_it unless it waits for a time of its own.
    Place enter(const EventQueue& queue, EventId event, WorkerId worker, bool holds_it);
    /// An event has ended: its turn passes to the next one that its worker holds, if that is the
    /// first one.
    void leave(EventId event, Time now, QueueChanges& changes);
    /// The same if it no longer exists.
    void leave_if_deleted(EventId event, Time now, QueueChanges& changes);
    /// An event leaves its worker's memory with its turn, for which it gives way to an earlier one
    /// that was reopened. What the worker holds behind it goes back to storage.
    void reserve(EventId event, WorkerId worker, Time now, QueueChanges& changes);

private:
    soci::session& sql_;
    SqliteStatement find_last_;
    SqliteStatement find_first_;
    SqliteStatement insert_;
    SqliteStatement erase_;
};

}  // namespace webhooks::storage
