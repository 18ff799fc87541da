#pragma once

/// @file
/// Workers' statements on the log: one for each table and batch, with the rows as arrays. They run
/// in the transaction of a worker whose row is locked, and throw what SOCI throws.
///
/// Rows of several events are locked in the order of the events' ids, so that transactions cannot
/// deadlock.

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// What happens to a plain attempt that already exists in the log.
enum class OnDuplicate : std::uint8_t {
    fail,    ///< The statement fails, so that the log need not be searched for each.
    ignore,  ///< It is left unchanged.
};
/// Sends the custody_changes and attempts of a batch, for events that the worker holds.
void send_results(PostgresqlConnection& connection, WorkerId worker, const Batch& batch,
                  OnDuplicate on_duplicate);

/// Locks the row that orders all changes of subscriptions until the transaction ends, so that
/// revisions become visible in order.
void lock_revision(PostgresqlConnection& connection);
/// Sends new appends.
/// @param first_event the first of the ids that were reserved for these.
/// @return conflict for an idempotency key that was used for other content; unavailable for one
/// with which another transaction is publishing.
std::vector<Result<Appended>> append(PostgresqlConnection& connection, const WorkerContext& context,
                                     const std::vector<Append>& appends, EventId first_event);

/// Due events that no transaction has locked, marked as the worker's.
std::vector<HeldEvent> claim(PostgresqlConnection& connection, const WorkerContext& context,
                             std::size_t limit, std::int64_t number);
/// When the earliest unclaimed event is due, and the revision of now. A statement after that of the
/// claim, for this may have taken what was committed after its snapshot.
void read_rest(PostgresqlConnection& connection, Claim& claim);
std::vector<HeldEvent> claim_reserved(PostgresqlConnection& connection, WorkerId worker,
                                      SubscriptionId subscription, std::size_t limit,
                                      std::int64_t number);
void unclaim(PostgresqlConnection& connection, WorkerId worker, std::int64_t number);
std::vector<HeldEvent> appended_after(PostgresqlConnection& connection, WorkerId worker,
                                      EventId after, std::size_t limit);

/// Releases events that a dead worker held. @return their number, at most `limit`; the low-water
/// mark advances to where the search ended.
std::size_t hand_back(PostgresqlConnection& connection, DeadWorker& dead, Time now,
                      std::size_t limit);

}  // namespace webhooks::storage
