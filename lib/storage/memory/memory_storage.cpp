#include <storage/memory/memory_storage.hpp>

#include <algorithm>
#include <query/evaluate_list.hpp>
#include <storage/delivery_statistics.hpp>
#include <storage/event_view.hpp>
#include <storage/idempotency.hpp>
#include <storage/notices.hpp>
#include <storage/rollup_counts.hpp>
#include <storage/subscription_change.hpp>
#include <webhooks/memory_storage.hpp>

namespace webhooks {
namespace storage {
namespace {

Error no_such_subscription() {
    return {Errc::not_found, "no such subscription"};
}

Error no_such_event() {
    return {Errc::not_found, "no such event"};
}

void count_subscription(const Subscription& subscription, Time now, StorageSample& sample) {
    if (!subscription.is_active) {
        ++sample.inactive;
    } else if (subscription.paused_until > now) {
        ++sample.paused;
    } else if (subscription.failing_since) {
        ++sample.failing;
    } else {
        ++sample.active;
    }
}

}  // namespace

MemoryStorage::MemoryStorage(std::shared_ptr<Clock> clock, std::chrono::milliseconds query_timeout,
                             std::shared_ptr<Random> random)
    : clock_(clock ? std::move(clock) : system_clock()),
      random_(random ? std::move(random) : system_random()),
      query_timeout_(query_timeout),
      counted_since_(clock_->now()) {}

// ---- Subscriptions.

Result<Subscription> MemoryStorage::insert_subscription(const Subscription& draft) {
    const std::scoped_lock lock(mutex_);
    Subscription subscription = draft;
    subscription.id = {++last_subscription_};
    begin(subscription, clock_->now(), ++revision_);
    subscriptions_[subscription.id] = {.subscription = subscription};
    return subscription;
}

Result<MemoryStorage::StoredSubscription*> MemoryStorage::visible(const Principal& principal,
                                                                  SubscriptionId id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || !is_visible(principal, found->second)) {
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
    apply(change, subscription, clock_->now(), ++revision_);
    return subscription;
}

Result<Subscription> MemoryStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                  const Secret& secret,
                                                  std::chrono::seconds overlap) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    rotate((*stored)->subscription, secret, overlap, clock_->now(), ++revision_);
    return (*stored)->subscription;
}

Result<> MemoryStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    (*stored)->is_deleted = true;
    (*stored)->deleted_at = clock_->now();
    (*stored)->subscription.revision = ++revision_;
    return {};
}

Result<Page<Subscription>> MemoryStorage::list_subscriptions(const Principal& principal,
                                                             const ListQuery& query) {
    std::unique_lock lock(mutex_);
    std::vector<Subscription> rows;
    for (const auto& [id, stored] : subscriptions_) {
        if (is_visible(principal, stored)) rows.push_back(stored.subscription);
    }
    lock.unlock();
    Result<Page<Subscription>> page =
        query::evaluate(query, std::move(rows), budget_for(query.stop));
    if (!page || !query.include_events) return page;
    lock.lock();
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
        if (stored.subscription.revision <= since) continue;
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

Result<std::vector<Notice>> MemoryStorage::notices(std::int64_t after) {
    const std::scoped_lock lock(mutex_);
    std::vector<Notice> found;
    for (const StoredNotice& stored : notices_) {
        if (stored.notice.number > after) found.push_back(stored.notice);
    }
    return found;
}

void MemoryStorage::give_notice(Notice notice) {
    notice.number = ++last_notice_;
    notices_.push_back({.notice = notice, .created_at = clock_->now()});
}

// ---- The log, for readers.

Event MemoryStorage::view(EventId id) const {
    return view(id, events_.at(id));
}

Event MemoryStorage::view(EventId id, const StoredEvent& stored) {
    Event event{.id = id,
                .subscription_id = stored.subscription,
                .event_type = stored.message->event_type,
                .payload = *stored.message->payload,
                .created_at = stored.created_at};
    if (!stored.attempts.empty()) {
        const auto requests = std::ranges::count_if(
            stored.attempts, [](const Attempt& attempt) { return is_request(attempt.outcome); });
        apply_latest_attempt(event, stored.attempts.back(), static_cast<int>(requests));
    }
    if (stored.row && stored.row->due) apply_next_retry(event, *stored.row->due);
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
    LogRows rows;
    {
        const std::scoped_lock lock(mutex_);
        const auto stored = visible(principal, id);
        if (!stored) return stored.error();
        copy_log(id, rows);
    }
    return answer_from(rows, query);
}

Result<Page<Event>> MemoryStorage::list_all_events(const Principal& principal,
                                                   const ListQuery& query) {
    LogRows rows;
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& [id, stored] : subscriptions_) {
            if (is_visible(principal, stored)) copy_log(id, rows);
        }
    }
    return answer_from(rows, query);
}

void MemoryStorage::copy_log(SubscriptionId id, LogRows& rows) const {
    const auto log = log_of_.find(id);
    if (log == log_of_.end()) return;
    for (const EventId event : log->second) {
        rows.emplace_back(event, events_.at(event));
    }
}

Result<Page<Event>> MemoryStorage::answer_from(const LogRows& rows, const ListQuery& query) const {
    const query::Budget budget = budget_for(query.stop);
    std::vector<Event> events;
    for (const auto& [id, stored] : rows) {
        if (budget.is_used_up()) return query::timed_out();
        events.push_back(view(id, stored));
    }
    return query::evaluate(query, std::move(events), budget);
}

query::Budget MemoryStorage::budget_for(std::stop_token stop) const {
    return {.end = SteadyTime::clock::now() + query_timeout_, .stop = std::move(stop)};
}

Result<MemoryStorage::StoredEvent*> MemoryStorage::visible(const Principal& principal,
                                                           SubscriptionId id, EventId event) {
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    const auto found = events_.find(event);
    if (found == events_.end() || found->second.subscription != id) return no_such_event();
    return &found->second;
}

Result<EventHistory> MemoryStorage::find_event(const Principal& principal, SubscriptionId id,
                                               EventId event) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id, event);
    if (!stored) return stored.error();
    return EventHistory{.event = view(event), .attempts = (*stored)->attempts};
}

Result<EventHistory> MemoryStorage::find_any_event(const Principal& principal, EventId event,
                                                   std::optional<std::uint64_t> worker_tag) {
    const std::scoped_lock lock(mutex_);
    const auto found = events_.find(event);
    if (found == events_.end() || !visible(principal, found->second.subscription)) {
        return no_such_event();
    }
    if (worker_tag && *worker_tag != found->second.worker_tag) return no_such_event();
    return EventHistory{.event = view(event), .attempts = found->second.attempts};
}

Result<> MemoryStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id, event);
    if (!stored) return stored.error();
    const StoredEvent& erased = **stored;
    const bool is_held =
        erased.row ? erased.row->claimed_by != WorkerId{} : erased.attempts.empty();
    if (is_held) give_notice({.subscription = id, .deleted_event = event});
    erase_event(event);
    return {};
}

void MemoryStorage::erase_event(EventId event) {
    erase_row(event);
    const auto found = events_.find(event);
    log_of_[found->second.subscription].erase(event);
    events_.erase(found);
}

Result<DeliveryStatistics> MemoryStorage::statistics(const Principal& principal, SubscriptionId id,
                                                     std::stop_token stop) {
    const std::scoped_lock lock(mutex_);
    const auto stored = visible(principal, id);
    if (!stored) return stored.error();
    const query::Budget limits = budget_for(std::move(stop));
    const Time from = clock_->now() - statistics_period;
    StatisticsBuilder builder;
    std::int64_t waiting = 0;
    std::size_t seen = 0;
    const std::set<EventId>& log = log_of_[id];
    for (auto event = log.rbegin(); event != log.rend(); ++event) {
        const StoredEvent& row = events_.at(*event);
        if (limits.is_used_up()) return query::timed_out();
        if (is_in_memory_alone(row) || (row.row && row.row->due)) ++waiting;
        if (++seen > max_events_in_statistics) continue;
        for (const Attempt& attempt : row.attempts) {
            if (attempt.sent_at > from) {
                builder.add(attempt.sent_at, attempt.duration, attempt.outcome);
            }
        }
    }
    DeliveryStatistics statistics = builder.result();
    statistics.waiting = waiting;
    statistics.failing_since = (*stored)->subscription.failing_since;
    statistics.paused_until = (*stored)->subscription.paused_until;
    return statistics;
}

Result<SeriesRows> MemoryStorage::series(const Principal& principal, const SeriesScope& scope,
                                         const SeriesRange& range) {
    const std::scoped_lock lock(mutex_);
    const SeriesScope part = visible_part(scope, principal);
    const auto includes = [&](SubscriptionId id) {
        if (part.subscription) return id == *part.subscription;
        if (!part.user_id) return id == SubscriptionId{};
        const auto found = subscriptions_.find(id);
        return found != subscriptions_.end() && !found->second.is_deleted &&
               found->second.subscription.user_id == *part.user_id;
    };
    if (part.subscription) {
        if (const auto stored = visible(principal, *part.subscription); !stored) {
            if (scope.subscription) return stored.error();
            return SeriesRows{.counted_since = counted_since_};
        }
    }
    return SeriesRows{.buckets = rollups_.read(range, includes), .counted_since = counted_since_};
}

// ---- Resending.

Result<> MemoryStorage::reopen_event(const Principal& principal, SubscriptionId id, EventId event) {
    const std::scoped_lock lock(mutex_);
    if (const auto stored = visible(principal, id, event); !stored) return stored.error();
    if (!reopen(event)) return Error(Errc::conflict, "the event is being delivered");
    return {};
}

bool MemoryStorage::can_reopen(const StoredEvent& event) {
    if (is_in_memory_alone(event)) return false;
    return !event.row || event.row->claimed_by == WorkerId{} || event.row->is_deferred;
}

bool MemoryStorage::reopen(EventId id) {
    const StoredEvent& event = events_.at(id);
    if (!can_reopen(event)) return false;
    put_row(id, {.due = clock_->now(),
                 .attempts = event.attempts.empty() ? 0 : event.attempts.back().number,
                 .is_requested = true});
    return true;
}

bool MemoryStorage::is_undelivered(const StoredEvent& event, const CreationPeriod& period) {
    return event.row && event.row->attempts > 0 && period.contains(event.created_at) &&
           can_reopen(event);
}

Result<Reopened> MemoryStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                   const CreationPeriod& period, EventId after,
                                                   std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto stored = visible(principal, id); !stored) return stored.error();
    Reopened reopened;
    const std::set<EventId>& log = log_of_[id];
    for (auto event = log.upper_bound(after); event != log.end(); ++event) {
        if (!is_undelivered(events_.at(*event), period)) continue;
        reopen(*event);
        if (++reopened.count < limit) continue;
        reopened.next = *event;
        break;
    }
    return reopened;
}

Result<std::size_t> MemoryStorage::count_undelivered(const Principal& principal, SubscriptionId id,
                                                     const CreationPeriod& period) {
    const std::scoped_lock lock(mutex_);
    if (const auto stored = visible(principal, id); !stored) return stored.error();
    return static_cast<std::size_t>(std::ranges::count_if(
        log_of_[id], [&](EventId event) { return is_undelivered(events_.at(event), period); }));
}

// ---- Workers.

Result<Worker> MemoryStorage::register_worker(std::chrono::milliseconds lease) {
    const std::scoped_lock lock(mutex_);
    const Worker worker{.id = {++last_worker_}, .last_event = last_event_, .tag = random_->next()};
    workers_[worker.id] = {.tag = worker.tag,
                           .started_at = clock_->now(),
                           .lease = lease,
                           .last_heartbeat = clock_->steady_now(),
                           .low_water = last_event_};
    return worker;
}

Result<MemoryStorage::StoredWorker*> MemoryStorage::living(WorkerId id) {
    const auto found = workers_.find(id);
    if (found == workers_.end() || found->second.is_dead) {
        return Error(Errc::fenced, "another worker has taken over");
    }
    return &found->second;
}

Result<Heartbeat> MemoryStorage::heartbeat(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    (*worker)->last_heartbeat = clock_->steady_now();
    return Heartbeat{.now = clock_->now(),
                     .revision = revision_,
                     .last_batch = (*worker)->last_batch,
                     .last_event = last_event_,
                     .last_notice = last_notice_};
}

Result<> MemoryStorage::retire_worker(WorkerId id) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    move_held(id, **worker, events_.size());
    workers_.erase(id);
    return {};
}

Result<> MemoryStorage::mark_expired(WorkerId self) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(self); !worker) return worker.error();
    for (auto& [id, worker] : workers_) {
        const bool is_expired = worker.last_heartbeat + worker.lease < clock_->steady_now();
        if (id != self && is_expired) worker.is_dead = true;
    }
    return {};
}

Result<std::size_t> MemoryStorage::take_over(WorkerId self, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(self); !worker) return worker.error();
    std::size_t moved = 0;
    for (auto place = workers_.begin(); place != workers_.end() && moved < limit;) {
        auto& [id, worker] = *place;
        if (worker.is_dead) moved += move_held(id, worker, limit - moved);
        place = worker.is_dead && moved < limit ? workers_.erase(place) : std::next(place);
    }
    return moved;
}

std::size_t MemoryStorage::move_held(WorkerId id, StoredWorker& worker, std::size_t limit) {
    std::size_t moved = 0;
    for (auto place = events_.upper_bound(worker.low_water);
         place != events_.end() && moved < limit; ++place) {
        auto& [event, stored] = *place;
        worker.low_water = event;
        if (stored.worker != id || !is_in_memory_alone(stored)) continue;
        put_row(event, {.due = clock_->now()});
        ++moved;
    }
    for (auto& [event, stored] : events_) {
        if (moved == limit) break;
        if (!stored.row || stored.row->claimed_by != id) continue;
        Row row = *stored.row;
        if (!row.is_deferred) row.due = std::min(row.due, std::optional(clock_->now()));
        row.claimed_by = {};
        row.is_deferred = row.is_requested = false;
        put_row(event, row);
        ++moved;
    }
    return moved;
}

// ---- The log, for workers.

bool MemoryStorage::is_in_memory_alone(const StoredEvent& event) {
    return !event.row && event.attempts.empty();
}

bool MemoryStorage::is_held_by(WorkerId worker, const StoredEvent& event) {
    return event.row ? event.row->claimed_by == worker
                     : is_in_memory_alone(event) && event.worker == worker;
}

void MemoryStorage::put_row(EventId id, Row row) {
    erase_row(id);
    StoredEvent& event = events_.at(id);
    event.row = row;
    if (row.is_deferred) {
        deferred_.emplace(row.claimed_by, event.subscription, id);
    } else if (row.due && row.claimed_by == WorkerId{}) {
        due_.emplace(*row.due, id);
    }
}

void MemoryStorage::erase_row(EventId id) {
    StoredEvent& event = events_.at(id);
    if (!event.row) return;
    deferred_.erase({event.row->claimed_by, event.subscription, id});
    if (event.row->due) due_.erase({*event.row->due, id});
    event.row.reset();
}

Result<BatchReceipt> MemoryStorage::write(WorkerId id, const Batch& batch) {
    const std::scoped_lock lock(mutex_);
    const auto worker = living(id);
    if (!worker) return worker.error();
    if (!batch.appends.empty() && batch.matched_at != revision_) {
        return Error(Errc::stale_revision, "subscriptions have changed");
    }
    (*worker)->low_water = std::max((*worker)->low_water, batch.low_water);
    (*worker)->last_batch = batch.number;
    for (const CustodyChange& change : batch.custody_changes) {
        write_park(id, change);
    }
    for (const AttemptRecord& record : batch.attempts) {
        write_attempt(id, record);
    }
    for (const EndpointState& state : batch.states) {
        write_state(state);
    }
    BatchReceipt receipt;
    receipt.appends = decide(batch.appends, reserve(batch.appends, {last_event_.value + 1}),
                             [this](const IdempotencyKey& key) { return find_earlier(key); });
    for (std::size_t i = 0; i < batch.appends.size(); ++i) {
        if (!is_new(receipt.appends[i])) continue;
        write_append({.id = id, .tag = (*worker)->tag}, batch.appends[i], *receipt.appends[i]);
    }
    rollups_.add(batch.rollups);
    if (batch.report) (*worker)->report = batch.report;
    for (const Deactivation& deactivation : batch.deactivations) {
        if (deactivate(deactivation)) receipt.deactivated.push_back(deactivation.subscription);
    }
    return receipt;
}

void MemoryStorage::write_state(const EndpointState& state) {
    const auto found = subscriptions_.find(state.subscription);
    if (found == subscriptions_.end()) return;
    Subscription& subscription = found->second.subscription;
    if (subscription.revision != state.judged_at) return;
    if (!join(state, subscription, clock_->now())) return;
    give_notice({.subscription = subscription.id,
                 .judged_at = state.judged_at,
                 .paused_until = subscription.paused_until});
}

void MemoryStorage::write_attempt(WorkerId worker, const AttemptRecord& record) {
    const auto found = events_.find(record.event);
    if (found == events_.end() || !is_held_by(worker, found->second)) return;
    found->second.attempts.push_back(record.attempt);
    if (record.attempt.outcome == Outcome::delivered) {
        erase_row(record.event);
    } else {
        put_row(record.event, {.due = record.due,
                               .attempts = record.attempt.number,
                               .attempts_since_reopened = record.attempts_since_reopened});
    }
}

void MemoryStorage::write_park(WorkerId worker, const CustodyChange& change) {
    const auto found = events_.find(change.event);
    if (found == events_.end() || !is_held_by(worker, found->second)) return;
    put_row(change.event, {.due = change.due,
                           .attempts = change.attempts,
                           .attempts_since_reopened = change.attempts_since_reopened,
                           .claimed_by = change.custody == Custody::unclaimed ? WorkerId{} : worker,
                           .is_deferred = change.custody == Custody::reserved});
}

bool MemoryStorage::deactivate(const Deactivation& deactivation) {
    const auto found = subscriptions_.find(deactivation.subscription);
    if (found == subscriptions_.end() || found->second.is_deleted ||
        !concerns(deactivation, found->second.subscription)) {
        return false;
    }
    if (deactivation.failing_since &&
        delivered_since(deactivation.subscription, *deactivation.failing_since)) {
        return false;
    }
    storage::deactivate(deactivation, found->second.subscription, clock_->now(), ++revision_);
    return true;
}

bool MemoryStorage::delivered_since(SubscriptionId id, Time since) const {
    const auto log = log_of_.find(id);
    return log != log_of_.end() && std::ranges::any_of(log->second, [&](EventId event) {
               return std::ranges::any_of(events_.at(event).attempts, [&](const Attempt& attempt) {
                   return attempt.outcome == Outcome::delivered && attempt.sent_at >= since;
               });
           });
}

Result<std::optional<Earlier>> MemoryStorage::find_earlier(const IdempotencyKey& key) const {
    const auto found = keys_.find({key.scope, key.key});
    if (found == keys_.end() || found->second.created_at + idempotency_lifetime <= clock_->now()) {
        return std::nullopt;
    }
    return Earlier{.has_same_content = found->second.digest == key.digest,
                   .appended = found->second.receipt};
}

void MemoryStorage::write_append(const Worker& worker, const Append& append,
                                 const Appended& place) {
    EventId event = place.first_event;
    for (const SubscriptionId subscription : append.subscriptions) {
        events_[event] = {.subscription = subscription,
                          .message = append.message,
                          .worker = worker.id,
                          .worker_tag = worker.tag,
                          .created_at = clock_->now()};
        log_of_[subscription].insert(event);
        if (append.due) put_row(event, {.due = append.due});
        last_event_ = event;
        ++event.value;
    }
    if (append.idempotency) {
        keys_[{append.idempotency->scope, append.idempotency->key}] = {
            .digest = append.idempotency->digest, .receipt = place, .created_at = clock_->now()};
    }
}

HeldEvent MemoryStorage::held(EventId id) const {
    const StoredEvent& event = events_.at(id);
    return {.id = id,
            .subscription = event.subscription,
            .worker_tag = event.worker_tag,
            .message = event.message,
            .attempts = event.row ? event.row->attempts : 0,
            .attempts_since_reopened = event.row ? event.row->attempts_since_reopened : 0,
            .has_row = event.row.has_value(),
            .created_at = event.created_at,
            .due = event.row && event.row->due ? *event.row->due : event.created_at,
            .is_requested = event.row && event.row->is_requested};
}

Result<std::vector<HeldEvent>> MemoryStorage::appended_after(WorkerId id, EventId after,
                                                             std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(id); !worker) return worker.error();
    std::vector<HeldEvent> found;
    for (auto place = events_.upper_bound(after); place != events_.end() && found.size() < limit;
         ++place) {
        if (place->second.worker == id && is_in_memory_alone(place->second)) {
            found.push_back(held(place->first));
        }
    }
    return found;
}

Result<Claim> MemoryStorage::claim(WorkerId id, std::size_t limit, std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(id); !worker) return worker.error();
    Claim claim{.revision = revision_};
    const Time now = clock_->now();
    while (!due_.empty() && claim.events.size() < limit && due_.begin()->first <= now) {
        const EventId event = due_.begin()->second;
        due_.erase(due_.begin());
        Row& row = *events_.at(event).row;
        row.claimed_by = id;
        row.claim_number = number;
        claim.events.push_back(held(event));
    }
    if (!due_.empty()) claim.next_due = due_.begin()->first;
    return claim;
}

Result<std::vector<HeldEvent>> MemoryStorage::claim_reserved(WorkerId id,
                                                             SubscriptionId subscription,
                                                             std::size_t limit,
                                                             std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(id); !worker) return worker.error();
    std::vector<HeldEvent> claimed;
    auto place = deferred_.lower_bound({id, subscription, EventId{}});
    while (place != deferred_.end() && claimed.size() < limit && std::get<0>(*place) == id &&
           std::get<1>(*place) == subscription) {
        const EventId event = std::get<2>(*place);
        place = deferred_.erase(place);
        Row& row = *events_.at(event).row;
        row.is_deferred = false;
        row.claim_number = number;
        claimed.push_back(held(event));
    }
    return claimed;
}

Result<> MemoryStorage::unclaim(WorkerId id, std::int64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto worker = living(id); !worker) return worker.error();
    for (auto& [event, stored] : events_) {
        if (!stored.row || stored.row->claimed_by != id || stored.row->is_deferred ||
            stored.row->claim_number != number) {
            continue;
        }
        Row row = *stored.row;
        row.claimed_by = {};
        put_row(event, row);
    }
    return {};
}

Result<StorageSample> MemoryStorage::sample() {
    const std::scoped_lock lock(mutex_);
    return count_all();
}

StorageSample MemoryStorage::count_all() const {
    const Time now = clock_->now();
    StorageSample sample;
    for (const auto& [due, event] : due_) {
        ++(due <= now ? sample.due : sample.scheduled);
    }
    sample.deferred = deferred_.size();
    if (sample.due > 0) sample.oldest_due = due_.begin()->first;
    for (const auto& [id, stored] : subscriptions_) {
        if (!stored.is_deleted) count_subscription(stored.subscription, now, sample);
    }
    for (const auto& [id, worker] : workers_) {
        if (!worker.is_dead) ++(is_late(worker) ? sample.expired : sample.live);
    }
    return sample;
}

bool MemoryStorage::is_late(const StoredWorker& worker) const {
    return clock_->steady_now() - worker.last_heartbeat > worker.lease;
}

Result<Overview> MemoryStorage::overview() {
    const std::scoped_lock lock(mutex_);
    Overview overview{.now = clock_->now(), .sample = count_all(), .storage = {.kind = "memory"}};
    std::set<std::string_view> users;
    for (const auto& [id, stored] : subscriptions_) {
        if (!stored.is_deleted) users.insert(stored.subscription.user_id);
    }
    overview.users = users.size();
    for (const auto& [id, worker] : workers_) {
        if (worker.is_dead) continue;
        const auto silence = clock_->steady_now() - worker.last_heartbeat;
        overview.workers.push_back(
            {.id = id,
             .started_at = worker.started_at,
             .heartbeat_at = overview.now - std::chrono::floor<Time::duration>(silence),
             .is_live = !is_late(worker),
             .report = worker.report});
    }
    return overview;
}

Result<std::vector<UserSummary>> MemoryStorage::users(const std::string& after, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, UserSummary> users;
    for (const auto& [id, stored] : subscriptions_) {
        const Subscription& subscription = stored.subscription;
        if (stored.is_deleted || subscription.user_id <= after) continue;
        UserSummary& user = users[subscription.user_id];
        user.user_id = subscription.user_id;
        ++user.subscriptions;
        if (subscription.is_active) ++user.active;
        if (subscription.is_active && subscription.failing_since) ++user.failing;
        user.waiting += count_waiting(id);
    }
    std::vector<UserSummary> page;
    for (auto& [name, user] : users) {
        if (page.size() == limit) break;
        user.waiting = std::min(user.waiting, StorageSample::max_events);
        page.push_back(std::move(user));
    }
    return page;
}

std::size_t MemoryStorage::count_waiting(SubscriptionId id) const {
    const auto log = log_of_.find(id);
    if (log == log_of_.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(log->second, [&](EventId event) {
        const std::optional<Row>& row = events_.at(event).row;
        return row && row->due;
    }));
}

Result<bool> MemoryStorage::maintain(const Maintenance& maintenance) {
    const std::scoped_lock lock(mutex_);
    const std::size_t limit = maintenance.limit;
    std::size_t removed = std::erase_if(keys_, [this](const auto& entry) {
        return entry.second.created_at + idempotency_lifetime <= clock_->now();
    });
    while (!notices_.empty() && notices_.front().created_at + notice_lifetime <= clock_->now()) {
        notices_.pop_front();
        ++removed;
    }
    removed += rollups_.tend(clock_->now(), limit);
    if (removed < limit) removed += erase_deleted(limit - removed);
    if (maintenance.keep_events_for.count() != 0) {
        removed += erase_old_events(maintenance.keep_events_for, limit);
    }
    return removed >= limit;
}

/// Subscriptions go with the last of their events, once every worker has heard that they are gone.
std::size_t MemoryStorage::erase_deleted(std::size_t limit) {
    std::size_t removed = 0;
    for (auto place = subscriptions_.begin(); place != subscriptions_.end() && removed < limit;) {
        const auto& [id, stored] = *place;
        std::set<EventId>& log = log_of_[id];
        while (stored.is_deleted && !log.empty() && removed < limit) {
            erase_event(*log.begin());
            ++removed;
        }
        const bool is_over = stored.is_deleted && log.empty() &&
                             stored.deleted_at + notice_lifetime <= clock_->now();
        if (is_over) {
            log_of_.erase(id);
            rollups_.erase(id);
        }
        place = is_over ? subscriptions_.erase(place) : std::next(place);
    }
    return removed;
}

std::size_t MemoryStorage::erase_old_events(std::chrono::seconds keep_for, std::size_t limit) {
    const Time now = clock_->now();
    std::size_t seen = 0;
    auto place = events_.upper_bound(retention_.start(now));
    while (seen < limit && place != events_.end() && place->second.created_at < now - keep_for) {
        const auto& [id, event] = *place++;
        const bool is_kept = is_in_memory_alone(event) || (event.row && event.row->due);
        retention_.advance(id, is_kept);
        if (!is_kept) erase_event(id);
        ++seen;
    }
    if (seen < limit) retention_.finish(now);
    return seen;
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

std::shared_ptr<Storage> make_memory_storage(std::shared_ptr<Clock> clock,
                                             std::chrono::milliseconds query_timeout,
                                             std::shared_ptr<Random> random) {
    return std::make_shared<storage::MemoryStorage>(std::move(clock), query_timeout,
                                                    std::move(random));
}

}  // namespace webhooks
