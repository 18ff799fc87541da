#pragma once

#include <soci/soci.h>

#include <mutex>
#include <optional>
#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/file_lock.hpp>
#include <storage/sql/sqlite/log_writer.hpp>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// One connection that writes, under a lock, and a pool of connections that read beside it (WAL).
class SqliteStorage final : public Storage {
public:
    explicit SqliteStorage(SqliteOptions options);

    /// Makes the file if need be, connects, and brings the schema up to date.
    Result<> open();

    Result<Subscription> insert_subscription(const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<Configuration> configuration(Revision since) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, Time since, EventId after,
                                        std::size_t limit) override;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Pulse> pulse(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> declare_dead(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                  std::size_t limit) override;
    Result<Claim> claim(WorkerId, std::size_t limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_deferred(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    Result<bool> maintain(std::size_t limit) override;

    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(ApiKeyId) override;

private:
    struct Dead {
        WorkerId id{};
        EventId low_water{};
    };

    /// Runs `body(soci::session&)` in a transaction that sees one state. It writes nothing.
    template <class Body>
    auto read(Body body);
    /// Runs `body(soci::session&)` in a transaction of the writer, and commits unless it fails.
    template <class Body>
    auto change(Body body);
    /// As `change`, for what only a living worker may do.
    template <class Body>
    auto change_as(WorkerId worker, Body body);

    /// As `change`, for one visible subscription: `body(soci::session&, Subscription&)`.
    template <class Body>
    auto change_visible(const Principal& principal, SubscriptionId id, Body body);
    /// @return the subscriptions that were deactivated.
    std::vector<SubscriptionId> deactivate(soci::session& sql,
                                           const std::vector<Deactivation>& deactivations);

    std::optional<Dead> find_dead(soci::session& sql);
    std::size_t move_held(soci::session& sql, Dead dead, std::size_t limit);
    std::size_t sweep_keys(soci::session& sql, std::size_t limit);

    const SqliteOptions options_;
    const std::shared_ptr<Clock> clock_;
    soci::connection_pool readers_;

    std::mutex mutex_;
    soci::session writer_;
    std::optional<SqliteLogWriter> log_;
    std::optional<FileLock> lock_;
    /// The one living worker; absent before `register_worker` and after `retire_worker`.
    std::optional<Worker> worker_;
};

}  // namespace webhooks::storage
