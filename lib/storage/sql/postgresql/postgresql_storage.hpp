#pragma once

#include <mutex>
#include <optional>
#include <storage/sql/postgresql/due_cursor.hpp>
#include <storage/sql/postgresql/listener.hpp>
#include <storage/sql/postgresql/pool.hpp>
#include <storage/sql/postgresql/results.hpp>
#include <storage/sql/postgresql/unmatched.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <storage/sql/sql_storage.hpp>
#include <webhooks/postgresql_storage.hpp>

namespace webhooks::storage {

/// A pool of connections for the API, and one connection for workers, so that a long-running list
/// does not delay a worker's heartbeat.
class PostgresqlStorage final : public SqlStorage {
public:
    explicit PostgresqlStorage(PostgresqlOptions options);

    /// Connects, and checks that the schema has the required version.
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
    void set_listener(std::function<void()> listener) override;
    Result<std::vector<FeedChange>> feed_changes(const std::vector<FeedWatch>&) override;
    void set_feed_listener(std::function<void()> listener) override;

private:
    Result<> in_transaction(Purpose purpose, const std::stop_token& stop,
                            const Body& body) override;
    Time now(soci::session& sql) override;
    NewEventIds reserve_event_ids(soci::session& sql, std::size_t count) override;
    EventId newest_event(soci::session& sql) override;
    const char* worker_has_expired() const override { return "heartbeat_at + lease < :now"; }
    const char* worker_heartbeat() const override { return "heartbeat_at"; }
    StorageInfo info(soci::session& sql) override;
    const char* begin_for(Purpose purpose) const;
    Result<std::optional<EventId>> last_settled_event() override;
    std::size_t expire(soci::session& sql, Time now, const Maintenance& maintenance,
                       RetentionCursor& cursor) override;

    /// Runs `body(PostgresqlConnection&)`, which returns a Result, in a transaction of the workers'
    /// connection.
    template <class Answering>
    auto run_for_worker(Answering body);
    /// As `run_for_worker`, if the worker is alive: `body(PostgresqlConnection&, WorkerContext)`.
    template <class Answering>
    auto run_as(WorkerId worker, WorkerLock lock, Answering body);

    /// Writes nothing if `judged` holds appends back.
    Result<BatchReceipt> write(WorkerId worker, const Batch& batch, OnDuplicate on_duplicate,
                               JudgedOrdered& judged);
    std::size_t take_over(PostgresqlConnection& connection, std::size_t limit,
                          OperationalWriter& writer);

    /// Set by tests; absent: the database's time.
    TimeOverride given_time() const;
    SteadyTime steady_now() const {
        return (options_.clock ? options_.clock : system_clock())->steady_now();
    }

    const PostgresqlOptions options_;
    const std::string begin_query_;
    const std::string begin_query_log_;
    PostgresqlLink link_;
    PostgresqlPool pool_;
    PostgresqlPool worker_pool_;
    DueCursor due_cursor_;
    filter::FilterCache filters_;
    std::string last_fanned_out_;  ///< The user whose slice was taken last.
    const OpenMessage open_ = [this](const Message& stored, std::set<std::int64_t>& missing) {
        return open_known(stored, missing);
    };
    std::mutex listener_mutex_;
    std::optional<PostgresqlListener> listener_;
    /// Tells this object's notifications of events from those of others.
    const std::string sender_;
    struct FeedListener {
        std::recursive_mutex mutex;  ///< Held during calls.
        std::function<void()> call;
    };
    const std::shared_ptr<FeedListener> feed_listener_ = std::make_shared<FeedListener>();
};

}  // namespace webhooks::storage
