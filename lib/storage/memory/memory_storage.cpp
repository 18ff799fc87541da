#include <storage/memory/memory_storage.hpp>

#include <algorithm>
#include <random>
#include <storage/event_view.hpp>
#include <storage/idempotency.hpp>
#include <storage/subscription_change.hpp>
#include <webhooks/memory_storage.hpp>

namespace webhooks {
namespace storage {
namespace {

Error no_such_subscription() {
    return {Errc::not_found, "no such subscription"};
}

}  // namespace

MemoryStorage::MemoryStorage(std::shared_ptr<Clock> clock)
    : clock_(clock ? std::move(clock) : system_clock()) {}

// ---- Subscriptions.

Result<Subscription> MemoryStorage::insert_subscription(const Subscription& draft) {
    const std::scoped_lock lock(mutex_);
    Subscription subscription = draft;
    subscription.id = {++last_subscription_};
    subscription.created_at = subscription.updated_at = clock_->now();
    subscriptions_[subscription.id] = {.subscription = subscription, .revision = ++revision_};
    return subscription;
}

Result<MemoryStorage::StoredSubscription*> MemoryStorage::visible(const Principal& principal,
                                                                  SubscriptionId id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || found->second.is_deleted ||
        !principal.may_see(found->second.subscription.user_id)) {
        return no_such_subscription();
    }
    return &found->second;
}

Result<Subscription> MemoryStorage::find_subscription(const Principal& principal,
                                                      SubscriptionId id) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    return (*stored)->subscription;
}

Result<Subscription> MemoryStorage::update_subscription(const Principal& principal,
                                                        SubscriptionId id,
                                                        const SubscriptionChange& change) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    Subscription& subscription = (*stored)->subscription;
    apply(change, subscription);
    subscription.updated_at = clock_->now();
    (*stored)->revision = ++revision_;
    return subscription;
}

Result<> MemoryStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    (*stored)->is_deleted = true;
    (*stored)->revision = ++revision_;
    return {};
}

Result<Page<Subscription>> MemoryStorage::list_subscriptions(const Principal& principal,
                                                             const ListQuery& query) {
    const std::scoped_lock lock(mutex_);
    std::vector<Subscription> rows;
    for (const auto& [id, stored] : subscriptions_) {
        if (!stored.is_deleted && principal.may_see(stored.subscription.user_id)) {
            rows.push_back(stored.subscription);
        }
    }
    Result<Page<Subscription>> page = answer(query, std::move(rows));
    if (!page || !query.include_events) return page;
    for (Subscription& subscription : page->items) {
        subscription.recent_events = newest_events(subscription.id);
    }
    return page;
}

Result<> MemoryStorage::upsert_event_type(const EventType& type) {
    const std::scoped_lock lock(mutex_);
    const auto [place, is_new] = event_types_.try_emplace(type.name, type);
    if (!is_new && place->second == type) return {};
    place->second = type;
    ++revision_;
    return {};
}

Result<Configuration> MemoryStorage::configuration(Revision since) {
    const std::scoped_lock lock(mutex_);
    Configuration changes{.revision = revision_};
    for (const auto& [id, stored] : subscriptions_) {
        if (stored.revision <= since) continue;
        if (!stored.is_deleted) {
            changes.subscriptions.push_back(stored.subscription);
        } else if (since != 0) {
            changes.deleted.push_back(id);
        }
    }
    for (const auto& [name, type] : event_types_) {
        changes.event_types.push_back(type);
    }
    return changes;
}

// ---- The log, as its readers see it.

Event MemoryStorage::view(EventId id) const {
    const StoredEvent& stored = events_.at(id);
    Event event{.id = id,
                .subscription_id = stored.subscription,
                .event_type = stored.message->event_type,
                .payload = *stored.message->payload,
                .created_at = stored.created_at};
    if (!stored.attempts.empty()) {
        const auto requests = std::ranges::count_if(
            stored.attempts, [](const Attempt& attempt) { return is_request(attempt.outcome); });
        show_latest(event, stored.attempts.back(), static_cast<int>(requests));
    }
    if (stored.retry) event.next_retry_at = stored.retry->due;
    return event;
}

std::vector<Event> MemoryStorage::newest_events(SubscriptionId id) const {
    std::vector<Event> events;
    const auto found = log_of_.find(id);
    if (found == log_of_.end()) return events;
    for (auto row = found->second.rbegin();
         row != found->second.rend() && events.size() < max_included_events; ++row) {
        events.push_back(view(*row));
    }
    return events;
}

Result<Page<Event>> MemoryStorage::list_events(const Principal& principal, SubscriptionId id,
                                               const ListQuery& query) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    std::vector<Event> rows;
    for (const EventId row : log_of_[id]) {
        rows.push_back(view(row));
    }
    return answer(query, std::move(rows));
}

Result<> MemoryStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    const auto found = events_.find(event);
    if (found == events_.end() || found->second.subscription != id) {
        return Error(Errc::not_found, "no such event");
    }
    std::erase(log_of_[id], event);
    erase_event(event);
    return {};
}

void MemoryStorage::erase_event(EventId event) {
    end_retry(event);
    events_.erase(event);
}

// ---- Workers.

Result<Worker> MemoryStorage::register_worker(std::chrono::milliseconds lease) {
    const std::scoped_lock lock(mutex_);
    std::random_device random;
    const Worker worker{.id = {++last_worker_}, .tag = (std::uint64_t{random()} << 32) | random()};
    workers_[worker.id] = {
        .tag = worker.tag, .lease = lease, .last_pulse = clock_->now(), .low_water = last_event_};
    return worker;
}

Result<MemoryStorage::StoredWorker*> MemoryStorage::living(WorkerId id) {
    const auto found = workers_.find(id);
    if (found == workers_.end() || found->second.is_dead) {
        return Error(Errc::fenced, "another worker has taken over");
    }
    return &found->second;
}

Result<Pulse> MemoryStorage::pulse(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    (*worker)->last_pulse = clock_->now();
    return Pulse{.now = clock_->now(), .revision = revision_};
}

Result<> MemoryStorage::retire_worker(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    (*worker)->is_dead = true;
    move_held(id, **worker, events_.size());
    return {};
}

Result<std::size_t> MemoryStorage::take_over(WorkerId self, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(self); !worker) return worker.error();
    std::size_t moved = 0;
    for (auto& [id, worker] : workers_) {
        if (id != self && worker.last_pulse + worker.lease < clock_->now()) worker.is_dead = true;
        if (worker.is_dead) moved += move_held(id, worker, limit - moved);
    }
    return moved;
}

std::size_t MemoryStorage::move_held(WorkerId id, StoredWorker& worker, std::size_t limit) {
    if (worker.is_moved) return 0;
    std::size_t moved = 0;
    for (auto row = events_.upper_bound(worker.low_water); row != events_.end() && moved < limit;
         ++row) {
        auto& [event, stored] = *row;
        worker.low_water = event;
        if (stored.worker != id || stored.retry || is_settled(stored)) continue;
        wait(event, {.due = clock_->now()});
        ++moved;
    }
    for (auto row = events_.begin(); row != events_.end() && moved < limit; ++row) {
        auto& [event, stored] = *row;
        if (!stored.retry || stored.retry->claimed_by != id) continue;
        wait(event, {.due = clock_->now(), .attempts = stored.retry->attempts});
        ++moved;
    }
    worker.is_moved = moved < limit;
    return moved;
}

// ---- The log, as workers write it.

bool MemoryStorage::is_settled(const StoredEvent& event) {
    return !event.attempts.empty() && event.attempts.back().outcome != Outcome::retry;
}

void MemoryStorage::wait(EventId id, Retry retry) {
    end_retry(id);
    events_.at(id).retry = retry;
    due_.emplace(retry.due, id);
}

void MemoryStorage::end_retry(EventId id) {
    StoredEvent& event = events_.at(id);
    if (!event.retry) return;
    due_.erase({event.retry->due, id});
    event.retry.reset();
}

Result<BatchReceipt> MemoryStorage::write(WorkerId id, const Batch& batch) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    if (!batch.appends.empty() && batch.matched_at != revision_) {
        return Error(Errc::stale_revision, "subscriptions have changed");
    }
    (*worker)->low_water = std::max((*worker)->low_water, batch.low_water);
    for (const AttemptRecord& record : batch.attempts) {
        write_attempt(record);
    }
    for (const Park& park : batch.parks) {
        if (!events_.contains(park.event)) continue;
        wait(park.event, {.due = park.due, .attempts = park.attempts});
    }
    BatchReceipt receipt;
    for (const Append& append : batch.appends) {
        receipt.appends.push_back(write_append(id, **worker, append));
    }
    return receipt;
}

void MemoryStorage::write_attempt(const AttemptRecord& record) {
    const auto found = events_.find(record.event);
    if (found == events_.end()) return;
    found->second.attempts.push_back(record.attempt);
    if (record.due) {
        wait(record.event, {.due = *record.due, .attempts = record.attempt.number});
    } else {
        end_retry(record.event);
    }
}

Result<Appended> MemoryStorage::write_append(WorkerId id, const StoredWorker& worker,
                                             const Append& append) {
    if (append.idempotency) {
        const auto earlier = keys_.find({append.idempotency->scope, append.idempotency->key});
        if (earlier != keys_.end() &&
            earlier->second.created_at + idempotency_lifetime > clock_->now()) {
            if (earlier->second.digest != append.idempotency->digest) {
                return Error(Errc::conflict,
                             "the idempotency key was used for other content within 24 hours");
            }
            Appended replay = earlier->second.receipt;
            replay.is_replay = true;
            return replay;
        }
    }
    const Appended receipt{.first_event = {last_event_.value + 1},
                           .count = static_cast<std::uint32_t>(append.subscriptions.size())};
    for (const SubscriptionId subscription : append.subscriptions) {
        const EventId event{++last_event_.value};
        events_[event] = {.subscription = subscription,
                          .message = append.message,
                          .worker = id,
                          .worker_tag = worker.tag,
                          .created_at = clock_->now()};
        log_of_[subscription].push_back(event);
        if (append.is_parked) wait(event, {.due = clock_->now()});
    }
    if (append.idempotency) {
        keys_[{append.idempotency->scope, append.idempotency->key}] = {
            .digest = append.idempotency->digest, .receipt = receipt, .created_at = clock_->now()};
    }
    return receipt;
}

Result<Claim> MemoryStorage::claim(WorkerId id, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    Claim claim;
    const Time now = clock_->now();
    while (!due_.empty() && claim.events.size() < limit && due_.begin()->first <= now) {
        const EventId event = due_.begin()->second;
        due_.erase(due_.begin());
        StoredEvent& stored = events_.at(event);
        stored.retry->claimed_by = id;
        claim.events.push_back({.id = event,
                                .subscription = stored.subscription,
                                .worker_tag = stored.worker_tag,
                                .message = stored.message,
                                .attempts = stored.retry->attempts,
                                .has_retry_row = true});
    }
    if (!due_.empty()) claim.next_due = due_.begin()->first;
    return claim;
}

Result<bool> MemoryStorage::maintain(std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    std::size_t removed = std::erase_if(keys_, [this](const auto& entry) {
        return entry.second.created_at + idempotency_lifetime <= clock_->now();
    });
    for (const auto& [id, stored] : subscriptions_) {
        if (!stored.is_deleted) continue;
        std::vector<EventId>& log = log_of_[id];
        while (!log.empty() && removed < limit) {
            erase_event(log.back());
            log.pop_back();
            ++removed;
        }
    }
    return removed >= limit;
}

// ---- API keys.

Result<ApiKeyRecord> MemoryStorage::insert_api_key(const ApiKeyRecord& draft) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, key] : api_keys_) {
        if (key.hash == draft.hash) return Error(Errc::conflict, "the key exists");
    }
    ApiKeyRecord key = draft;
    key.id = {++last_api_key_};
    key.created_at = clock_->now();
    api_keys_[key.id] = key;
    return key;
}

Result<std::optional<ApiKeyRecord>> MemoryStorage::find_api_key(std::string_view hash) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, key] : api_keys_) {
        if (key.hash == hash) return std::optional(key);
    }
    return std::optional<ApiKeyRecord>();
}

Result<std::vector<ApiKeyRecord>> MemoryStorage::list_api_keys() {
    const std::scoped_lock lock(mutex_);
    std::vector<ApiKeyRecord> keys;
    for (const auto& [id, key] : api_keys_) {
        keys.push_back(key);
    }
    return keys;
}

Result<> MemoryStorage::delete_api_key(ApiKeyId id) {
    const std::scoped_lock lock(mutex_);
    if (api_keys_.erase(id) == 0) return Error(Errc::not_found, "no such key");
    return {};
}

}  // namespace storage

std::shared_ptr<Storage> make_memory_storage(std::shared_ptr<Clock> clock) {
    return std::make_shared<storage::MemoryStorage>(std::move(clock));
}

}  // namespace webhooks
