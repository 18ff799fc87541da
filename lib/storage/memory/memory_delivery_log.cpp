// What workers call: the part of MemoryStorage that implements DeliveryLog.

#include <algorithm>
#include <limits>
#include <storage/append_decision.hpp>
#include <storage/memory/memory_storage.hpp>

namespace webhooks::storage {

Result<Worker> MemoryStorage::register_worker(std::chrono::milliseconds lease) {
    const std::scoped_lock lock(mutex_);
    Worker worker{.last_event = log_.last_event(), .tag = random_->next()};
    worker.id = workers_.insert({.tag = worker.tag,
                                 .started_at = clock_->now(),
                                 .lease = lease,
                                 .last_heartbeat = clock_->steady_now(),
                                 .low_water = worker.last_event});
    return worker;
}

Result<Heartbeat> MemoryStorage::heartbeat(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = workers_.living(id);
    if (!worker) return worker.error();
    (*worker)->last_heartbeat = clock_->steady_now();
    return Heartbeat{.now = clock_->now(),
                     .revision = subscriptions_.revision(),
                     .last_batch = (*worker)->last_batch,
                     .last_event = log_.last_event(),
                     .last_notice = notices_.last_number()};
}

Result<> MemoryStorage::retire_worker(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = workers_.living(id);
    if (!worker) return worker.error();
    constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
    log_.release(id, (*worker)->low_water, all, clock_->now());
    workers_.erase(id);
    return {};
}

Result<> MemoryStorage::mark_expired(WorkerId self) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(self); !worker) return worker.error();
    workers_.mark_expired(self, clock_->steady_now());
    return {};
}

Result<std::size_t> MemoryStorage::take_over(WorkerId self, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(self); !worker) return worker.error();
    std::size_t moved = 0;
    while (moved < limit) {
        const std::optional<WorkerId> dead = workers_.first_dead();
        if (!dead) break;
        moved += log_.release(*dead, workers_.at(*dead).low_water, limit - moved, clock_->now());
        if (moved < limit) workers_.erase(*dead);
    }
    return moved;
}

Result<BatchReceipt> MemoryStorage::write(WorkerId id, const Batch& batch) {
    const std::scoped_lock lock(mutex_);
    const auto worker = workers_.living(id);
    if (!worker) return worker.error();
    if (!batch.appends.empty() && batch.matched_at != subscriptions_.revision()) {
        return Error(Errc::stale_revision, "subscriptions have changed");
    }
    (*worker)->low_water = std::max((*worker)->low_water, batch.low_water);
    (*worker)->last_batch = batch.number;
    for (const CustodyChange& change : batch.custody_changes) {
        log_.write(id, change);
    }
    for (const AttemptRecord& record : batch.attempts) {
        log_.write(id, record);
    }
    for (const EndpointState& state : batch.states) {
        const Time now = clock_->now();
        if (const auto notice = subscriptions_.write(state, now)) notices_.add(*notice, now);
    }
    BatchReceipt receipt;
    receipt.appends = append({.id = id, .tag = (*worker)->tag}, batch.appends);
    rollups_.add(batch.rollups);
    if (batch.report) (*worker)->report = batch.report;
    for (const Deactivation& deactivation : batch.deactivations) {
        if (deactivate(deactivation)) receipt.deactivated.push_back(deactivation.subscription);
    }
    return receipt;
}

std::vector<Result<Appended>> MemoryStorage::append(const Worker& worker,
                                                    const std::vector<Append>& appends) {
    const Time now = clock_->now();
    std::vector<Result<Appended>> verdicts =
        decide(appends, reserve(appends, {log_.last_event().value + 1}),
               [&](const IdempotencyKey& key) { return idempotency_keys_.find(key, now); });
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (!is_new(verdicts[i])) continue;
        log_.append(worker, appends[i], verdicts[i]->first_event, now);
        if (appends[i].idempotency) {
            idempotency_keys_.insert(*appends[i].idempotency, *verdicts[i], now);
        }
    }
    return verdicts;
}

bool MemoryStorage::deactivate(const Deactivation& deactivation) {
    if (!subscriptions_.is_concerned(deactivation)) return false;
    if (deactivation.failing_since &&
        log_.delivered_since(deactivation.subscription, *deactivation.failing_since)) {
        return false;
    }
    subscriptions_.deactivate(deactivation, clock_->now());
    return true;
}

Result<std::vector<HeldEvent>> MemoryStorage::appended_after(WorkerId id, EventId after,
                                                             std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    return log_.appended_after(id, after, limit);
}

Result<Claim> MemoryStorage::claim(WorkerId id, std::size_t limit, std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    Claim claim{.events = log_.claim(id, limit, number, clock_->now()),
                .revision = subscriptions_.revision()};
    claim.next_due = log_.next_due();
    return claim;
}

Result<std::vector<HeldEvent>> MemoryStorage::claim_reserved(WorkerId id,
                                                             SubscriptionId subscription,
                                                             std::size_t limit,
                                                             std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    return log_.claim_reserved(id, subscription, limit, number);
}

Result<> MemoryStorage::unclaim(WorkerId id, std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    log_.unclaim(id, number);
    return {};
}

Result<bool> MemoryStorage::maintain(const Maintenance& maintenance) {
    const std::scoped_lock lock(mutex_);
    const std::size_t limit = maintenance.limit;
    const Time now = clock_->now();
    std::size_t removed = idempotency_keys_.erase_old(now) + notices_.erase_old(now) +
                          rollups_.tend(now, limit) + portal_sessions_.erase_old(now);
    if (removed < limit) removed += erase_deleted(limit - removed);
    if (maintenance.keep_events_for.count() != 0) {
        removed += log_.erase_old(maintenance.keep_events_for, limit, now);
    }
    return removed >= limit;
}

/// Subscriptions go with the last of their events, once every worker has heard that they are gone.
std::size_t MemoryStorage::erase_deleted(std::size_t limit) {
    std::size_t erased = 0;
    for (const SubscriptionId id : subscriptions_.deleted()) {
        erased += log_.erase_of(id, limit - erased);
        if (erased >= limit) break;
        if (subscriptions_.erase_deleted(id, clock_->now())) rollups_.erase(id);
    }
    return erased;
}

}  // namespace webhooks::storage
