#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Ordered containers under one lock: every call is atomic by holding it.
class MemoryStorage final : public Storage {
public:
    explicit MemoryStorage(std::shared_ptr<Clock> clock);

    Result<Subscription> insert_subscription(const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<Configuration> configuration(Revision since) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Pulse> pulse(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<std::size_t> take_over(WorkerId, std::size_t limit) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<Claim> claim(WorkerId, std::size_t limit) override;
    Result<bool> maintain(std::size_t limit) override;

    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(ApiKeyId) override;

private:
    struct StoredSubscription {
        Subscription subscription;
        Revision revision = 0;
        bool is_deleted = false;
    };
    /// What waits: the `retry` row.
    struct Retry {
        Time due{};
        int attempts = 0;
        WorkerId claimed_by{};
    };
    struct StoredEvent {
        SubscriptionId subscription{};
        std::shared_ptr<const Message> message;
        WorkerId worker{};
        std::uint64_t worker_tag = 0;
        Time created_at{};
        std::vector<Attempt> attempts = {};
        std::optional<Retry> retry = {};
    };
    struct StoredWorker {
        std::uint64_t tag = 0;
        std::chrono::milliseconds lease{};
        Time last_pulse{};
        EventId low_water{};
        bool is_dead = false;
        bool is_moved = false;  ///< Dead, and nothing is left to take over.
    };
    struct StoredKey {
        std::string digest;
        Appended receipt;
        Time created_at{};
    };

    // All of these expect the lock to be held.
    Result<StoredSubscription*> visible(const Principal&, SubscriptionId);
    Result<StoredWorker*> living(WorkerId);
    Event view(EventId) const;
    std::vector<Event> newest_events(SubscriptionId) const;
    static bool is_settled(const StoredEvent&);
    void wait(EventId, Retry);
    void end_retry(EventId);
    void erase_event(EventId);
    std::size_t move_held(WorkerId, StoredWorker&, std::size_t limit);
    void write_attempt(const AttemptRecord&);
    Result<Appended> write_append(WorkerId, const StoredWorker&, const Append&);

    const std::shared_ptr<Clock> clock_;
    std::mutex mutex_;
    std::map<SubscriptionId, StoredSubscription> subscriptions_;
    std::map<std::string, EventType> event_types_;
    std::map<EventId, StoredEvent> events_;
    /// Events of each subscription, ascending.
    std::map<SubscriptionId, std::vector<EventId>> log_of_;
    /// What waits and is not claimed, by due time.
    std::set<std::pair<Time, EventId>> due_;
    std::map<std::pair<std::string, std::string>, StoredKey> keys_;
    std::map<WorkerId, StoredWorker> workers_;
    std::map<ApiKeyId, ApiKeyRecord> api_keys_;
    Revision revision_ = 1;
    std::int64_t last_subscription_ = 0;
    EventId last_event_{};
    std::int64_t last_worker_ = 0;
    std::int64_t last_api_key_ = 0;
};

}  // namespace webhooks::storage
