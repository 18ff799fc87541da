#pragma once

#include <webhooks/storage.hpp>

namespace webhooks {

/// A storage that supports nothing: every operation is `unsupported`. Tests override what they
/// need.
class BareStorage : public Storage {
public:
    Result<Subscription> insert_subscription(const Subscription&) override { return nothing(); }
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override {
        return nothing();
    }
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override {
        return nothing();
    }
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds) override {
        return nothing();
    }
    Result<> delete_subscription(const Principal&, SubscriptionId) override { return nothing(); }
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override {
        return nothing();
    }
    Result<> upsert_event_type(const EventType&) override { return nothing(); }
    Result<Configuration> configuration(Revision) override { return nothing(); }
    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override {
        return nothing();
    }
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override {
        return nothing();
    }
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token) override {
        return nothing();
    }
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override { return nothing(); }
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, const CreationPeriod&,
                                        EventId, std::size_t) override {
        return nothing();
    }
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override { return nothing(); }
    Result<Worker> register_worker(std::chrono::milliseconds) override { return nothing(); }
    Result<Heartbeat> heartbeat(WorkerId) override { return nothing(); }
    Result<> retire_worker(WorkerId) override { return nothing(); }
    Result<> mark_expired(WorkerId) override { return nothing(); }
    Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId, std::size_t) override {
        return nothing();
    }
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId, std::size_t,
                                                  std::int64_t) override {
        return nothing();
    }
    Result<> unclaim(WorkerId, std::int64_t) override { return nothing(); }
    Result<std::size_t> take_over(WorkerId, std::size_t) override { return nothing(); }
    Result<BatchReceipt> write(WorkerId, const Batch&) override { return nothing(); }
    Result<Claim> claim(WorkerId, std::size_t, std::int64_t) override { return nothing(); }
    Result<bool> maintain(const Maintenance&) override { return nothing(); }

private:
    static Error nothing() { return Error(Errc::unsupported, "this storage offers nothing"); }
};

}  // namespace webhooks
