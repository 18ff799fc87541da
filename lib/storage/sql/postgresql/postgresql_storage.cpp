#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <base/never_destroyed.hpp>
#include <base/thrown.hpp>
#include <deque>
#include <storage/sql/event_list.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/postgresql/appends.hpp>
#include <storage/sql/postgresql/claims.hpp>
#include <storage/sql/postgresql/fan_outs.hpp>
#include <storage/sql/postgresql/order.hpp>
#include <storage/sql/postgresql/postgresql_storage.hpp>
#include <storage/sql/postgresql/rollups.hpp>
#include <storage/sql/postgresql/schema.hpp>
#include <storage/sql/postgresql/unmatched.hpp>
#include <storage/sql/subscription_table.hpp>

namespace webhooks {
namespace storage {
namespace {

using soci::into;
using soci::use;

constexpr const char* begin = "BEGIN";

/// The planner counts an index lookup once for each partition, although only one is read, and would
/// prefer to read the whole log.
constexpr const char* by_key =
    "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off";
/// A partition that is dropped disappears from earlier snapshots, too: none is dropped from before
/// the snapshot is taken.
constexpr const char* keep_partitions = "; LOCK TABLE ONLY webhooks_event IN ACCESS SHARE MODE";
constexpr const char* begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

std::string begin_query(const PostgresqlOptions& options) {
    const auto timeout = std::min(options.query_timeout, options.statement_timeout);
    return std::string(begin_read) +
           "; SET LOCAL statement_timeout = " + std::to_string(timeout.count());
}

void prepare_lists(PostgresqlConnection& connection) {
    static const NeverDestroyed<std::deque<PreparedStatement>> statements([] {
        std::deque<PreparedStatement> all;
        for (ListStatement& each : list_statements(postgresql_dialect)) {
            all.emplace_back(each.name, std::move(each.text));
        }
        return all;
    }());
    for (const PreparedStatement& statement : *statements) {
        connection.prepare(statement);
    }
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
        case Purpose::survey:
        case Purpose::query:
        case Purpose::query_log:
        case Purpose::change:
            return nullptr;
    }
    return nullptr;
}

Error taken_over() {
    return {Errc::fenced, "another worker has taken over"};
}

}  // namespace

PostgresqlStorage::PostgresqlStorage(PostgresqlOptions options)
    : SqlStorage(postgresql_dialect, options.encryption),
      options_(std::move(options)),
      begin_query_(begin_query(options_)),
      begin_query_log_(begin_query_ + by_key + keep_partitions),
      // Their statements may run for as long as the server allows.
      pool_(options_, link_, Planning::by_cost, options_.connections,
            options_.statement_timeout + options_.answer_timeout),
      worker_pool_(options_, link_, Planning::by_index, 1, options_.answer_timeout),
      sender_(std::to_string(system_random()->next())) {}

Result<> PostgresqlStorage::open() {
    Result<> is_usable = run(Purpose::read, [this](soci::session& sql) -> Result<> {
        if (Result<> verdict = check_server(sql); !verdict) return verdict;
        return check_tables(sql, options_.schema);
    });
    if (!is_usable) return is_usable;
    const Result<std::size_t> converted = open_secrets();
    return converted ? Result<>() : converted.error();
}

/// Does not block.
const char* PostgresqlStorage::begin_for(Purpose purpose) const {
    switch (purpose) {
        case Purpose::read:
        case Purpose::survey:
            return begin_read;
        case Purpose::query:
            return begin_query_.c_str();
        case Purpose::query_log:
            return begin_query_log_.c_str();
        case Purpose::reopen:
        case Purpose::erase: {
            static const NeverDestroyed<std::string> begin_by_key(std::string(begin) + by_key);
            return begin_by_key->c_str();
        }
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
                if (purpose == Purpose::query_log) prepare_lists(connection);
                if (const char* lock = lock_for(purpose)) execute(connection.sql(), lock);
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

TimeOverride PostgresqlStorage::given_time() const {
    return options_.clock ? std::optional(options_.clock->now()) : std::nullopt;
}

Time PostgresqlStorage::now(soci::session& sql) {
    if (options_.clock) return options_.clock->now();
    Time now;
    execute(sql, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", into(now));
    return now;
}

StorageInfo PostgresqlStorage::info(soci::session& sql) {
    return storage_info(sql);
}

// ---- Workers.

Result<Worker> PostgresqlStorage::register_worker(std::chrono::milliseconds lease) {
    return run_for_worker([&](PostgresqlConnection& connection) -> Result<Worker> {
        Random& random = options_.random ? *options_.random : *system_random();
        const Worker worker{.tag = random.next()};
        set_encrypts_payloads(connection.sql(), encrypts_payloads());
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
        dead->taken_over += static_cast<std::int64_t>(count);
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
    execute(sql, "SELECT webhooks_take_ids(:count)", into(first), use(wanted, "count"));
    Random& random = options_.random ? *options_.random : *system_random();
    return {.first = {first}, .tag = random.next()};
}

EventId PostgresqlStorage::newest_event(soci::session& sql) {
    EventId newest;
    execute(sql, "SELECT last_value FROM webhooks_event_id", into(newest));
    return newest;
}

// ---- The log, for a worker.

Result<BatchReceipt> PostgresqlStorage::write(WorkerId worker, const Batch& given) {
    Batch room;
    const Batch* batch = &sealed(given, room);
    for (bool may_ask = true;; may_ask = false) {
        JudgedOrdered judged;
        Result<BatchReceipt> receipt = write(worker, *batch, OnDuplicate::fail, judged);
        if (!receipt && receipt.error() == Errc::conflict) {
            receipt = write(worker, *batch, OnDuplicate::ignore, judged);
        }
        if (judged.held_up.empty()) return receipt;
        // The host's key provider is asked outside transactions.
        if (may_ask && obtain_keys(judged.missing_keys, steady_now())) continue;
        batch = &without_held_up(*batch, judged, room);
    }
}

Result<BatchReceipt> PostgresqlStorage::write(WorkerId worker, const Batch& given,
                                              OnDuplicate on_duplicate, JudgedOrdered& judged) {
    std::vector<OperationalEvent> written;
    Result<BatchReceipt> answer =
        run_for_worker([&](PostgresqlConnection& connection) -> Result<BatchReceipt> {
            send_queue_locks(connection, given);
            judged = judge_ordered(connection, filters_, open_, given);
            if (!judged.held_up.empty()) return held_up();
            const Batch& batch = without_behind(given, judged);
            const std::optional<BegunBatch> begun =
                begin_batch(connection, given_time(), worker, batch);
            if (!begun) return taken_over();
            if (!batch.appends.empty() && begun->revision != batch.revision) {
                return Error(Errc::stale_revision, "subscriptions have changed");
            }
            send_results(connection, worker, batch, on_duplicate);
            BatchReceipt receipt;
            write_order(connection, begun->context, batch, receipt);
            send_rollups(connection, worker, batch.rollups);
            send_filtered(connection, worker, judged.filtered, begun->context.now);
            if (batch.report) send_report(connection, worker, *batch.report);
            const bool has_findings = !batch.states.empty() || !batch.deactivations.empty() ||
                                      !batch.failing_notices.empty() || has_exhausted(batch);
            // Before rows of subscriptions are locked, in the same order as other transactions that
            // change them.
            if (has_findings) lock_revision(connection);
            append(connection, begun->context, batch, begun->first_event, receipt);
            continue_fan_outs(connection, batch, last_fanned_out_, receipt);
            if (begun->first_event != EventId{} || receipt.fanned_out > 0)
                notify_of_events(connection, begun->context.now, sender_);
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
    return opened(run_as(worker, WorkerLock::shared,
                         [&](PostgresqlConnection& connection,
                             const WorkerContext&) -> Result<std::vector<HeldEvent>> {
                             return storage::appended_after(connection, worker, after, limit);
                         }));
}

Result<Claim> PostgresqlStorage::claim(WorkerId worker, ClaimLimit limit, std::int64_t number) {
    std::set<std::int64_t> missing;
    Result<Claim> claimed = opened(run_as(
        worker, WorkerLock::shared,
        [&](PostgresqlConnection& connection, const WorkerContext& context) -> Result<Claim> {
            Claim claim = storage::claim(connection, context, due_cursor_,
                                         limit.events_of_any_size(), number);
            if (!read_rest(connection, due_cursor_, context.now, claim)) return claim;
            // What this appends can be claimed as soon as it is committed.
            claim.judged = judge_unmatched(connection, filters_, open_, claim.filtered, missing);
            if (claim.judged > 0) notify_of_events(connection, context.now, sender_);
            const std::optional<Time> more = read_rest(connection, due_cursor_, context.now, claim);
            if (more && claim.judged > 0)
                claim.next_due = std::min(*more, claim.next_due.value_or(*more));
            return claim;
        }));
    // The host's key provider is asked outside transactions; the next claim judges with these keys.
    if (claimed && obtain_keys(missing, steady_now())) claimed->next_due = Time();
    return claimed;
}

Result<std::vector<HeldEvent>> PostgresqlStorage::claim_reserved(WorkerId worker,
                                                                 SubscriptionId subscription,
                                                                 std::size_t limit,
                                                                 std::int64_t number) {
    return opened(run_as(worker, WorkerLock::shared,
                         [&](PostgresqlConnection& connection,
                             const WorkerContext&) -> Result<std::vector<HeldEvent>> {
                             return storage::claim_reserved(connection, worker, subscription, limit,
                                                            number);
                         }));
}

Result<> PostgresqlStorage::unclaim(WorkerId worker, std::int64_t number) {
    // The claim whose result was lost may still be about to commit.
    return run_as(worker, WorkerLock::exclusive,
                  [&](PostgresqlConnection& connection, const WorkerContext& context) -> Result<> {
                      storage::unclaim(connection, worker, number, context.now);
                      return {};
                  });
}

}  // namespace storage

Result<std::shared_ptr<Storage>> make_postgresql_storage(PostgresqlOptions options) try {
    if (Result<> verdict = options.validate(); !verdict) return verdict.error();
    auto made = std::make_shared<storage::PostgresqlStorage>(std::move(options));
    if (Result<> opened = made->open(); !opened) return opened.error();
    return std::shared_ptr<Storage>(std::move(made));
} catch (...) {
    return error_of_thrown();
}

}  // namespace webhooks
