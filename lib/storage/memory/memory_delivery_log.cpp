// What workers call: the part of MemoryStorage that implements DeliveryLog.

#include <algorithm>
#include <limits>
#include <storage/idempotency.hpp>
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
                     .last_notice = notices_.last_number(),
                     .has_fan_outs = !fan_outs_.empty()};
}

Result<> MemoryStorage::retire_worker(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = workers_.living(id);
    if (!worker) return worker.error();
    constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
    log_.release(id, (*worker)->low_water, all, clock_->now(), timeouts());
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
    return change({}, [&](OperationalWriter& writer) -> Result<std::size_t> {
        if (const auto worker = workers_.living(self); !worker) return worker.error();
        std::size_t moved = 0;
        while (moved < limit) {
            const std::optional<WorkerId> id = workers_.first_dead();
            if (!id) break;
            MemoryWorkers::Stored& dead = workers_.at(*id);
            const std::size_t released =
                log_.release(*id, dead.low_water, limit - moved, writer.now(), timeouts());
            dead.taken_over += static_cast<std::int64_t>(released);
            moved += released;
            if (moved >= limit) break;
            writer.write(worker_lost(*id, dead.report, dead.taken_over));
            workers_.erase(*id);
        }
        return moved;
    });
}

Result<BatchReceipt> MemoryStorage::write(WorkerId id, const Batch& batch) {
    return change(batch.exhausted_window,
                  [&](OperationalWriter& writer) { return write(id, batch, writer); });
}

Result<BatchReceipt> MemoryStorage::write(WorkerId id, const Batch& batch,
                                          OperationalWriter& writer) {
    const auto worker = workers_.living(id);
    if (!worker) return worker.error();
    if (!batch.appends.empty() && batch.revision != subscriptions_.revision()) {
        return Error(Errc::stale_revision, "subscriptions have changed");
    }
    (*worker)->low_water = std::max((*worker)->low_water, batch.low_water);
    (*worker)->last_batch = batch.number;
    const Time now = clock_->now();
    BatchReceipt receipt;
    for (const CustodyChange& change : batch.custody_changes) {
        log_.write(id, change, now, receipt);
    }
    std::vector<EventId> exhausted;
    for (const AttemptRecord& record : batch.attempts) {
        if (!log_.write(id, record, now, receipt)) continue;
        if (record.attempt.outcome == Outcome::exhausted) exhausted.push_back(record.event);
    }
    if (batch.continues_fan_outs) receipt.fanned_out = continue_fan_outs(batch.slice_size);
    receipt.appends = append({.id = id, .tag = (*worker)->tag}, batch, receipt);
    receipt.has_fan_outs = !fan_outs_.empty();
    rollups_.add(batch.rollups);
    if (batch.report) (*worker)->report = batch.report;
    receipt.deactivated = write_findings(batch, exhausted, writer);
    receipt.operational = writer.appended();
    return receipt;
}

std::vector<Result<Appended>> MemoryStorage::append(const Worker& worker, const Batch& batch,
                                                    BatchReceipt& receipt) {
    const Time now = clock_->now();
    const std::vector<Append>& appends = batch.appends;
    std::vector<Result<Appended>> verdicts = decide(
        appends, assign_ids(appends, {log_.last_event().value + 1}),
        [&](const IdempotencyKey& key) { return idempotency_keys_.find(key, now); },
        [&](const std::string& user) { return fan_outs_.is_full(user); });
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (!is_new(verdicts[i])) continue;
        const EventId first = verdicts[i]->first_event;
        if (appends[i].is_fanned_out) {
            fan_outs_.add(appends[i], first, worker.tag, now, batch.slice_size);
            log_.advance_to({first.value + verdicts[i]->count - 1});
        } else {
            log_.append(worker, appends[i], first, now, receipt);
        }
        if (appends[i].idempotency) {
            idempotency_keys_.insert(*appends[i].idempotency, *verdicts[i], now);
        }
    }
    return verdicts;
}

std::size_t MemoryStorage::continue_fan_outs(std::size_t count) {
    std::size_t made = 0;
    while (made < count) {
        std::optional<MemoryFanOuts::Waiting> next = fan_outs_.take();
        if (!next) break;
        made += next->slice.subscriptions.size();
        BatchReceipt unused;
        EventId id = next->slice.first;
        for (const SubscriptionId subscription : next->slice.subscriptions) {
            const EventId event{id.value++};
            if (!subscriptions_.find_present(subscription)) continue;
            Append one{.message = next->message, .subscriptions = {subscription}};
            if (subscriptions_.is_pulled(subscription)) one.pulled = {subscription};
            one.due = next->due;
            log_.append({.tag = next->worker_tag}, one, event, next->created_at, unused);
        }
    }
    return made;
}

Result<std::vector<HeldEvent>> MemoryStorage::appended_after(WorkerId id, EventId after,
                                                             std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    return log_.appended_after(id, after, limit);
}

Result<Claim> MemoryStorage::claim(WorkerId id, ClaimLimit limit, std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = workers_.living(id); !worker) return worker.error();
    Claim claim = log_.claim(id, limit, number, clock_->now());
    claim.revision = subscriptions_.revision();
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
    log_.unclaim(id, number, clock_->now());
    return {};
}

void MemoryStorage::set_operational_listener(
    std::function<void(const OperationalEvent&)> listener) {
    listener_.set(std::move(listener));
}

Result<> MemoryStorage::append_due_operational(std::chrono::seconds exhausted_window,
                                               std::size_t limit) {
    return change(exhausted_window, [&](OperationalWriter& writer) -> Result<> {
        writer.write_due(limit);
        return {};
    });
}

Result<bool> MemoryStorage::maintain(const Maintenance& maintenance) {
    const std::scoped_lock lock(mutex_);
    const std::size_t limit = maintenance.limit;
    const Time now = clock_->now();
    log_.release_deleted(now);
    std::size_t removed = idempotency_keys_.erase_old(now) + notices_.erase_old(now) +
                          rollups_.tend(now, limit) + portal_sessions_.erase_old(now);
    if (maintenance.keep_audit_for.count() != 0) {
        removed += audit_.erase_old(now - maintenance.keep_audit_for, limit);
    }
    if (removed < limit) removed += erase_deleted(limit - removed);
    if (maintenance.keep_events_for.count() != 0) {
        removed += log_.erase_old(maintenance.keep_events_for, limit, now);
    }
    return removed >= limit;
}

MemoryLog::TimeoutOf MemoryStorage::timeouts() {
    return [this](SubscriptionId id) {
        const Subscription* subscription = subscriptions_.find_present(id);
        return subscription == nullptr ? std::chrono::seconds(0) : subscription->timeout;
    };
}

/// Subscriptions go with the last of their events, once every worker has heard that they are gone.
std::size_t MemoryStorage::erase_deleted(std::size_t limit) {
    std::size_t erased = 0;
    for (const SubscriptionId id : subscriptions_.deleted()) {
        erased += log_.erase_of(id, limit - erased, clock_->now());
        if (erased >= limit) break;
        if (subscriptions_.erase_deleted(id, clock_->now())) rollups_.erase(id);
    }
    return erased;
}

}  // namespace webhooks::storage
