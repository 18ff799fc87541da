#pragma once

#include <utility>
#include <webhooks/storage.hpp>

namespace webhooks::testing {

/// Hands every call to another storage.
class ForwardingStorage : public Storage {
public:
    explicit ForwardingStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}

    Result<Subscription> insert_subscription(const Subscription& draft) override {
        return inner_->insert_subscription(draft);
    }
    Result<Subscription> find_subscription(const Principal& principal, SubscriptionId id) override {
        return inner_->find_subscription(principal, id);
    }
    Result<Subscription> update_subscription(const Principal& principal, SubscriptionId id,
                                             const SubscriptionChange& change) override {
        return inner_->update_subscription(principal, id, change);
    }
    Result<Subscription> rotate_secret(const Principal& principal, SubscriptionId id,
                                       const Secret& fresh, std::chrono::seconds overlap) override {
        return inner_->rotate_secret(principal, id, fresh, overlap);
    }
    Result<> delete_subscription(const Principal& principal, SubscriptionId id) override {
        return inner_->delete_subscription(principal, id);
    }
    Result<Page<Subscription>> list_subscriptions(const Principal& principal,
                                                  const ListQuery& query) override {
        return inner_->list_subscriptions(principal, query);
    }
    Result<> upsert_event_type(const EventType& type) override {
        return inner_->upsert_event_type(type);
    }
    Result<Configuration> configuration(Revision since) override {
        return inner_->configuration(since);
    }
    Result<Page<Event>> list_events(const Principal& principal, SubscriptionId id,
                                    const ListQuery& query) override {
        return inner_->list_events(principal, id, query);
    }
    Result<EventHistory> find_event(const Principal& principal, SubscriptionId id,
                                    EventId event) override {
        return inner_->find_event(principal, id, event);
    }
    Result<> delete_event(const Principal& principal, SubscriptionId id, EventId event) override {
        return inner_->delete_event(principal, id, event);
    }
    Result<DeliveryStatistics> statistics(const Principal& principal, SubscriptionId id) override {
        return inner_->statistics(principal, id);
    }
    Result<> reopen_event(const Principal& principal, SubscriptionId id, EventId event) override {
        return inner_->reopen_event(principal, id, event);
    }
    Result<Reopened> reopen_undelivered(const Principal& principal, SubscriptionId id, Time since,
                                        EventId after, std::size_t limit) override {
        return inner_->reopen_undelivered(principal, id, since, after, limit);
    }
    Result<Worker> register_worker(std::chrono::milliseconds lease) override {
        return inner_->register_worker(lease);
    }
    Result<Pulse> pulse(WorkerId worker) override { return inner_->pulse(worker); }
    Result<> retire_worker(WorkerId worker) override { return inner_->retire_worker(worker); }
    Result<> declare_dead(WorkerId worker) override { return inner_->declare_dead(worker); }
    Result<std::size_t> take_over(WorkerId worker, std::size_t limit) override {
        return inner_->take_over(worker, limit);
    }
    Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
        return inner_->write(worker, batch);
    }
    Result<std::vector<HeldEvent>> appended_after(WorkerId worker, EventId after,
                                                  std::size_t limit) override {
        return inner_->appended_after(worker, after, limit);
    }
    Result<Claim> claim(WorkerId worker, std::size_t limit, std::int64_t number) override {
        return inner_->claim(worker, limit, number);
    }
    Result<std::vector<HeldEvent>> claim_deferred(WorkerId worker, SubscriptionId subscription,
                                                  std::size_t limit, std::int64_t number) override {
        return inner_->claim_deferred(worker, subscription, limit, number);
    }
    Result<> unclaim(WorkerId worker, std::int64_t number) override {
        return inner_->unclaim(worker, number);
    }
    Result<bool> maintain(std::size_t limit) override { return inner_->maintain(limit); }

private:
    std::shared_ptr<Storage> inner_;
};

}  // namespace webhooks::testing
