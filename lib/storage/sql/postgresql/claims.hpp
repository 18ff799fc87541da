#pragma once

/// @file
/// Reads back events that wait in the log, and marks whose they are.

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/due_cursor.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Due events that no transaction has locked, marked as the worker's, and what it holds behind
/// them.
Claim claim(PostgresqlConnection& connection, const WorkerContext& context, DueCursor& cursor,
            std::size_t limit, std::int64_t number);
/// When the earliest unclaimed event is due, and the revision of now. A statement after that of the
/// claim, for this may have taken what was committed after its snapshot.
/// @return when the oldest work for `judge_unmatched` was published, if there is any.
std::optional<Time> read_rest(PostgresqlConnection& connection, DueCursor& cursor, Time now,
                              Claim& claim);
std::vector<HeldEvent> claim_reserved(PostgresqlConnection& connection, WorkerId worker,
                                      SubscriptionId subscription, std::size_t limit,
                                      std::int64_t number);
void unclaim(PostgresqlConnection& connection, WorkerId worker, std::int64_t number, Time now);
std::vector<HeldEvent> appended_after(PostgresqlConnection& connection, WorkerId worker,
                                      EventId after, std::size_t limit);

/// Releases events that a dead worker held. @return their number, at most `limit`; the low-water
/// mark advances to where the search ended.
std::size_t hand_back(PostgresqlConnection& connection, DeadWorker& dead, Time now,
                      std::size_t limit);

}  // namespace webhooks::storage
