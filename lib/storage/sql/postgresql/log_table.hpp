#pragma once

/// @file
/// Statements of workers on the log: one for each table and batch, with the rows as arrays. They
/// run in the transaction of a worker whose row is locked, and throw what SOCI throws.
///
/// Rows of several events are locked in the order of the events' ids, so that no two transactions
/// wait for each other.

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// What becomes of a plain attempt that the log has already.
enum class Known : std::uint8_t {
    fail,  ///< The statement fails: the log need not be searched for each.
    stay,  ///< It stays as it is.
};
/// Sends the parks and attempts of a batch, of events that the worker holds.
void send_results(PostgresqlConnection& connection, WorkerId worker, const Batch& batch,
                  Known known);

/// Locks the row that orders all changes of subscriptions until the transaction ends, so that
/// revisions become visible in their order.
void lock_revision(PostgresqlConnection& connection);
/// Sends what is new.
/// @param first_event the first of the ids that were reserved for these.
/// @return conflict for an idempotency key that was used for other content; unavailable for one
/// with which another transaction is publishing.
std::vector<Result<Appended>> append(PostgresqlConnection& connection, const Standing& standing,
                                     const std::vector<Append>& appends, EventId first_event);

/// What is due and in nobody's transaction, marked as the worker's.
std::vector<HeldEvent> claim(PostgresqlConnection& connection, const Standing& standing,
                             std::size_t limit, std::int64_t number);
/// When the earliest unclaimed event is due, and the revision of now. A statement after that of the
/// claim, for this may have taken what was committed after its snapshot.
void read_rest(PostgresqlConnection& connection, Claim& claim);
std::vector<HeldEvent> claim_deferred(PostgresqlConnection& connection, WorkerId worker,
                                      SubscriptionId subscription, std::size_t limit,
                                      std::int64_t number);
void unclaim(PostgresqlConnection& connection, WorkerId worker, std::int64_t number);
std::vector<HeldEvent> appended_after(PostgresqlConnection& connection, WorkerId worker,
                                      EventId after, std::size_t limit);

/// Makes free what a dead worker held. @return how many events, at most `limit`; the low-water mark
/// goes up to where the search ended.
std::size_t hand_back(PostgresqlConnection& connection, DeadWorker& dead, Time now,
                      std::size_t limit);

}  // namespace webhooks::storage
