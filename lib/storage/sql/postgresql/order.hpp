#pragma once

/// @file
/// The order of events with ordering keys, for many events at a time: as in order_table.hpp, whose
/// statements are for one event. Nothing is sent for events without keys.

#include <set>
#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/due_cursor.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <string>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Whether a transaction of a host is publishing with a key: events of lower ids may be committed
/// later. If none is, the next statement sees all of them. The lock is webhooks_ordering_lock(key):
/// that function, which sets a search path, takes longer than all else for each key.
/// @param key an SQL expression.
inline std::string is_open(const std::string& key) {
    return "(hashtextextended(" + key +
           " COLLATE \"C\", 'webhooks_ordered'::regclass::oid::bigint) & 9223372036854775807) "
           "IN (SELECT l.key FROM webhooks_advisory_lock l WHERE l.mode = 'ShareLock')";
}

/// Sends the locks of the queues that a batch changes, before its ids are taken: so of two
/// publications with a key, the one with the lower id is committed first.
void send_queue_locks(PostgresqlConnection& connection, const Batch& batch);
/// Writes what the results of a batch mean to queues.
/// @param receipt gets its turns, and what is returned and released.
void write_order(PostgresqlConnection& connection, const WorkerContext& context, const Batch& batch,
                 BatchReceipt& receipt);

/// New events with ordering keys.
class NewOrdered {
public:
    void add(const Append& append, SubscriptionId subscription, EventId event);
    /// @param receipt gets those that wait, and those that the worker holds behind others.
    void write(PostgresqlConnection& connection, const WorkerContext& context,
               BatchReceipt& receipt);

private:
    struct Entry {
        EventId event{};
        SubscriptionId subscription{};
        const Append* append = nullptr;
    };
    /// In whose queues a host may still publish lower ids.
    std::set<std::string> find_open_keys(PostgresqlConnection& connection) const;

    std::vector<Entry> entries_;
};

/// Sends the locks of the queues whose events are due, before rows are locked.
void send_due_locks(PostgresqlConnection& connection, Time now, const DueCursor::Place& behind,
                    std::size_t limit);
/// The worker takes those whose turn it is. The others leave `events`.
void take_turns(PostgresqlConnection& connection, const WorkerContext& context,
                std::vector<HeldEvent>& events);

}  // namespace webhooks::storage
