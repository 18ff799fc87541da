#include <base/never_destroyed.hpp>
#include <bit>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <storage/sql/worker_report.hpp>

namespace webhooks::storage {
namespace {

/// The first parameter, or the current time.
std::string time_sql() {
    return "coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)";
}

Parameter parameter(TimeOverride time) {
    return storage::parameter(std::optional<std::int64_t>(to_micros(time)));
}

std::optional<WorkerContext> read_context(const PostgresqlRows& rows, WorkerId worker) {
    if (rows.size() == 0) return std::nullopt;
    return WorkerContext{
        .worker = {.id = worker, .tag = std::bit_cast<std::uint64_t>(rows.number(0, 0))},
        .now = from_micros(rows.number(0, 1))};
}

}  // namespace

Worker insert_worker(PostgresqlConnection& connection, TimeOverride time, Worker worker,
                     std::chrono::milliseconds lease) {
    static const PreparedStatement insert = {
        "insert_worker",
        "INSERT INTO webhooks_worker "
        "(tag, is_dead, low_water, last_batch, started_at, heartbeat_at, lease) "
        "SELECT $2, 0, s.last_value, 0, t.now, t.now, $3 "
        "FROM webhooks_event_id s, (SELECT " +
            time_sql() + " AS now) t RETURNING id, low_water"};
    const std::int64_t tag = std::bit_cast<std::int64_t>(worker.tag);
    const std::int64_t micros = std::chrono::microseconds(lease).count();
    const PostgresqlRows rows =
        connection.execute(insert, {parameter(time), parameter(tag), parameter(micros)});
    worker.id = {rows.number(0, 0)};
    worker.last_event = {rows.number(0, 1)};
    return worker;
}

std::optional<WorkerContext> lock_worker(PostgresqlConnection& connection, TimeOverride time,
                                         WorkerId worker, WorkerLock lock) {
    static const NeverDestroyed<std::string> select(
        "SELECT tag, " + time_sql() + " FROM webhooks_worker WHERE id = $2 AND is_dead = 0 FOR ");
    static const PreparedStatement shared = {"lock_worker_shared", *select + "KEY SHARE"};
    static const PreparedStatement exclusive = {"lock_worker_exclusive", *select + "UPDATE"};
    return read_context(connection.execute(lock == WorkerLock::shared ? shared : exclusive,
                                           {parameter(time), parameter(worker.value)}),
                        worker);
}

std::optional<BegunBatch> begin_batch(PostgresqlConnection& connection, TimeOverride time,
                                      WorkerId worker, const Batch& batch) {
    std::size_t events = 0;
    for (const Append& append : batch.appends) {
        events += append.subscriptions.size();
    }
    static const PreparedStatement update = {
        "begin_batch",
        "WITH worker AS (UPDATE webhooks_worker "
        "SET low_water = greatest(low_water, $3), last_batch = $4 "
        "WHERE id = $2 AND is_dead = 0 RETURNING tag, " +
            time_sql() +
            " AS now) SELECT w.tag, w.now, s.revision, "
            "CASE WHEN $5::bigint > 0 THEN webhooks_take_ids($5::bigint) ELSE 0 END "
            "FROM worker w CROSS JOIN webhooks_state s"};
    const PostgresqlRows rows = connection.execute(
        update, {parameter(time), parameter(worker.value), parameter(batch.low_water.value),
                 parameter(batch.number), parameter(static_cast<std::int64_t>(events))});
    const std::optional<WorkerContext> context = read_context(rows, worker);
    if (!context) return std::nullopt;
    return BegunBatch{
        .context = *context, .revision = rows.number(0, 2), .first_event = {rows.number(0, 3)}};
}

std::optional<Heartbeat> send_heartbeat(PostgresqlConnection& connection, TimeOverride time,
                                        WorkerId worker) {
    static const PreparedStatement update = {
        "beat", "UPDATE webhooks_worker SET heartbeat_at = " + time_sql() +
                    " WHERE id = $2 AND is_dead = 0 "
                    "RETURNING heartbeat_at, last_batch, (SELECT revision FROM webhooks_state), "
                    "(SELECT last_value FROM webhooks_event_id), "
                    "(SELECT last_notice FROM webhooks_state), "
                    "(SELECT count(*) FROM (SELECT 1 FROM webhooks_fan_out LIMIT 1) f)"};
    const PostgresqlRows rows =
        connection.execute(update, {parameter(time), parameter(worker.value)});
    if (rows.size() == 0) return std::nullopt;
    return Heartbeat{.now = from_micros(rows.number(0, 0)),
                     .revision = rows.number(0, 2),
                     .last_batch = rows.number(0, 1),
                     .last_event = {rows.number(0, 3)},
                     .last_notice = rows.number(0, 4),
                     .has_fan_outs = rows.number(0, 5) > 0};
}

void send_report(PostgresqlConnection& connection, WorkerId worker, const WorkerReport& report) {
    static const PreparedStatement update = {
        "write_report", "UPDATE webhooks_worker SET report = $2 WHERE id = $1"};
    const std::string text = write_report(report);
    connection.send(update, {storage::parameter(worker.value), Parameter(text)});
}

void mark_dead(PostgresqlConnection& connection, WorkerId worker) {
    static const PreparedStatement update = {
        "mark_dead", "UPDATE webhooks_worker SET is_dead = 1 WHERE id = $1"};
    connection.execute(update, {storage::parameter(worker.value)});
}

void mark_expired_workers(PostgresqlConnection& connection, Time now, WorkerId self) {
    // The update alone would not wait for transactions that hold a shared lock on the row. Skipping
    // locked rows keeps two workers from waiting for each other.
    static const PreparedStatement update = {
        "mark_expired_workers",
        "UPDATE webhooks_worker SET is_dead = 1, is_lost = 1 WHERE id IN "
        "(SELECT id FROM webhooks_worker WHERE is_dead = 0 AND id <> $2 "
        "AND heartbeat_at + lease < $1 FOR UPDATE SKIP LOCKED)"};
    connection.execute(update,
                       {storage::parameter(to_micros(now)), storage::parameter(self.value)});
}

std::optional<DeadWorker> find_dead(PostgresqlConnection& connection) {
    static const PreparedStatement select = {
        "find_dead",
        "SELECT id, low_water, is_lost, taken_over, report FROM webhooks_worker "
        "WHERE is_dead = 1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"};
    const PostgresqlRows rows = connection.execute(select, {});
    if (rows.size() == 0) return std::nullopt;
    DeadWorker dead{.id = {rows.number(0, 0)},
                    .low_water = {rows.number(0, 1)},
                    .is_lost = rows.number(0, 2) != 0,
                    .taken_over = rows.number(0, 3)};
    if (!rows.is_null(0, 4)) dead.report = read_report(std::string(rows.text(0, 4)));
    return dead;
}

void save_progress(PostgresqlConnection& connection, const DeadWorker& dead) {
    static const PreparedStatement update = {
        "save_progress",
        "UPDATE webhooks_worker SET low_water = $2, taken_over = $3 WHERE id = $1"};
    connection.execute(update,
                       {storage::parameter(dead.id.value), storage::parameter(dead.low_water.value),
                        storage::parameter(dead.taken_over)});
}

void delete_worker(PostgresqlConnection& connection, WorkerId dead) {
    static const PreparedStatement erase = {"delete_worker",
                                            "DELETE FROM webhooks_worker WHERE id = $1"};
    connection.execute(erase, {storage::parameter(dead.value)});
}

}  // namespace webhooks::storage
