#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <base/ranges.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/migrator.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/postgresql/appends.hpp>
#include <storage/sql/postgresql/claims.hpp>
#include <storage/sql/postgresql/postgresql_storage.hpp>
#include <storage/sql/postgresql/rollups.hpp>
#include <storage/sql/subscription_table.hpp>

namespace webhooks {
namespace storage {
namespace {

using soci::into;
using soci::use;

constexpr const char* begin = "BEGIN";

/// The planner counts an index lookup once for each partition, although only one is read, and would
/// prefer to read the whole log.
const std::string by_key =
    "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off";
const std::string begin_by_key = begin + by_key;
const std::string begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

std::string begin_query(const PostgresqlOptions& options) {
    const auto timeout = std::min(options.query_timeout, options.statement_timeout);
    return begin_read + "; SET LOCAL statement_timeout = " + std::to_string(timeout.count());
}

/// Whether a statement ran for longer than allowed, or was cancelled.
bool was_cancelled(const std::exception& failure) {
    const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&failure);
    return postgresql != nullptr && postgresql->sqlstate() == "57014";
}

/// The lock that a transaction takes first. @return null: none
const char* lock_for(Purpose purpose) {
    switch (purpose) {
        case Purpose::configure:
            return "SELECT 1 FROM webhooks_state FOR UPDATE";
        case Purpose::reopen:  // Events that become due must not be deleted meanwhile.
            return "SELECT pg_advisory_xact_lock_shared('webhooks_event'::regclass::bigint)";
        case Purpose::erase:
            return "SELECT pg_advisory_xact_lock('webhooks_event'::regclass::bigint)";
        case Purpose::read:
        case Purpose::query:
        case Purpose::query_log:
        case Purpose::change:
            return nullptr;
    }
    return nullptr;
}

/// A partition of the log is used for an eighth of the retention, or at least this long.
constexpr std::chrono::seconds min_partition_period = std::chrono::hours(1);

Error taken_over() {
    return {Errc::fenced, "another worker has taken over"};
}

/// Whether the database can be used at all.
Result<> check_server(soci::session& sql) {
    constexpr int min_version = 130000;
    int version = 0;
    std::string encoding;
    sql << "SELECT current_setting('server_version_num')::integer, "
           "current_setting('server_encoding')",
        into(version), into(encoding);
    if (version < min_version) {
        return Error(Errc::conflict, "PostgreSQL: the server is older than version 13");
    }
    if (encoding != "UTF8") {
        return Error(Errc::conflict, "PostgreSQL: the database's encoding is not UTF8");
    }
    return {};
}

bool exists(soci::session& sql, const char* query, const std::string& schema) {
    int count = 0;
    sql << query, into(count), use(schema, "schema");
    return count > 0;
}

Result<> check_version(soci::session& sql, const std::string& schema) {
    const bool is_there = exists(sql,
                                 "SELECT count(*) FROM pg_tables WHERE schemaname = :schema "
                                 "AND tablename = 'webhooks_schema'",
                                 schema);
    if (!is_there) {
        return Error(Errc::conflict, "PostgreSQL: the database has no tables in the schema '" +
                                         schema + "'; create them with migrate_postgresql");
    }
    return check_schema(sql, postgresql_migrations());
}

}  // namespace

PostgresqlStorage::PostgresqlStorage(PostgresqlOptions options)
    : SqlStorage(postgresql_dialect),
      options_(std::move(options)),
      begin_query_(begin_query(options_)),
      begin_query_log_(begin_query_ + by_key),
      // Their statements may run for as long as the server allows.
      pool_(options_, link_, Planning::by_cost, options_.connections,
            options_.statement_timeout + options_.answer_timeout),
      worker_pool_(options_, link_, Planning::by_index, 1, options_.answer_timeout) {}

Result<> PostgresqlStorage::open() {
    return run(Purpose::read, [this](soci::session& sql) -> Result<> {
        if (Result<> verdict = check_server(sql); !verdict) return verdict;
        return check_version(sql, options_.schema);
    });
}

/// Does not block.
const char* PostgresqlStorage::begin_for(Purpose purpose) const {
    switch (purpose) {
        case Purpose::read:
            return begin_read.c_str();
        case Purpose::query:
            return begin_query_.c_str();
        case Purpose::query_log:
            return begin_query_log_.c_str();
        case Purpose::reopen:
        case Purpose::erase:
            return begin_by_key.c_str();
        case Purpose::change:
        case Purpose::configure:
            break;
    }
    return begin;
}

Result<> PostgresqlStorage::in_transaction(Purpose purpose, const std::stop_token& stop,
                                           const Body& body) {
    // A running query ends at its time limit: docs/decisions/0027-queries-of-clients-that-left.md.
    if (is_query(purpose) && stop.stop_requested()) return query::timed_out();
    bool is_timed_out = false;
    const Result<> done =
        pool_.in_transaction(begin_for(purpose), [&](PostgresqlConnection& connection) {
            try {
                if (const char* lock = lock_for(purpose)) connection.sql() << lock;
                if (!body(connection.sql())) return false;
            } catch (const soci::soci_error& failure) {
                is_timed_out = is_query(purpose) && was_cancelled(failure);
                throw;
            }
            if (purpose == Purpose::reopen || purpose == Purpose::configure) notify(connection);
            return true;
        });
    return is_timed_out ? query::timed_out() : done;
}

template <class Answering>
auto PostgresqlStorage::run_for_worker(Answering body) {
    using Answer = decltype(body(std::declval<PostgresqlConnection&>()));
    std::optional<Answer> answer;
    const Result<> done = worker_pool_.in_transaction(begin, [&](PostgresqlConnection& connection) {
        answer.emplace(body(connection));
        return answer->has_value();
    });
    return done ? *std::move(answer) : Answer(done.error());
}

template <class Answering>
auto PostgresqlStorage::run_as(WorkerId worker, WorkerLock lock, Answering body) {
    using Answer =
        decltype(body(std::declval<PostgresqlConnection&>(), std::declval<const WorkerContext&>()));
    return run_for_worker([&](PostgresqlConnection& connection) -> Answer {
        const std::optional<WorkerContext> context =
            lock_worker(connection, given_time(), worker, lock);
        if (!context) return taken_over();
        return body(connection, *context);
    });
}

Result<std::optional<EventId>> PostgresqlStorage::last_settled_event() {
    std::optional<EventId> last;
    const Result<> done = in_transaction(Purpose::read, {}, [&](soci::session& sql) {
        long long id = 0;
        sql << "SELECT webhooks_settled_id()", into(id);
        last = EventId{id};
        return true;
    });
    if (!done) return done.error();
    return last;
}

TimeOverride PostgresqlStorage::given_time() const {
    return options_.clock ? std::optional(options_.clock->now()) : std::nullopt;
}

Time PostgresqlStorage::now(soci::session& sql) {
    if (options_.clock) return options_.clock->now();
    long long micros = 0;
    sql << "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", into(micros);
    return from_micros(micros);
}

std::size_t PostgresqlStorage::expire(soci::session& sql, Time now, const Maintenance& maintenance,
                                      RetentionCursor& cursor) {
    const std::chrono::seconds keep_for = maintenance.keep_events_for;
    const std::chrono::seconds period = std::max(keep_for / 8, min_partition_period);
    const long long present = to_micros(now);
    const long long kept = std::chrono::microseconds(keep_for).count();
    const long long used = std::chrono::microseconds(period).count();
    const long long max_rows = static_cast<long long>(maintenance.limit);
    long long erased = 0;
    sql << "SELECT webhooks_tend_partitions(:present, :kept, :used, :most)", into(erased),
        use(present, "present"), use(kept, "kept"), use(used, "used"), use(max_rows, "most");
    // A transaction that dropped a partition holds locks that publishers wait for.
    if (erased >= max_rows || keep_for.count() == 0) return static_cast<std::size_t>(erased);
    // Partitions are dropped at an age of up to one more period. Events that are older by another
    // period are in a partition that must stay, because some of its events wait.
    return static_cast<std::size_t>(erased) +
           SqlStorage::expire(
               sql, now, {.limit = maintenance.limit, .keep_events_for = keep_for + 2 * period},
               cursor);
}

StorageInfo PostgresqlStorage::info(soci::session& sql) {
    long long bytes = 0;
    long long partitions = 0;
    sql << "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint, "
           "(SELECT count(*) FROM webhooks_partition) FROM pg_class c "
           "WHERE c.relkind = 'r' AND c.relnamespace = "
           "(SELECT relnamespace FROM pg_class WHERE oid = 'webhooks_event'::regclass)",
        into(bytes), into(partitions);
    return {.kind = "postgresql",
            .schema_version = schema_version(sql),
            .bytes = bytes,
            .partitions = partitions};
}

// ---- Workers.

Result<Worker> PostgresqlStorage::register_worker(std::chrono::milliseconds lease) {
    return run_for_worker([&](PostgresqlConnection& connection) -> Result<Worker> {
        Random& random = options_.random ? *options_.random : *system_random();
        const Worker worker{.tag = random.next()};
        return insert_worker(connection, given_time(), worker, lease);
    });
}

Result<Heartbeat> PostgresqlStorage::heartbeat(WorkerId worker) {
    return run_for_worker([&](PostgresqlConnection& connection) -> Result<Heartbeat> {
        const std::optional<Heartbeat> heartbeat = send_heartbeat(connection, given_time(), worker);
        if (!heartbeat) return taken_over();
        return *heartbeat;
    });
}

Result<> PostgresqlStorage::retire_worker(WorkerId worker) {
    return run_as(worker, WorkerLock::exclusive,
                  [&](PostgresqlConnection& connection, const WorkerContext&) -> Result<> {
                      mark_dead(connection, worker);
                      notify(connection);
                      return {};
                  });
}

Result<> PostgresqlStorage::mark_expired(WorkerId self) {
    return run_as(self, WorkerLock::shared,
                  [&](PostgresqlConnection& connection, const WorkerContext& context) -> Result<> {
                      mark_expired_workers(connection, context.now, self);
                      return {};
                  });
}

Result<std::size_t> PostgresqlStorage::take_over(WorkerId self, std::size_t limit) {
    std::vector<OperationalEvent> written;
    const Result<std::size_t> answer = run_as(
        self, WorkerLock::shared,
        [&](PostgresqlConnection& connection, const WorkerContext& context) -> Result<std::size_t> {
            return with_operational(
                connection.sql(), {}, context.now, written,
                [&](OperationalWriter& writer) { return take_over(connection, limit, writer); });
        });
    if (answer) report(written);
    return answer;
}

std::size_t PostgresqlStorage::take_over(PostgresqlConnection& connection, std::size_t limit,
                                         OperationalWriter& writer) {
    std::size_t moved = 0;
    while (moved < limit) {
        std::optional<DeadWorker> dead = find_dead(connection);
        if (!dead) break;
        const std::size_t count = hand_back(connection, *dead, writer.now(), limit - moved);
        moved += count;
        dead->taken_over += count;
        if (moved == limit) {
            save_progress(connection, *dead);
        } else {
            delete_worker(connection, dead->id);
            if (!dead->is_lost) continue;
            lock_revision(connection);
            writer.write(worker_lost(dead->id, dead->report, dead->taken_over));
        }
    }
    if (moved > 0 || writer.appended() > 0) notify(connection);
    return moved;
}

NewEventIds PostgresqlStorage::reserve_event_ids(soci::session& sql, std::size_t count) {
    const auto wanted = static_cast<long long>(count);
    long long first = 0;
    sql << "SELECT webhooks_take_ids(:count)", into(first), use(wanted, "count");
    Random& random = options_.random ? *options_.random : *system_random();
    return {.first = {first}, .tag = random.next()};
}

void PostgresqlStorage::set_listener(std::function<void()> listener) {
    const std::scoped_lock lock(listener_mutex_);
    listener_.reset();
    if (listener) listener_.emplace(options_, std::move(listener));
}

// ---- The log, for a worker.

Result<BatchReceipt> PostgresqlStorage::write(WorkerId worker, const Batch& batch) {
    Result<BatchReceipt> receipt = write(worker, batch, OnDuplicate::fail);
    if (!receipt && receipt.error() == Errc::conflict) {
        receipt = write(worker, batch, OnDuplicate::ignore);
    }
    return receipt;
}

Result<BatchReceipt> PostgresqlStorage::write(WorkerId worker, const Batch& batch,
                                              OnDuplicate on_duplicate) {
    std::size_t events = 0;
    for (const Append& append : batch.appends) {
        events += append.subscriptions.size();
    }
    std::vector<OperationalEvent> written;
    Result<BatchReceipt> answer =
        run_for_worker([&](PostgresqlConnection& connection) -> Result<BatchReceipt> {
            const std::optional<BegunBatch> begun =
                begin_batch(connection, given_time(), worker, batch, events);
            if (!begun) return taken_over();
            if (!batch.appends.empty() && begun->revision != batch.matched_at) {
                return Error(Errc::stale_revision, "subscriptions have changed");
            }
            send_results(connection, worker, batch, on_duplicate);
            send_rollups(connection, worker, batch.rollups);
            if (batch.report) send_report(connection, worker, *batch.report);
            const bool has_findings = !batch.states.empty() || !batch.deactivations.empty() ||
                                      !batch.failing_notices.empty() || has_exhausted(batch);
            // Before rows of subscriptions are locked, in the same order as other transactions that
            // change them.
            if (has_findings) lock_revision(connection);
            BatchReceipt receipt;
            receipt.appends = append(connection, begun->context, batch.appends, begun->first_event);
            // A SOCI call waits for what was sent, which otherwise goes with the commit.
            if (!has_findings) return receipt;
            return with_operational(connection.sql(), batch.exhausted_window, begun->context.now,
                                    written, [&](OperationalWriter& writer) {
                                        receipt.deactivated =
                                            write_findings(connection.sql(), batch, writer);
                                        receipt.operational = writer.appended();
                                        return std::move(receipt);
                                    });
        });
    if (answer) report(written);
    return answer;
}

Result<std::vector<HeldEvent>> PostgresqlStorage::appended_after(WorkerId worker, EventId after,
                                                                 std::size_t limit) {
    return run_as(worker, WorkerLock::shared,
                  [&](PostgresqlConnection& connection,
                      const WorkerContext&) -> Result<std::vector<HeldEvent>> {
                      return storage::appended_after(connection, worker, after, limit);
                  });
}

Result<Claim> PostgresqlStorage::claim(WorkerId worker, std::size_t limit, std::int64_t number) {
    return run_as(
        worker, WorkerLock::shared,
        [&](PostgresqlConnection& connection, const WorkerContext& context) -> Result<Claim> {
            Claim claim{.events = storage::claim(connection, context, limit, number)};
            read_rest(connection, claim);
            return claim;
        });
}

Result<std::vector<HeldEvent>> PostgresqlStorage::claim_reserved(WorkerId worker,
                                                                 SubscriptionId subscription,
                                                                 std::size_t limit,
                                                                 std::int64_t number) {
    return run_as(worker, WorkerLock::shared,
                  [&](PostgresqlConnection& connection,
                      const WorkerContext&) -> Result<std::vector<HeldEvent>> {
                      return storage::claim_reserved(connection, worker, subscription, limit,
                                                     number);
                  });
}

Result<> PostgresqlStorage::unclaim(WorkerId worker, std::int64_t number) {
    // The claim whose result was lost may still be about to commit.
    return run_as(worker, WorkerLock::exclusive,
                  [&](PostgresqlConnection& connection, const WorkerContext&) -> Result<> {
                      storage::unclaim(connection, worker, number);
                      return {};
                  });
}

}  // namespace storage

Result<> PostgresqlOptions::validate() const {
    using namespace std::chrono_literals;
    RangeCheck check;
    if (!storage::connection_uri(*this)) {
        check.error("connection",
                    "must be a URI as postgresql://user:password@host/database, or keyword=value "
                    "pairs, as libpq documents them; in a URI '@', '/' and ':' within a name or "
                    "password are written %40, %2F and %3A");
    }
    const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (schema.empty() || schema.size() > 63 || is_digit(schema.front()) ||
        !std::ranges::all_of(schema, [&](char c) { return is_lower(c) || is_digit(c); })) {
        check.error("schema", "must be 1-63 of a-z, 0-9 and _, not beginning with a digit");
    }
    if (application_name.empty() || application_name.size() > 63 ||
        !std::ranges::all_of(application_name, [](char c) { return c >= ' ' && c <= '~'; })) {
        check.error("application_name", "must be 1-63 printable ASCII characters");
    }
    check.in("connections", connections, 1, 1000, "");
    check.in("connect_timeout", connect_timeout, 2s, 10min);
    check.in("tcp_user_timeout", tcp_user_timeout, 1s, 10min);
    check.in("statement_timeout", statement_timeout, 100ms, 1h);
    check.in("query_timeout", query_timeout, 1ms, 1h);
    check.in("lock_timeout", lock_timeout, 100ms, 1h);
    check.in("answer_timeout", answer_timeout, 1s, 10min);
    return check.result();
}

Result<std::shared_ptr<Storage>> make_postgresql_storage(PostgresqlOptions options) {
    if (Result<> verdict = options.validate(); !verdict) return verdict.error();
    auto made = std::make_shared<storage::PostgresqlStorage>(std::move(options));
    if (Result<> opened = made->open(); !opened) return opened.error();
    return std::shared_ptr<Storage>(std::move(made));
}

Result<> migrate_postgresql(const PostgresqlOptions& options) {
    using namespace storage;
    if (Result<> verdict = options.validate(); !verdict) return verdict;
    try {
        PostgresqlConnection connection(options, Planning::by_cost, nullptr);
        soci::session& sql = connection.sql();
        if (Result<> verdict = check_server(sql); !verdict) return verdict;
        // A lock of the session, which ends here: no other migrator runs meanwhile.
        sql << "SELECT pg_advisory_lock(hashtext('webhooks migration'))";
        sql << "SET statement_timeout = 0";
        if (!exists(sql, "SELECT count(*) FROM pg_namespace WHERE nspname = :schema",
                    options.schema)) {
            sql << "CREATE SCHEMA \"" + options.schema + "\"";
        }
        return migrate(sql, postgresql_migrations(), begin,
                       options.clock ? options.clock->now() : system_clock()->now());
    } catch (const std::exception& failure) {
        return postgresql_error(failure);
    }
}

}  // namespace webhooks
