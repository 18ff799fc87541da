#pragma once

/// @file
/// Statements on workers. They run in the caller's transaction and throw what SOCI throws.
///
/// A worker's row says who lives: each transaction of a worker locks it first, and whoever declares
/// a worker dead locks it against all of these.

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// What a transaction of a living worker begins with.
struct Standing {
    Worker worker{};
    Time now{};
};

/// Storage's time in SQL, as the parameter that each of these statements takes first: what tests
/// say, or else the database's.
using GivenTime = std::optional<Time>;

/// How a worker's row is locked. What locks alike runs side by side, except for `alone`.
enum class WorkerLock : std::uint8_t {
    shared,  ///< Against being declared dead.
    alone,   ///< Also against every other transaction of the worker: it waits for those.
};

/// @return what `worker` has become; it comes with its tag.
Worker insert_worker(PostgresqlConnection& connection, GivenTime time, Worker worker,
                     std::chrono::milliseconds lease);
/// @return nothing when the worker is dead; so the next two.
std::optional<Standing> lock_worker(PostgresqlConnection& connection, GivenTime time,
                                    WorkerId worker, WorkerLock lock);
/// What a batch begins with.
struct BegunBatch {
    Standing standing{};
    Revision revision = 0;
    EventId first_event{};  ///< Of the ids that were taken, if any were.
};
/// Locks the row against other batches and signs of life, too, and takes ids for `events`. For ids
/// nobody waits until this transaction ends.
std::optional<BegunBatch> begin_batch(PostgresqlConnection& connection, GivenTime time,
                                      WorkerId worker, const Batch& batch, std::size_t events);
std::optional<Pulse> beat(PostgresqlConnection& connection, GivenTime time, WorkerId worker);

/// @pre the row is locked alone.
void mark_dead(PostgresqlConnection& connection, WorkerId worker);
/// Marks those whose lease has lapsed and that no transaction shows alive.
void mark_lapsed(PostgresqlConnection& connection, Time now, WorkerId self);

struct DeadWorker {
    WorkerId id{};
    EventId low_water{};
};
/// One that nobody else takes over at the moment; it is ours until the transaction ends.
std::optional<DeadWorker> find_dead(PostgresqlConnection& connection);
void set_low_water(PostgresqlConnection& connection, const DeadWorker& dead);
void delete_worker(PostgresqlConnection& connection, WorkerId dead);

}  // namespace webhooks::storage
