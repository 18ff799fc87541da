#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <query/budget.hpp>
#include <set>
#include <storage/append_decision.hpp>
#include <storage/memory/memory_rollups.hpp>
#include <storage/retention_cursor.hpp>
#include <string>
#include <tuple>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Ordered containers under one lock: every call is atomic because it holds the lock.
class MemoryStorage final : public Storage {
public:
    MemoryStorage(std::shared_ptr<Clock> clock, std::chrono::milliseconds query_timeout,
                  std::shared_ptr<Random> random);

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
    Result<std::vector<Notice>> notices(std::int64_t after) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<Page<Event>> list_all_events(const Principal&, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<EventHistory> find_any_event(const Principal&, EventId,
                                        std::optional<std::uint64_t> worker_tag) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token stop) override;
    Result<SeriesRows> series(const Principal&, const SeriesScope&, const SeriesRange&) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, const CreationPeriod&,
                                        EventId after, std::size_t limit) override;
    Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                          const CreationPeriod&) override;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Heartbeat> heartbeat(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> mark_expired(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                  std::size_t limit) override;
    Result<Claim> claim(WorkerId, std::size_t limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    Result<bool> maintain(const Maintenance&) override;
    Result<StorageSample> sample() override;
    Result<Overview> overview() override;
    Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit) override;

    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(ApiKeyId) override;

private:
    struct StoredSubscription {
        Subscription subscription;
        bool is_deleted = false;
        Time deleted_at{};
    };
    /// The row of an undelivered event.
    struct Row {
        std::optional<Time> due = {};  ///< Absent: it has ended without being delivered.
        int attempts = 0;
        int attempts_since_reopened = 0;
        WorkerId claimed_by{};
        std::int64_t claim_number = 0;
        bool is_deferred = false;
        bool is_requested = false;
    };
    struct StoredNotice {
        Notice notice;
        Time created_at{};
    };
    struct StoredEvent {
        SubscriptionId subscription{};
        std::shared_ptr<const Message> message;
        WorkerId worker{};
        std::uint64_t worker_tag = 0;
        Time created_at{};
        std::vector<Attempt> attempts = {};
        std::optional<Row> row = {};
    };
    struct StoredWorker {
        std::uint64_t tag = 0;
        Time started_at{};
        std::chrono::milliseconds lease{};
        SteadyTime last_heartbeat{};  ///< Steady: wall clock changes must not end a lease.
        EventId low_water{};
        std::int64_t last_batch = 0;
        bool is_dead = false;
        std::optional<WorkerReport> report = {};
    };
    struct StoredKey {
        std::string digest;
        Appended receipt;
        Time created_at{};
    };

    /// Copies of events, to be read without the lock; payloads are shared.
    using LogRows = std::vector<std::pair<EventId, StoredEvent>>;

    static bool is_visible(const Principal& principal, const StoredSubscription& stored) {
        return !stored.is_deleted &&
               principal.may_see(stored.subscription.user_id, stored.subscription.id);
    }
    static Event view(EventId, const StoredEvent&);
    /// Evaluates the query without the lock, so that nothing waits for it.
    Result<Page<Event>> answer_from(const LogRows&, const ListQuery&) const;
    query::Budget budget_for(std::stop_token stop) const;

    // All of these require the lock to be held.
    Result<StoredSubscription*> visible(const Principal&, SubscriptionId);
    Result<StoredWorker*> living(WorkerId);
    Event view(EventId) const;
    void copy_log(SubscriptionId, LogRows&) const;
    std::vector<Event> newest_events(SubscriptionId) const;
    Result<StoredEvent*> visible(const Principal&, SubscriptionId, EventId);
    /// Whether the event is only in the memory of the worker that appended it.
    static bool is_in_memory_alone(const StoredEvent&);
    /// Whether a worker holds the event: only in its memory, or by the row that it has claimed.
    static bool is_held_by(WorkerId, const StoredEvent&);
    /// Whether no worker has the event in its memory.
    static bool can_reopen(const StoredEvent&);
    /// Whether `reopen_undelivered` takes the event.
    static bool is_undelivered(const StoredEvent&, const CreationPeriod&);
    bool reopen(EventId);
    StorageSample count_all() const;
    bool is_late(const StoredWorker&) const;
    std::size_t count_waiting(SubscriptionId) const;
    void put_row(EventId, Row);
    void erase_row(EventId);
    void erase_event(EventId);
    std::size_t erase_deleted(std::size_t limit);
    void write_state(const EndpointState&);
    void give_notice(Notice);
    std::size_t erase_old_events(std::chrono::seconds keep_for, std::size_t limit);
    HeldEvent held(EventId) const;
    std::size_t move_held(WorkerId, StoredWorker&, std::size_t limit);
    void write_attempt(WorkerId, const AttemptRecord&);
    void write_park(WorkerId, const CustodyChange&);
    bool deactivate(const Deactivation&);
    bool delivered_since(SubscriptionId, Time) const;
    Result<std::optional<Earlier>> find_earlier(const IdempotencyKey&) const;
    void write_append(const Worker&, const Append&, const Appended& place);

    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Random> random_;
    const std::chrono::milliseconds query_timeout_;
    std::mutex mutex_;
    std::map<SubscriptionId, StoredSubscription> subscriptions_;
    std::map<std::string, EventType> event_types_;
    std::map<EventId, StoredEvent> events_;
    std::map<SubscriptionId, std::set<EventId>> log_of_;
    /// Waiting, unclaimed events, by due time.
    std::set<std::pair<Time, EventId>> due_;
    std::set<std::tuple<WorkerId, SubscriptionId, EventId>> deferred_;
    std::map<std::pair<std::string, std::string>, StoredKey> keys_;
    std::map<WorkerId, StoredWorker> workers_;
    std::deque<StoredNotice> notices_;
    std::int64_t last_notice_ = 0;
    std::map<ApiKeyId, ApiKeyRecord> api_keys_;
    MemoryRollups rollups_;
    const Time counted_since_;
    RetentionCursor retention_;
    Revision revision_ = 1;
    std::int64_t last_subscription_ = 0;
    EventId last_event_{};
    std::int64_t last_worker_ = 0;
    std::int64_t last_api_key_ = 0;
};

}  // namespace webhooks::storage
