#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <query/budget.hpp>
#include <storage/memory/memory_api_keys.hpp>
#include <storage/memory/memory_audit.hpp>
#include <storage/memory/memory_fan_outs.hpp>
#include <storage/memory/memory_idempotency_keys.hpp>
#include <storage/memory/memory_log.hpp>
#include <storage/memory/memory_notices.hpp>
#include <storage/memory/memory_operational.hpp>
#include <storage/memory/memory_portal_sessions.hpp>
#include <storage/memory/memory_rollups.hpp>
#include <storage/memory/memory_subscriptions.hpp>
#include <storage/memory/memory_workers.hpp>
#include <storage/operational_listener.hpp>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Its parts are under one lock: every call is atomic because it holds the lock.
class MemoryStorage final : public Storage {
public:
    MemoryStorage(std::shared_ptr<Clock> clock, std::chrono::milliseconds query_timeout,
                  std::shared_ptr<Random> random);

    Result<Subscription> insert_subscription(const Principal& by, const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<EventType> replace_event_type(const Principal& by, const EventType&) override;
    Result<> retire_event_type(const Principal& by, const std::string& name, bool force) override;
    Result<Configuration> configuration(Revision since) override;
    Result<std::vector<Notice>> notices(std::int64_t after) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<Page<Event>> list_all_events(const Principal&, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<EventHistory> find_any_event(const Principal&, EventId,
                                        std::optional<std::uint64_t> worker_tag) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<FeedRows> read_feed(const Principal&, SubscriptionId, const FeedRequest&) override;
    Result<std::vector<FeedChange>> feed_changes(const std::vector<FeedWatch>&) override;
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
    bool keeps_order() const override { return true; }
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
    void set_operational_listener(std::function<void(const OperationalEvent&)> listener) override;
    Result<> append_due_operational(std::chrono::seconds exhausted_window,
                                    std::size_t limit) override;
    Result<bool> maintain(const Maintenance&) override;
    Result<StorageSample> sample() override;
    Result<Overview> overview() override;
    Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit) override;

    Result<ApiKeyRecord> insert_api_key(const Principal& by, const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(const Principal& by, ApiKeyId) override;
    Result<> note_api_key_use(ApiKeyId, Time) override;

    Result<PortalSessionRecord> insert_portal_session(const Principal& by,
                                                      const PortalSessionRecord&) override;
    Result<std::optional<PortalSessionRecord>> redeem_portal_code(std::string_view code_hash,
                                                                  std::string_view token_hash,
                                                                  Time now,
                                                                  const Origin& from) override;
    Result<std::optional<PortalSessionRecord>> find_portal_session(
        std::string_view token_hash) override;
    Result<> delete_portal_session(const Principal& by, PortalSessionId) override;
    Result<std::size_t> delete_portal_sessions(const Principal& by,
                                               const std::string& user_id) override;

    Result<Page<AuditRecord>> list_audit(const Principal&, const ListQuery&) override;

private:
    /// Takes the lock and calls `body(OperationalWriter&)`. Afterwards, without the lock, the
    /// listener hears of what was written.
    template <class Body>
    auto change(std::chrono::seconds exhausted_window, Body body) {
        std::unique_lock lock(mutex_);
        OperationalWriter writer(operational_, exhausted_window, clock_->now());
        auto result = body(writer);
        lock.unlock();
        listener_.report(writer.take_events());
        return result;
    }

    // All of these require the lock to be held, except for `answer_from` and `budget_for`.

    /// Whether a principal may see the event, and which one it is.
    Result<const MemoryEvent*> find_visible(const Principal&, SubscriptionId, EventId);
    /// Evaluates the query without the lock, so that nothing waits for it.
    /// @param settled a reader that continues after an event gets none behind this one
    Result<Page<Event>> answer_from(const MemoryLog::Copies&, const ListQuery&, EventId settled);
    query::Budget budget_for(std::stop_token stop) const;
    /// @return as it is stored now.
    EventType write(const Principal& by, const std::optional<EventType>& before, EventType after);
    std::vector<Result<Appended>> append(const Worker&, const Batch&, BatchReceipt& receipt);
    /// Makes about as many events of what was fanned out before. @return their number
    std::size_t continue_fan_outs(std::size_t count);
    MemoryLog::TimeoutOf timeouts();
    EventHistory history_of(EventId, const MemoryEvent&) const;
    Result<BatchReceipt> write(WorkerId, const Batch&, OperationalWriter&);
    /// @return the subscriptions that were deactivated
    std::vector<SubscriptionId> write_findings(const Batch&, const std::vector<EventId>& exhausted,
                                               OperationalWriter&);
    void write(const EndpointState&, OperationalWriter&);
    void write_exhausted(const std::vector<EventId>& events, OperationalWriter&);
    void write(const FailingNotice&, OperationalWriter&);
    /// @return whether it still applied
    bool write(const Deactivation&, OperationalWriter&);
    StorageSample count_all() const;
    std::size_t erase_deleted(std::size_t limit);

    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Random> random_;
    const std::chrono::milliseconds query_timeout_;
    const Time counted_since_;
    std::mutex mutex_;
    MemorySubscriptions subscriptions_;
    MemoryNotices notices_;
    MemoryLog log_;
    MemoryFanOuts fan_outs_;
    MemoryIdempotencyKeys idempotency_keys_;
    MemoryWorkers workers_;
    MemoryRollups rollups_;
    MemoryApiKeys api_keys_;
    MemoryOperationalTable operational_{subscriptions_, log_, *random_};
    OperationalListener listener_;
    MemoryPortalSessions portal_sessions_;
    MemoryAudit audit_;
    std::optional<std::uint64_t> feed_tag_ = {};  ///< `FeedPosition::database`
};

}  // namespace webhooks::storage
