#pragma once

#include <memory>
#include <utility>
#include <webhooks/storage.hpp>

namespace webhooks::testing {

/// A storage that passes every call on. Tests override what they watch or break.
class ForwardingStorage : public Storage {
public:
    explicit ForwardingStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}

    Result<Subscription> insert_subscription(const Subscription& subscription) override {
        return inner_->insert_subscription(subscription);
    }
    Result<Subscription> find_subscription(const Principal& principal, SubscriptionId id) override {
        return inner_->find_subscription(principal, id);
    }
    Result<Subscription> update_subscription(const Principal& principal, SubscriptionId id,
                                             const SubscriptionChange& change) override {
        return inner_->update_subscription(principal, id, change);
    }
    Result<Subscription> rotate_secret(const Principal& principal, SubscriptionId id,
                                       const Secret& secret,
                                       std::chrono::seconds overlap) override {
        return inner_->rotate_secret(principal, id, secret, overlap);
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
    Result<Pulse> pulse(WorkerId self) override { return inner_->pulse(self); }
    Result<> retire_worker(WorkerId self) override { return inner_->retire_worker(self); }
    Result<> declare_dead(WorkerId self) override { return inner_->declare_dead(self); }
    Result<std::size_t> take_over(WorkerId self, std::size_t limit) override {
        return inner_->take_over(self, limit);
    }
    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        return inner_->write(self, batch);
    }
    Result<std::vector<HeldEvent>> appended_after(WorkerId self, EventId after,
                                                  std::size_t limit) override {
        return inner_->appended_after(self, after, limit);
    }
    Result<Claim> claim(WorkerId self, std::size_t limit, std::int64_t number) override {
        return inner_->claim(self, limit, number);
    }
    Result<std::vector<HeldEvent>> claim_deferred(WorkerId self, SubscriptionId id,
                                                  std::size_t limit, std::int64_t number) override {
        return inner_->claim_deferred(self, id, limit, number);
    }
    Result<> unclaim(WorkerId self, std::int64_t number) override {
        return inner_->unclaim(self, number);
    }
    void set_listener(std::function<void()> listener) override {
        inner_->set_listener(std::move(listener));
    }
    Result<bool> maintain(const Maintenance& maintenance) override {
        return inner_->maintain(maintenance);
    }

private:
    const std::shared_ptr<Storage> inner_;
};

}  // namespace webhooks::testing
