#include <storage/memory/memory_storage.hpp>

#include <algorithm>
#include <base/guarded_clock.hpp>
#include <base/never_destroyed.hpp>
#include <map>
#include <publication/webhook_id.hpp>
#include <query/evaluate_list.hpp>
#include <query/plan.hpp>
#include <set>
#include <storage/audit_records.hpp>
#include <storage/delivery_statistics.hpp>
#include <storage/event_type_change.hpp>
#include <storage/event_view.hpp>
#include <storage/feed_page.hpp>
#include <storage/rollup_counts.hpp>
#include <storage/subscription_change.hpp>
#include <storage/subscription_state.hpp>
#include <string_view>
#include <webhooks/memory_storage.hpp>

namespace webhooks {
namespace storage {
namespace {

const Principal& everyone() {
    static const NeverDestroyed<Principal> administrator(Principal::administrator({}));
    return *administrator;
}

}  // namespace

MemoryStorage::MemoryStorage(std::shared_ptr<Clock> clock, std::chrono::milliseconds query_timeout,
                             std::shared_ptr<Random> random)
    : clock_(guarded_clock(std::move(clock))),
      random_(random ? std::move(random) : system_random()),
      query_timeout_(query_timeout),
      counted_since_(clock_->now()) {}

// ---- Subscriptions.

Result<Subscription> MemoryStorage::insert_subscription(const Principal& by,
                                                        const Subscription& draft) {
    return change({}, [&](OperationalWriter& writer) -> Result<Subscription> {
        Subscription subscription = subscriptions_.insert(draft, writer.now());
        audit_.add(audit::subscription_created(by, subscription), writer.now());
        writer.write(created(subscription, by));
        return subscription;
    });
}

Result<Subscription> MemoryStorage::find_subscription(const Principal& principal,
                                                      SubscriptionId id) {
    const std::scoped_lock lock(mutex_);
    const auto found = subscriptions_.find(principal, id);
    if (!found) return found.error();
    return **found;
}

Result<Subscription> MemoryStorage::update_subscription(const Principal& principal,
                                                        SubscriptionId id,
                                                        const SubscriptionChange& change) {
    return this->change({}, [&](OperationalWriter& writer) -> Result<Subscription> {
        const auto found = subscriptions_.find(principal, id);
        if (!found) return found.error();
        if (Result<> verdict = check_revision(change, **found); !verdict) return verdict.error();
        const Subscription before = **found;
        apply(change, **found, writer.now(), subscriptions_.bump_revision());
        subscriptions_.note_pattern(**found);
        if (const auto record = audit::subscription_updated(principal, before, **found)) {
            audit_.add(*record, writer.now());
        }
        if (const auto fact = updated(before, **found, principal)) writer.write(*fact);
        return **found;
    });
}

Result<Subscription> MemoryStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                  const Secret& secret,
                                                  std::chrono::seconds overlap) {
    return change({}, [&](OperationalWriter& writer) -> Result<Subscription> {
        const auto found = subscriptions_.find(principal, id);
        if (!found) return found.error();
        rotate(**found, secret, overlap, writer.now(), subscriptions_.bump_revision());
        audit_.add(audit::secret_rotated(principal, **found), writer.now());
        writer.write(secret_rotated(**found, principal));
        return **found;
    });
}

Result<> MemoryStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    return change({}, [&](OperationalWriter& writer) -> Result<> {
        const auto found = subscriptions_.find(principal, id);
        if (!found) return found.error();
        subscriptions_.remove(id, writer.now());
        audit_.add(audit::subscription_deleted(principal, **found), writer.now());
        writer.write(deleted(**found, principal));
        return {};
    });
}

Result<Page<Subscription>> MemoryStorage::list_subscriptions(const Principal& principal,
                                                             const ListQuery& query) {
    std::unique_lock lock(mutex_);
    std::vector<Subscription> rows;
    subscriptions_.for_each_visible(
        principal, [&](const Subscription& subscription) { rows.push_back(subscription); });
    lock.unlock();
    Result<Page<Subscription>> page =
        query::evaluate(query, std::move(rows), budget_for(query.stop));
    if (!page || !query.include_events) return page;
    lock.lock();
    query::PageSize size;
    for (Subscription& subscription : page->items) {
        subscription.recent_events = log_.newest(subscription.id, max_included_events);
        for (const Event& event : subscription.recent_events) {
            if (!size.add(content_bytes(event))) return page_too_large();
        }
    }
    return page;
}

Result<> MemoryStorage::upsert_event_type(const EventType& type) {
    const std::scoped_lock lock(mutex_);
    const std::optional<EventType> before = subscriptions_.find_event_type(type.name);
    std::optional<EventType> after = declared(before, type, clock_->now());
    if (after) write(audit::host(), before, *std::move(after));
    return {};
}

Result<EventType> MemoryStorage::replace_event_type(const Principal& by, const EventType& type) {
    const std::scoped_lock lock(mutex_);
    const std::optional<EventType> before = subscriptions_.find_event_type(type.name);
    std::optional<EventType> after = replaced(before, type, clock_->now());
    if (!after) return *before;
    return write(by, before, *std::move(after));
}

Result<> MemoryStorage::retire_event_type(const Principal& by, const std::string& name,
                                          bool force) {
    const std::scoped_lock lock(mutex_);
    const std::optional<EventType> before = subscriptions_.find_event_type(name);
    if (Result<> verdict = check_retirement(before, subscriptions_.count_active(name), force);
        !verdict) {
        return verdict;
    }
    EventType after = *before;
    after.retired_at = after.updated_at = clock_->now();
    write(by, before, std::move(after));
    return {};
}

EventType MemoryStorage::write(const Principal& by, const std::optional<EventType>& before,
                               EventType after) {
    EventType stored = subscriptions_.write(std::move(after));
    audit_.add(audit::event_type_changed(by, before, stored), stored.updated_at);
    return stored;
}

Result<Configuration> MemoryStorage::configuration(Revision since) {
    const std::scoped_lock lock(mutex_);
    return subscriptions_.changes_since(since);
}

Result<std::vector<Notice>> MemoryStorage::notices(std::int64_t after) {
    const std::scoped_lock lock(mutex_);
    return notices_.after(after);
}

// ---- The log, for readers.

query::Budget MemoryStorage::budget_for(std::stop_token stop) const {
    return {.end = SteadyTime::clock::now() + query_timeout_, .stop = std::move(stop)};
}

Result<const MemoryEvent*> MemoryStorage::find_visible(const Principal& principal,
                                                       SubscriptionId id, EventId event_id) {
    if (const auto found = subscriptions_.find(principal, id); !found) return found.error();
    const MemoryEvent* event = log_.find(event_id);
    if (event == nullptr || event->subscription != id) return no_such_event();
    return event;
}

Result<EventHistory> MemoryStorage::find_event(const Principal& principal, SubscriptionId id,
                                               EventId event_id) {
    const std::scoped_lock lock(mutex_);
    const auto event = find_visible(principal, id, event_id);
    if (!event) return event.error();
    return history_of(event_id, **event);
}

EventHistory MemoryStorage::history_of(EventId id, const MemoryEvent& event) const {
    EventHistory history{.event = event.view(id), .attempts = event.attempts};
    history.event.blocked_by = log_.in_front_of(id);
    history.content_type = event.message->content_type;
    history.webhook_id = to_string(WebhookId{.worker_tag = event.worker_tag, .event = id});
    return history;
}

Result<EventHistory> MemoryStorage::find_any_event(const Principal& principal, EventId event_id,
                                                   std::optional<std::uint64_t> worker_tag) {
    const std::scoped_lock lock(mutex_);
    const MemoryEvent* event = log_.find(event_id);
    if (event == nullptr || !subscriptions_.find(principal, event->subscription) ||
        (worker_tag && *worker_tag != event->worker_tag)) {
        return no_such_event();
    }
    return history_of(event_id, *event);
}

Result<> MemoryStorage::delete_event(const Principal& principal, SubscriptionId id,
                                     EventId event_id) {
    const std::scoped_lock lock(mutex_);
    const auto event = find_visible(principal, id, event_id);
    if (!event) return event.error();
    if ((*event)->may_be_held()) {
        notices_.add({.subscription = id, .deleted_event = event_id}, clock_->now());
    }
    log_.erase(event_id, clock_->now());
    audit_.add(audit::event_deleted(principal, **subscriptions_.find(principal, id), event_id),
               clock_->now());
    return {};
}

Result<FeedRows> MemoryStorage::read_feed(const Principal& principal, SubscriptionId id,
                                          const FeedRequest& request) {
    const std::scoped_lock lock(mutex_);
    const auto found = subscriptions_.find(principal, id);
    if (!found) return found.error();
    // Not before it is needed: the random numbers of a simulation stay what they were.
    if (!feed_tag_) feed_tag_ = random_->next();
    const EventId settled = fan_outs_.last_before((*found)->user_id, log_.last_event());
    return log_.feed(id, request, *feed_tag_, settled, clock_->now());
}

Result<std::vector<FeedChange>> MemoryStorage::feed_changes(const std::vector<FeedWatch>& watches) {
    const std::scoped_lock lock(mutex_);
    std::vector<FeedChange> changes;
    for (const auto& [id, after] : watches) {
        const Subscription* found = subscriptions_.find_present(id);
        const EventId newest =
            found == nullptr
                ? end_of_feed
                : log_.newest_of(id, fan_outs_.last_before(found->user_id, log_.last_event()));
        if (newest > after) changes.push_back({.subscription = id, .newest = newest});
    }
    return changes;
}

Result<DeliveryStatistics> MemoryStorage::statistics(const Principal& principal, SubscriptionId id,
                                                     std::stop_token stop) {
    const std::scoped_lock lock(mutex_);
    const auto found = subscriptions_.find(principal, id);
    if (!found) return found.error();
    Result<DeliveryStatistics> statistics =
        log_.statistics(id, clock_->now() - statistics_period, budget_for(std::move(stop)));
    if (!statistics) return statistics;
    statistics->failing_since = (*found)->failing_since;
    statistics->paused_until = (*found)->paused_until;
    const SeriesRange period{.from = clock_->now() - statistics_period,
                             .to = Time::max(),
                             .step = std::chrono::hours(24)};
    const auto is_this = [id](SubscriptionId other) { return other == id; };
    for (const SeriesBucket& bucket : rollups_.read(period, is_this)) {
        statistics->filtered += bucket.counts.filtered;
        statistics->unjudged += bucket.counts.unjudged;
    }
    return statistics;
}

Result<SeriesRows> MemoryStorage::series(const Principal& principal, const SeriesScope& scope,
                                         const SeriesRange& range) {
    const std::scoped_lock lock(mutex_);
    const SeriesScope part = visible_part(scope, principal);
    const auto includes = [&](SubscriptionId id) {
        if (part.subscription) return id == *part.subscription;
        if (!part.user_id) return id == SubscriptionId{};
        const auto found = subscriptions_.find(everyone(), id);
        return found && (*found)->user_id == *part.user_id;
    };
    if (part.subscription) {
        if (const auto found = subscriptions_.find(principal, *part.subscription); !found) {
            if (scope.subscription) return found.error();
            return SeriesRows{.counted_since = counted_since_};
        }
    }
    return SeriesRows{.buckets = rollups_.read(range, includes), .counted_since = counted_since_};
}

// ---- Resending.

Result<> MemoryStorage::reopen_event(const Principal& principal, SubscriptionId id,
                                     EventId event_id) {
    const std::scoped_lock lock(mutex_);
    if (const auto event = find_visible(principal, id, event_id); !event) return event.error();
    const Time now = clock_->now();
    if (!log_.reopen(event_id, now)) {
        return Error(Errc::conflict, "the event is being delivered");
    }
    audit_.add(audit::event_resent(principal, **subscriptions_.find(principal, id), event_id), now);
    return {};
}

Result<Reopened> MemoryStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                   const CreationPeriod& period, EventId after,
                                                   std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    const auto found = subscriptions_.find(principal, id);
    if (!found) return found.error();
    const Time now = clock_->now();
    const Reopened reopened = log_.reopen_undelivered(id, period, after, limit, now);
    if (reopened.count > 0) {
        audit_.add(audit::recovered(principal, **found, period, reopened.count), now);
    }
    return reopened;
}

Result<std::size_t> MemoryStorage::count_undelivered(const Principal& principal, SubscriptionId id,
                                                     const CreationPeriod& period) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = subscriptions_.find(principal, id); !found) return found.error();
    return log_.count_undelivered(id, period);
}

// ---- For operators.

Result<StorageSample> MemoryStorage::sample() {
    const std::scoped_lock lock(mutex_);
    return count_all();
}

StorageSample MemoryStorage::count_all() const {
    const Time now = clock_->now();
    StorageSample sample;
    log_.count(sample, now);
    workers_.count(sample, clock_->steady_now());
    subscriptions_.for_each_visible(everyone(), [&](const Subscription& subscription) {
        ++count_of(sample, state_of(subscription, now));
    });
    return sample;
}

Result<Overview> MemoryStorage::overview() {
    const std::scoped_lock lock(mutex_);
    const Time now = clock_->now();
    std::set<std::string_view> users;
    subscriptions_.for_each_visible(
        everyone(), [&](const Subscription& subscription) { users.insert(subscription.user_id); });
    return Overview{.now = now,
                    .sample = count_all(),
                    .users = users.size(),
                    .workers = workers_.states(now, clock_->steady_now()),
                    .storage = {.kind = "memory"}};
}

Result<std::vector<UserSummary>> MemoryStorage::users(const std::string& after, std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    const Time now = clock_->now();
    std::map<std::string, UserSummary> users;
    subscriptions_.for_each_visible(everyone(), [&](const Subscription& subscription) {
        if (subscription.user_id <= after) return;
        UserSummary& user = users[subscription.user_id];
        user.user_id = subscription.user_id;
        ++user.subscriptions;
        ++count_of(user, state_of(subscription, now));
        user.waiting += log_.count_waiting(subscription.id);
    });
    std::vector<UserSummary> page;
    for (auto& [name, user] : users) {
        if (page.size() == limit) break;
        user.waiting = std::min(user.waiting, StorageSample::max_events);
        page.push_back(std::move(user));
    }
    return page;
}

}  // namespace storage

std::shared_ptr<Storage> make_memory_storage(std::shared_ptr<Clock> clock,
                                             std::chrono::milliseconds query_timeout,
                                             std::shared_ptr<Random> random) {
    return std::make_shared<storage::MemoryStorage>(std::move(clock), query_timeout,
                                                    std::move(random));
}

}  // namespace webhooks
