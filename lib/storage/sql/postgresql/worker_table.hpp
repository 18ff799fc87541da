#pragma once

/// @file
/// Statements on workers. They run in the caller's transaction and throw what SOCI throws.
///
/// A worker's row represents its lease: each of its transactions locks the row first, and a
/// transaction that marks the worker dead locks it against all of these.

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// The data with which a transaction of a living worker begins.
struct WorkerContext {
    Worker worker{};
    Time now{};
};

/// Storage's time in SQL, as the first parameter of these statements: set by tests, otherwise the
/// database's time.
using TimeOverride = std::optional<Time>;

/// How a worker's row is locked. Equal locks are compatible, except `exclusive`.
enum class WorkerLock : std::uint8_t {
    shared,     ///< Against being marked dead.
    exclusive,  ///< Also against every other transaction of the worker: it waits for those.
};

/// @return `worker` with its id; the caller supplies its tag.
Worker insert_worker(PostgresqlConnection& connection, TimeOverride time, Worker worker,
                     std::chrono::milliseconds lease);
/// @return nullopt if the worker is dead; also the next two.
std::optional<WorkerContext> lock_worker(PostgresqlConnection& connection, TimeOverride time,
                                         WorkerId worker, WorkerLock lock);
/// The data with which a batch begins.
struct BegunBatch {
    WorkerContext context{};
    Revision revision = 0;
    EventId first_event{};  ///< The first of the reserved ids, if any.
};
/// Locks the row also against other batches and heartbeats, and reserves ids. No other
/// transaction has to wait for ids until this one ends.
std::optional<BegunBatch> begin_batch(PostgresqlConnection& connection, TimeOverride time,
                                      WorkerId worker, const Batch& batch);
std::optional<Heartbeat> send_heartbeat(PostgresqlConnection& connection, TimeOverride time,
                                        WorkerId worker);

/// Writes what a worker reports, in the transaction of its batch.
void send_report(PostgresqlConnection& connection, WorkerId worker, const WorkerReport& report);
/// @pre the row is locked exclusively.
void mark_dead(PostgresqlConnection& connection, WorkerId worker);
/// Marks workers whose lease has expired and that have no open transaction.
void mark_expired_workers(PostgresqlConnection& connection, Time now, WorkerId self);

struct DeadWorker {
    WorkerId id{};
    EventId low_water{};
    bool is_lost = false;  ///< It did not retire.
    std::int64_t taken_over = 0;
    std::optional<WorkerReport> report = {};
};
/// A dead worker that no other worker is taking over; it is locked until the transaction ends.
std::optional<DeadWorker> find_dead(PostgresqlConnection& connection);
/// Of its takeover, which continues.
void save_progress(PostgresqlConnection& connection, const DeadWorker& dead);
void delete_worker(PostgresqlConnection& connection, WorkerId dead);

}  // namespace webhooks::storage
