#include <algorithm>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {

FaultyStorage::FaultyStorage(std::shared_ptr<Storage> storage) : storage_(std::move(storage)) {}

void FaultyStorage::break_calls(Breakage breakage) {
    const std::scoped_lock lock(mutex_);
    breakage_ = breakage;
}

void FaultyStorage::mend() {
    break_calls({.count = 0});
}

std::size_t FaultyStorage::calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_.size();
}

std::size_t FaultyStorage::calls(Call call) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(calls_, call));
}

std::vector<FaultyStorage::Call> FaultyStorage::broken() const {
    const std::scoped_lock lock(mutex_);
    return broken_;
}

std::optional<FaultyStorage::Fault> FaultyStorage::note(Call call) {
    const std::scoped_lock lock(mutex_);
    calls_.push_back(call);
    if (breakage_.count == 0 || (breakage_.only && call != *breakage_.only)) return std::nullopt;
    if (breakage_.first > 1) {
        --breakage_.first;
        return std::nullopt;
    }
    if (breakage_.count != for_ever) --breakage_.count;
    broken_.push_back(call);
    return breakage_.fault;
}

template <class Forward>
auto FaultyStorage::pass(Call call, Forward forward) -> decltype(forward()) {
    const std::optional<Fault> fault = note(call);
    if (fault == Fault::refused) return Error(Errc::unavailable, "storage was told to fail");
    auto answer = forward();
    if (fault) return Error(Errc::unavailable, "storage was told to lose its answer");
    return answer;
}

// ---- Every call, as it is.

Result<Subscription> FaultyStorage::insert_subscription(const Subscription& subscription) {
    return pass(Call::insert_subscription,
                [&] { return storage_->insert_subscription(subscription); });
}

Result<Subscription> FaultyStorage::find_subscription(const Principal& principal,
                                                      SubscriptionId id) {
    return pass(Call::find_subscription,
                [&] { return storage_->find_subscription(principal, id); });
}

Result<Subscription> FaultyStorage::update_subscription(const Principal& principal,
                                                        SubscriptionId id,
                                                        const SubscriptionChange& change) {
    return pass(Call::update_subscription,
                [&] { return storage_->update_subscription(principal, id, change); });
}

Result<Subscription> FaultyStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                  const Secret& secret,
                                                  std::chrono::seconds overlap) {
    return pass(Call::rotate_secret,
                [&] { return storage_->rotate_secret(principal, id, secret, overlap); });
}

Result<> FaultyStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    return pass(Call::delete_subscription,
                [&] { return storage_->delete_subscription(principal, id); });
}

Result<Page<Subscription>> FaultyStorage::list_subscriptions(const Principal& principal,
                                                             const ListQuery& query) {
    return pass(Call::list_subscriptions,
                [&] { return storage_->list_subscriptions(principal, query); });
}

Result<> FaultyStorage::upsert_event_type(const EventType& type) {
    return pass(Call::upsert_event_type, [&] { return storage_->upsert_event_type(type); });
}

Result<Configuration> FaultyStorage::configuration(Revision since) {
    return pass(Call::configuration, [&] { return storage_->configuration(since); });
}

Result<Page<Event>> FaultyStorage::list_events(const Principal& principal, SubscriptionId id,
                                               const ListQuery& query) {
    return pass(Call::list_events, [&] { return storage_->list_events(principal, id, query); });
}

Result<EventHistory> FaultyStorage::find_event(const Principal& principal, SubscriptionId id,
                                               EventId event) {
    return pass(Call::find_event, [&] { return storage_->find_event(principal, id, event); });
}

Result<> FaultyStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    return pass(Call::delete_event, [&] { return storage_->delete_event(principal, id, event); });
}

Result<DeliveryStatistics> FaultyStorage::statistics(const Principal& principal,
                                                     SubscriptionId id) {
    return pass(Call::statistics, [&] { return storage_->statistics(principal, id); });
}

Result<> FaultyStorage::reopen_event(const Principal& principal, SubscriptionId id, EventId event) {
    return pass(Call::reopen_event, [&] { return storage_->reopen_event(principal, id, event); });
}

Result<Reopened> FaultyStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                   Time since, EventId after, std::size_t limit) {
    return pass(Call::reopen_undelivered,
                [&] { return storage_->reopen_undelivered(principal, id, since, after, limit); });
}

Result<Worker> FaultyStorage::register_worker(std::chrono::milliseconds lease) {
    return pass(Call::register_worker, [&] { return storage_->register_worker(lease); });
}

Result<Pulse> FaultyStorage::pulse(WorkerId worker) {
    return pass(Call::pulse, [&] { return storage_->pulse(worker); });
}

Result<> FaultyStorage::retire_worker(WorkerId worker) {
    return pass(Call::retire_worker, [&] { return storage_->retire_worker(worker); });
}

Result<> FaultyStorage::declare_dead(WorkerId self) {
    return pass(Call::declare_dead, [&] { return storage_->declare_dead(self); });
}

Result<std::size_t> FaultyStorage::take_over(WorkerId self, std::size_t limit) {
    return pass(Call::take_over, [&] { return storage_->take_over(self, limit); });
}

Result<BatchReceipt> FaultyStorage::write(WorkerId worker, const Batch& batch) {
    return pass(Call::write, [&] { return storage_->write(worker, batch); });
}

Result<std::vector<HeldEvent>> FaultyStorage::appended_after(WorkerId worker, EventId after,
                                                             std::size_t limit) {
    return pass(Call::appended_after,
                [&] { return storage_->appended_after(worker, after, limit); });
}

Result<Claim> FaultyStorage::claim(WorkerId worker, std::size_t limit, std::int64_t number) {
    return pass(Call::claim, [&] { return storage_->claim(worker, limit, number); });
}

Result<std::vector<HeldEvent>> FaultyStorage::claim_deferred(WorkerId worker,
                                                             SubscriptionId subscription,
                                                             std::size_t limit,
                                                             std::int64_t number) {
    return pass(Call::claim_deferred,
                [&] { return storage_->claim_deferred(worker, subscription, limit, number); });
}

Result<> FaultyStorage::unclaim(WorkerId worker, std::int64_t number) {
    return pass(Call::unclaim, [&] { return storage_->unclaim(worker, number); });
}

void FaultyStorage::set_listener(std::function<void()> listener) {
    storage_->set_listener(std::move(listener));
}

Result<bool> FaultyStorage::maintain(const Maintenance& maintenance) {
    return pass(Call::maintain, [&] { return storage_->maintain(maintenance); });
}

Result<ApiKeyRecord> FaultyStorage::insert_api_key(const ApiKeyRecord& key) {
    return pass(Call::insert_api_key, [&] { return storage_->insert_api_key(key); });
}

Result<std::optional<ApiKeyRecord>> FaultyStorage::find_api_key(std::string_view hash) {
    return pass(Call::find_api_key, [&] { return storage_->find_api_key(hash); });
}

Result<std::vector<ApiKeyRecord>> FaultyStorage::list_api_keys() {
    return pass(Call::list_api_keys, [&] { return storage_->list_api_keys(); });
}

Result<> FaultyStorage::delete_api_key(ApiKeyId id) {
    return pass(Call::delete_api_key, [&] { return storage_->delete_api_key(id); });
}

}  // namespace webhooks::testing
