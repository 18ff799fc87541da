#pragma once

#include <soci/soci.h>

#include <list>
#include <mutex>
#include <optional>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/sqlite/api_key_finder.hpp>
#include <storage/sql/sqlite/checkpointer.hpp>
#include <storage/sql/sqlite/claims.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/event_indexer.hpp>
#include <storage/sql/sqlite/file_lock.hpp>
#include <storage/sql/sqlite/kept_statements.hpp>
#include <storage/sql/sqlite/log_writer.hpp>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// One connection that writes, under a lock, and a pool of connections that read concurrently
/// (WAL).
class SqliteStorage final : public SqlStorage {
public:
    explicit SqliteStorage(SqliteOptions options);

    /// Creates the file if necessary, connects, and updates the schema.
    Result<> open();

    bool keeps_order() const override { return true; }
    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Heartbeat> heartbeat(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> mark_expired(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                  std::size_t limit) override;
    Result<Claim> claim(WorkerId, ClaimLimit limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    Result<std::size_t> shred_user(const Principal& by, const std::string& user_id) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<> note_api_key_use(ApiKeyId, Time) override;

private:
    Result<> clear_log();

    struct Dead {
        WorkerId id{};
        EventId low_water{};
        bool is_lost = false;  ///< It did not retire.
        std::int64_t taken_over = 0;
        std::optional<WorkerReport> report = {};
    };

    Result<> in_transaction(Purpose purpose, const std::stop_token& stop,
                            const Body& body) override;
    Time now(soci::session&) override { return clock_->now(); }
    NewEventIds reserve_event_ids(soci::session& sql, std::size_t count) override;
    EventId newest_event(soci::session& sql) override;
    /// A worker that holds the file's lock has a lease that does not expire.
    const char* worker_has_expired() const override { return "0 > :now"; }
    const char* worker_heartbeat() const override { return "0"; }
    StorageInfo info(soci::session& sql) override;
    bool index_events(soci::session&, std::size_t limit) override {
        return indexer_->catch_up(limit);
    }
    bool read(soci::session& sql, Purpose purpose, const std::stop_token& stop,
              const Body& body) const;

    /// Runs a body that returns a Result in a transaction of the writer, if the worker is alive.
    template <class Answering>
    auto run_as(WorkerId worker, Answering body);

    std::optional<Dead> find_dead(soci::session& sql);
    std::size_t move_held(soci::session& sql, Dead dead, std::size_t limit,
                          OperationalWriter& writer);
    BatchReceipt write(soci::session& sql, const Batch& batch, EventId last_event,
                       OperationalWriter& writer);

    const SqliteOptions options_;
    /// Next to the file itself, whichever link to it or working directory was used to open it.
    std::string lock_path_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Random> random_;
    soci::connection_pool readers_;
    std::list<KeptStatements> kept_statements_;  ///< Of the readers.
    soci::connection_pool surveyors_{1};         ///< For Purpose::survey.
    std::optional<SqliteApiKeyFinder> api_keys_;

    std::mutex mutex_;
    soci::session writer_;
    std::optional<SqliteClaims> claims_;
    std::optional<SqliteEventIndexer> indexer_;
    std::optional<SqliteLogWriter> log_;  ///< After what it uses.
    std::optional<SqliteCheckpointer> checkpointer_;
    std::optional<FileLock> lock_;
    /// The one living worker; absent before `register_worker` and after `retire_worker`.
    std::optional<Worker> worker_;
    /// Until then another service is rejected. A service that lost the answer to its registration
    /// has no worker that it knows, and registers again.
    SteadyTime lease_until_ = SteadyTime::min();
    std::chrono::milliseconds lease_{0};
};

}  // namespace webhooks::storage
