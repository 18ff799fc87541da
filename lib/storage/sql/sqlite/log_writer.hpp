#pragma once

#include <soci/soci.h>

#include <storage/fan_out.hpp>
#include <storage/idempotency.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/claims.hpp>
#include <storage/sql/sqlite/event_indexer.hpp>
#include <storage/sql/sqlite/order.hpp>
#include <storage/sql/sqlite/statement.hpp>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// The statements that write the log, prepared once. All run in the caller's transaction and throw
/// what SOCI throws.
class SqliteLogWriter {
public:
    SqliteLogWriter(soci::session& sql, SqliteClaims& claims, SqliteEventIndexer& indexer);

    SqliteLogWriter(const SqliteLogWriter&) = delete;
    SqliteLogWriter& operator=(const SqliteLogWriter&) = delete;

    struct State {
        Revision revision = 0;
        EventId last_event{};
    };
    State read_state();
    void write_last_event(EventId last_event);
    /// Records a worker's progress in its row.
    void write_progress(WorkerId worker, const Batch& batch);

    /// @param first_event the first unused id.
    /// @param receipt gets what new events with ordering keys wait for.
    std::vector<Result<Appended>> append(const Batch& batch, const Worker& worker, Time now,
                                         EventId first_event, BatchReceipt& receipt);
    /// Makes about as many events of what was fanned out before. @return their number
    std::size_t continue_fan_outs(std::size_t count);
    /// Skips an event that the worker does not hold.
    void record(const AttemptRecord& record, WorkerId worker, Time now, QueueChanges& changes);
    /// As `record`.
    void set_custody(const CustodyChange& change, WorkerId worker, Time now, QueueChanges& changes);

    /// Releases events that a dead worker held. @return their number, at most `limit`; `low_water`
    /// advances to where the search ended.
    std::size_t hand_back(WorkerId dead, EventId& low_water, Time now, std::size_t limit);

private:
    /// An unclaimed undelivered row.
    struct FreeRow {
        SubscriptionId subscription{};
        EventId event{};
        std::optional<Time> due = {};  ///< Absent: it has ended.
        int attempts = 0;
        int attempts_since_reopened = 0;
    };

    std::optional<Earlier> find_earlier(const IdempotencyKey& key, Time now);
    void write(const Append& append, const Appended& place, const Worker& worker, Time now,
               BatchReceipt& receipt);
    void write_message(const Message& message, const Appended& place);
    void fan_out(const Append& append, const Appended& place, const Worker& worker, Time now,
                 std::size_t slice_size);
    /// Part of the events of a message, which are still to be made.
    struct StoredSlice {
        Slice slice;
        std::string user;
        std::int64_t message = 0;
        std::int64_t worker_tag = 0;
        std::int64_t created_at = 0;
        std::int64_t due = 0;
    };
    /// The oldest of the first user after another one.
    std::optional<StoredSlice> find_slice(SqliteStatement& select, const std::string& user);
    void make_events(const StoredSlice& stored);
    void enter(const Append& append, SubscriptionId subscription, EventId event, WorkerId worker,
               Time now, BatchReceipt& receipt);
    void remember(const IdempotencyKey& key, const Appended& appended, Time now);
    void put_free(const FreeRow& row);

    soci::session& sql_;
    SqliteClaims& claims_;
    SqliteEventIndexer& indexer_;
    SqliteOrder order_;
    SqliteStatement read_state_;
    SqliteStatement write_last_event_;
    SqliteStatement write_progress_;
    SqliteStatement insert_message_;
    SqliteStatement insert_event_;
    SqliteStatement insert_attempt_;
    SqliteStatement insert_attempt_if_held_;
    SqliteStatement put_free_;
    SqliteStatement set_custody_;
    SqliteStatement delete_row_;
    SqliteStatement insert_slice_;
    SqliteStatement next_slice_;
    SqliteStatement first_slice_;
    SqliteStatement delete_slice_;
    SqliteStatement find_delivery_;
    std::string last_user_;  ///< Whose slice was taken last.
};

}  // namespace webhooks::storage
