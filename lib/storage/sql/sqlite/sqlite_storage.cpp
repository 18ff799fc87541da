#include <base/guarded_clock.hpp>
#include <base/thrown.hpp>
#include <bit>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/migrator.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/rollup_table.hpp>
#include <storage/sql/sqlite/database_file.hpp>
#include <storage/sql/sqlite/failure.hpp>
#include <storage/sql/sqlite/sqlite_storage.hpp>
#include <storage/sql/sqlite/time_budget.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/sql/transaction.hpp>
#include <storage/sql/worker_report.hpp>

namespace webhooks {

Result<std::shared_ptr<Storage>> make_sqlite_storage(SqliteOptions options) try {
    if (Result<> verdict = options.validate(); !verdict) return verdict.error();
    auto made = std::make_shared<storage::SqliteStorage>(std::move(options));
    if (Result<> opened = made->open(); !opened) return opened.error();
    return std::shared_ptr<Storage>(std::move(made));
} catch (...) {
    return error_of_thrown();
}

namespace storage {
namespace {

using soci::into;
using soci::use;

constexpr const char* begin_read = "BEGIN";
/// A transaction that first read and then wrote would fail if another process wrote in between.
constexpr const char* begin_write = "BEGIN IMMEDIATE";

Error taken_over() {
    return {Errc::fenced, "another worker has taken over"};
}

}  // namespace

SqliteStorage::SqliteStorage(SqliteOptions options)
    : SqlStorage(sqlite_dialect, options.encryption),
      options_(std::move(options)),
      clock_(guarded_clock(options_.clock)),
      random_(options_.random ? options_.random : system_random()),
      readers_(options_.readers) {}

Result<> SqliteStorage::open() {
    if (Result<> usable = check_process(options_.path); !usable) return usable;
    const Result<std::string> file = make_database_file(options_.path);
    if (!file) return file.error();
    lock_path_ = *file + "-lock";
    Result<> connected = guarded(options_.path, [this]() -> Result<> {
        open_connection(writer_, options_, ConnectionUse::writing);
        // What encryption replaces is overwritten in the file.
        if (options_.encryption.keys) execute(writer_, "PRAGMA secure_delete = ON");
        if (Result<> migrated = migrate(writer_, sqlite_migrations(), begin_write, clock_->now());
            !migrated) {
            return migrated;
        }
        for (std::size_t i = 0; i < options_.readers; ++i) {
            open_connection(readers_.at(i), options_, ConnectionUse::reading);
            kept_statements_.emplace_back(readers_.at(i));
        }
        open_connection(surveyors_.at(0), options_, ConnectionUse::surveying);
        api_keys_.emplace(options_);
        claims_.emplace(writer_);
        indexer_.emplace(writer_);
        log_.emplace(writer_, *claims_, *indexer_);
        checkpointer_.emplace(writer_, options_);
        return {};
    });
    if (!connected) return connected;
    const Result<std::size_t> converted = open_secrets();
    if (!converted) return converted.error();
    return *converted > 0 ? clear_log() : Result<>();
}

/// Copies the write-ahead log, which has secrets in plain text, and truncates it, unless another
/// process is reading it.
Result<> SqliteStorage::clear_log() {
    return guarded(options_.path, [this]() -> Result<> {
        const std::scoped_lock lock(mutex_);
        int is_busy = 0;
        execute(writer_, "PRAGMA wal_checkpoint(TRUNCATE)", into(is_busy));
        return {};
    });
}

Result<> SqliteStorage::in_transaction(Purpose purpose, const std::stop_token& stop,
                                       const Body& body) {
    return guarded(options_.path, [&]() -> Result<> {
        if (is_reading(purpose)) {
            soci::session sql(purpose == Purpose::survey ? surveyors_ : readers_);
            const ConnectionLock connection(sql);
            Transaction transaction(sql, begin_read);
            if (read(sql, purpose, stop, body)) transaction.commit();
        } else {
            const std::scoped_lock lock(mutex_);
            const ConnectionLock connection(writer_);
            Transaction transaction(writer_, begin_write);
            if (body(writer_)) transaction.commit();
        }
        return {};
    });
}

bool SqliteStorage::read(soci::session& sql, Purpose purpose, const std::stop_token& stop,
                         const Body& body) const {
    std::optional<TimeBudget> budget;
    if (is_query(purpose)) {
        const SteadyTime end = SteadyTime::clock::now() + options_.query_timeout;
        budget.emplace(sql, query::Budget{.end = end, .stop = stop});
    }
    return body(sql);
}

template <class Answering>
auto SqliteStorage::run_as(WorkerId worker, Answering body) {
    return run(Purpose::change, [&](soci::session& sql) -> decltype(body(sql)) {
        if (!worker_ || worker_->id != worker) return taken_over();
        return body(sql);
    });
}

// ---- Workers. Only the process that holds the lock on the file can be a living worker.

Result<Worker> SqliteStorage::register_worker(std::chrono::milliseconds lease) {
    {
        const std::scoped_lock lock(mutex_);
        if (!lock_) {
            Result<FileLock> acquired = FileLock::acquire(lock_path_);
            if (!acquired) return acquired.error();
            lock_.emplace(*std::move(acquired));
        } else if (worker_ && clock_->steady_now() < lease_until_) {
            return Error(Errc::locked, "this storage serves one running service at a time");
        }
    }
    Result<Worker> registered = run(Purpose::change, [this](soci::session& sql) -> Result<Worker> {
        Worker worker{.tag = random_->next()};
        const auto tag = std::bit_cast<long long>(worker.tag);
        const Time started_at = clock_->now();
        execute(sql, "UPDATE webhooks_worker SET is_dead = 1, is_lost = 1 WHERE is_dead = 0");
        execute(sql,
                "INSERT INTO webhooks_worker (tag, is_dead, low_water, last_batch, started_at) "
                "SELECT :tag, 0, last_event_id, 0, :started_at FROM webhooks_state",
                use(tag, "tag"), use(started_at, "started_at"));
        execute(sql, "SELECT id, low_water FROM webhooks_worker ORDER BY id DESC LIMIT 1",
                into(worker.id), into(worker.last_event));
        set_encrypts_payloads(sql, encrypts_payloads());
        return worker;
    });
    if (!registered) return registered;
    const std::scoped_lock lock(mutex_);
    worker_ = *registered;
    lease_ = lease;
    lease_until_ = clock_->steady_now() + lease_;
    return registered;
}

Result<Heartbeat> SqliteStorage::heartbeat(WorkerId worker) {
    {
        const std::scoped_lock lock(mutex_);
        if (!worker_ || worker_->id != worker) {
            return taken_over();
        }
        lease_until_ = clock_->steady_now() + lease_;
    }
    return run(Purpose::read, [&](soci::session& sql) -> Result<Heartbeat> {
        Heartbeat heartbeat{.now = clock_->now(), .revision = current_revision(sql)};
        execute(sql,
                "SELECT w.last_batch, s.last_event_id FROM webhooks_worker w, webhooks_state s "
                "WHERE w.id = :id",
                into(heartbeat.last_batch), into(heartbeat.last_event), use(worker, "id"));
        heartbeat.last_notice = last_notice(sql);
        heartbeat.has_fan_outs = has_fan_outs(sql);
        return heartbeat;
    });
}

Result<> SqliteStorage::retire_worker(WorkerId worker) {
    return run_as(worker, [&](soci::session& sql) -> Result<> {
        execute(sql, "UPDATE webhooks_worker SET is_dead = 1 WHERE id = :id", use(worker, "id"));
        worker_.reset();
        lock_.reset();
        return {};
    });
}

Result<> SqliteStorage::mark_expired(WorkerId self) {
    const std::scoped_lock lock(mutex_);
    if (!worker_ || worker_->id != self) return taken_over();
    return {};
}

Result<std::size_t> SqliteStorage::take_over(WorkerId self, std::size_t limit) {
    std::vector<OperationalEvent> written;
    const Result<std::size_t> answer = run_as(self, [&](soci::session& sql) -> Result<std::size_t> {
        return with_operational(sql, {}, clock_->now(), written, [&](OperationalWriter& writer) {
            std::size_t moved = 0;
            while (moved < limit) {
                const std::optional<Dead> dead = find_dead(sql);
                if (!dead) break;
                moved += move_held(sql, *dead, limit - moved, writer);
            }
            return moved;
        });
    });
    if (answer) report(written);
    return answer;
}

NewEventIds SqliteStorage::reserve_event_ids(soci::session& sql, std::size_t count) {
    const auto wanted = static_cast<std::int64_t>(count);
    std::int64_t last = 0;
    execute(sql,
            "UPDATE webhooks_state SET last_event_id = last_event_id + :count "
            "RETURNING last_event_id",
            into(last), use(wanted, "count"));
    return {.first = {last - wanted + 1}, .tag = random_->next()};
}

EventId SqliteStorage::newest_event(soci::session& sql) {
    EventId newest;
    execute(sql, "SELECT last_event_id FROM webhooks_state", into(newest));
    return newest;
}

std::optional<SqliteStorage::Dead> SqliteStorage::find_dead(soci::session& sql) {
    Dead dead;
    std::optional<std::string> worker_report;
    execute(sql,
            "SELECT id, low_water, is_lost, taken_over, report FROM webhooks_worker "
            "WHERE is_dead = 1 ORDER BY id LIMIT 1",
            into(dead.id), into(dead.low_water), into(dead.is_lost), into(dead.taken_over),
            into(worker_report));
    if (!sql.got_data()) return std::nullopt;
    dead.report = read_report(worker_report);
    return dead;
}

std::size_t SqliteStorage::move_held(soci::session& sql, Dead dead, std::size_t limit,
                                     OperationalWriter& writer) {
    const std::size_t moved = log_->hand_back(dead.id, dead.low_water, writer.now(), limit);
    dead.taken_over += static_cast<std::int64_t>(moved);
    if (moved < limit) {
        execute(sql, "DELETE FROM webhooks_worker WHERE id = :id", use(dead.id, "id"));
        if (dead.is_lost) writer.write(worker_lost(dead.id, dead.report, dead.taken_over));
    } else {
        execute(sql,
                "UPDATE webhooks_worker SET low_water = :low_water, taken_over = :taken_over "
                "WHERE id = :id",
                use(dead.low_water, "low_water"), use(dead.taken_over, "taken_over"),
                use(dead.id, "id"));
    }
    return moved;
}

// ---- The log, for a worker.

Result<BatchReceipt> SqliteStorage::write(WorkerId worker, const Batch& given) {
    Batch room;
    const Batch& batch = sealed(given, room);
    std::vector<OperationalEvent> written;
    Result<BatchReceipt> receipt = run_as(worker, [&](soci::session& sql) -> Result<BatchReceipt> {
        const SqliteLogWriter::State state = log_->read_state();
        if (!batch.appends.empty() && state.revision != batch.revision) {
            return Error(Errc::stale_revision, "subscriptions have changed");
        }
        return with_operational(
            sql, batch.exhausted_window, clock_->now(), written,
            [&](OperationalWriter& writer) { return write(sql, batch, state.last_event, writer); });
    });
    if (receipt) report(written);
    return receipt;
}

BatchReceipt SqliteStorage::write(soci::session& sql, const Batch& batch, EventId last_event,
                                  OperationalWriter& writer) {
    const WorkerId worker = worker_->id;
    QueueChanges changes;
    for (const CustodyChange& change : batch.custody_changes) {
        log_->set_custody(change, worker, writer.now(), changes);
    }
    for (const AttemptRecord& record : batch.attempts) {
        log_->record(record, worker, writer.now(), changes);
    }
    add_rollups(sql, worker, batch.rollups);
    if (batch.report) {
        const std::string text = write_report(*batch.report);
        execute(sql, "UPDATE webhooks_worker SET report = :report WHERE id = :id",
                use(text, "report"), use(worker, "id"));
    }
    BatchReceipt receipt{.turns = std::move(changes.turns),
                         .returned = std::move(changes.returned),
                         .released = changes.released};
    if (batch.continues_fan_outs) receipt.fanned_out = log_->continue_fan_outs(batch.slice_size);
    receipt.appends = log_->append(batch, *worker_, writer.now(), {last_event.value + 1}, receipt);
    if (batch.continues_fan_outs || fans_out(batch)) {
        receipt.has_fan_outs = has_fan_outs(sql);
    }
    EventId last = last_event;
    for (const Result<Appended>& appended : receipt.appends) {
        if (!is_new(appended)) continue;
        last = std::max(last, EventId{appended->first_event.value + appended->count - 1});
    }
    // Before operational events, which take the ids after it.
    if (last != last_event) log_->write_last_event(last);
    receipt.deactivated = write_findings(sql, batch, writer);
    receipt.operational = writer.appended();
    log_->write_progress(worker, batch);
    indexer_->follow();
    return receipt;
}

Result<std::vector<HeldEvent>> SqliteStorage::appended_after(WorkerId worker, EventId after,
                                                             std::size_t limit) {
    return opened(run_as(worker, [&](soci::session&) -> Result<std::vector<HeldEvent>> {
        return claims_->appended_after(worker, after, limit);
    }));
}

Result<std::vector<HeldEvent>> SqliteStorage::claim_reserved(WorkerId worker,
                                                             SubscriptionId subscription,
                                                             std::size_t limit,
                                                             std::int64_t number) {
    return opened(run_as(worker, [&](soci::session&) -> Result<std::vector<HeldEvent>> {
        return claims_->claim_reserved(worker, subscription, limit, number);
    }));
}

Result<> SqliteStorage::unclaim(WorkerId worker, std::int64_t number) {
    return run_as(worker, [&](soci::session& sql) -> Result<> {
        const std::vector<EventId> ordered = claimed_in_order(sql, worker, number);
        execute(sql,
                "UPDATE webhooks_undelivered SET claimed_by = 0 WHERE claimed_by = :self "
                "AND due_at IS NOT NULL AND is_deferred = 0 AND claim_number = :claim",
                use(worker, "self"), use(number, "claim"));
        QueueChanges unused;
        for (const EventId event : ordered) {
            put_back(sql, event, clock_->now(), unused);
        }
        return {};
    });
}

Result<Claim> SqliteStorage::claim(WorkerId worker, ClaimLimit limit, std::int64_t number) {
    return opened(run_as(worker, [&](soci::session&) -> Result<Claim> {
        Claim claim = claims_->claim(worker, clock_->now(), limit, number);
        claim.next_due = claims_->next_due();
        claim.revision = log_->read_state().revision;
        return claim;
    }));
}

// ---- For operators.

StorageInfo SqliteStorage::info(soci::session& sql) {
    long long bytes = 0;
    execute(sql, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            into(bytes));
    return {.kind = "sqlite", .schema_version = schema_version(sql), .bytes = bytes};
}

/// The destroyed keys are overwritten in the file, and leave the write-ahead log.
Result<std::size_t> SqliteStorage::shred_user(const Principal& by, const std::string& user_id) {
    const Result<std::size_t> destroyed = SqlStorage::shred_user(by, user_id);
    if (!destroyed || *destroyed == 0) return destroyed;
    const Result<> cleared = clear_log();
    return cleared ? destroyed : cleared.error();
}

// ---- API keys.

Result<std::optional<ApiKeyRecord>> SqliteStorage::find_api_key(std::string_view hash) {
    return guarded(options_.path,
                   [&]() -> Result<std::optional<ApiKeyRecord>> { return api_keys_->find(hash); });
}

Result<> SqliteStorage::note_api_key_use(ApiKeyId id, Time time) {
    return guarded(options_.path, [&]() -> Result<> {
        api_keys_->note_use(id, time);
        return {};
    });
}

}  // namespace storage
}  // namespace webhooks
