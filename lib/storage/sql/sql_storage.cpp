#include <storage/audit_records.hpp>
#include <storage/feed_page.hpp>
#include <storage/idempotency.hpp>
#include <storage/notices.hpp>
#include <storage/rollup_counts.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/event_list.hpp>
#include <storage/sql/event_table.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/feed_list.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/portal_session_table.hpp>
#include <storage/sql/rollup_table.hpp>
#include <storage/sql/sample.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/subscription_list.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/sql/undelivered_table.hpp>
#include <storage/visibility.hpp>

namespace webhooks::storage {

template <class Answering>
auto SqlStorage::run_visible(Purpose purpose, const Principal& principal, SubscriptionId id,
                             Answering body, const std::stop_token& stop) {
    return run(
        purpose,
        [&](soci::session& sql) -> decltype(body(sql, std::declval<Subscription&>())) {
            std::optional<Subscription> found = storage::find_subscription(sql, principal, id);
            if (!found) return no_such_subscription();
            return body(sql, *found);
        },
        stop);
}

// ---- Subscriptions.

Result<Subscription> SqlStorage::find_subscription(const Principal& principal, SubscriptionId id) {
    return run_visible(Purpose::read, principal, id,
                       [this](soci::session&, Subscription& found) -> Result<Subscription> {
                           cipher_.open_or_clear(found);
                           return found;
                       });
}

Result<Page<Subscription>> SqlStorage::list_subscriptions(const Principal& principal,
                                                          const ListQuery& list) {
    const Result<query::Plan> plan = query::make_plan(list, ListKind::subscriptions);
    if (!plan) return plan.error();
    return opened(run(
        list.include_events ? Purpose::query_log : Purpose::query,
        [&](soci::session& sql) -> Result<Page<Subscription>> {
            Page<Subscription> page = storage::list_subscriptions(sql, dialect_, principal, *plan);
            query::PageSize size;
            for (Subscription& subscription : page.items) {
                cipher_.open_or_clear(subscription);
                if (!list.include_events) continue;
                Result<std::vector<Event>> events =
                    newest_events(sql, dialect_, subscription.id, size);
                if (!events) return events.error();
                subscription.recent_events = *std::move(events);
            }
            return page;
        },
        list.stop));
}

Result<Configuration> SqlStorage::configuration(Revision since) {
    return run(Purpose::read, [&](soci::session& sql) -> Result<Configuration> {
        Configuration changes = read_configuration(sql, since);
        for (Subscription& subscription : changes.subscriptions) {
            cipher_.open_or_clear(subscription);
        }
        return changes;
    });
}

Result<std::vector<Notice>> SqlStorage::notices(std::int64_t after) {
    Result<std::vector<Notice>> found =
        run(Purpose::read, [&](soci::session& sql) -> Result<std::vector<Notice>> {
            return read_notices(sql, after);
        });
    if (!found) return found;
    for (const Notice& notice : *found) {
        if (notice.shredded_user) payload_keys_.forget(*notice.shredded_user);
    }
    return found;
}

// ---- The log, for readers.

Result<query::Plan> SqlStorage::plan_events(const ListQuery& list) const {
    Result<query::Plan> plan = query::make_plan(list, ListKind::events);
    if (!plan || !has_encrypted_payloads_) return plan;
    const Result<> searchable = query::check_encrypted(*plan);
    return searchable ? plan : searchable.error();
}

Result<Page<Event>> SqlStorage::list_events(const Principal& principal, SubscriptionId id,
                                            const ListQuery& list) {
    const Result<query::Plan> plan = plan_events(list);
    if (!plan) return plan.error();
    const Result<std::optional<EventId>> settled = settled_for(*plan);
    if (!settled) return settled.error();
    const EventScope scope{.owner = principal, .subscription = id};
    return opened(run_visible(
        Purpose::query_log, principal, id,
        [&](soci::session& sql, Subscription& found) -> Result<Page<Event>> {
            return storage::list_events(sql, dialect_, scope, *plan,
                                        last_shown(sql, *plan, *settled, found.user_id));
        },
        list.stop));
}

Result<Page<Event>> SqlStorage::list_all_events(const Principal& principal, const ListQuery& list) {
    const Result<query::Plan> plan = plan_events(list);
    if (!plan) return plan.error();
    const Result<std::optional<EventId>> settled = settled_for(*plan);
    if (!settled) return settled.error();
    return opened(run(
        Purpose::query_log,
        [&](soci::session& sql) -> Result<Page<Event>> {
            const std::optional<SubscriptionId> only = principal.subscription();
            if (only && !storage::find_subscription(sql, principal, *only)) return Page<Event>();
            const auto user =
                principal.is_administrator() ? std::nullopt : std::optional(principal.user_id());
            return storage::list_events(sql, dialect_, {.owner = principal, .subscription = only},
                                        *plan, last_shown(sql, *plan, *settled, user));
        },
        list.stop));
}

/// Whether it is for a reader that continues after an event: it never returns to earlier ids that
/// become visible later.
bool SqlStorage::continues(const query::Plan& plan) {
    return plan.after && !plan.order.front().is_descending;
}

Result<std::optional<EventId>> SqlStorage::settled_for(const query::Plan& plan) {
    if (!continues(plan)) return std::optional<EventId>();
    return last_settled_event();
}

std::optional<EventId> SqlStorage::last_shown(soci::session& sql, const query::Plan& plan,
                                              const std::optional<EventId>& settled,
                                              const std::optional<std::string>& user) {
    if (!continues(plan)) return std::nullopt;
    const EventId newest = settled ? *settled : newest_event(sql);
    return user ? last_before_fan_outs(sql, newest, *user) : last_before_fan_outs(sql, newest);
}

Result<EventHistory> SqlStorage::find_event(const Principal& principal, SubscriptionId id,
                                            EventId event) {
    return opened(run_visible(Purpose::query_log, principal, id,
                              [&](soci::session& sql, Subscription&) -> Result<EventHistory> {
                                  std::optional<EventHistory> found =
                                      storage::find_event(sql, id, event);
                                  if (!found) return no_such_event();
                                  return *std::move(found);
                              }));
}

Result<EventHistory> SqlStorage::find_any_event(const Principal& principal, EventId event,
                                                std::optional<std::uint64_t> worker_tag) {
    return opened(run(Purpose::query_log, [&](soci::session& sql) -> Result<EventHistory> {
        const std::optional<SubscriptionId> owner = find_owner(sql, event, worker_tag);
        if (!owner || !storage::find_subscription(sql, principal, *owner)) return no_such_event();
        std::optional<EventHistory> found = storage::find_event(sql, *owner, event);
        if (!found) return no_such_event();
        return *std::move(found);
    }));
}

Result<> SqlStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    return run_visible(
        Purpose::erase, principal, id, [&](soci::session& sql, Subscription& found) -> Result<> {
            if (!event_exists(sql, id, event)) return no_such_event();
            const Time present = now(sql);
            if (erase_event(sql, id, event, now(sql))) {
                give_notice(sql, {.subscription = id, .deleted_event = event}, present);
            }
            insert_audit(sql, audit::event_deleted(principal, found, event), present);
            return {};
        });
}

Result<FeedRows> SqlStorage::read_feed(const Principal& principal, SubscriptionId id,
                                       const FeedRequest& request) {
    const Result<std::optional<EventId>> settled = last_settled_event();
    if (!settled) return settled.error();
    Result<FeedRows> rows = run_visible(
        Purpose::query_log, principal, id, [&](soci::session& sql, Subscription& found) {
            FeedState state = read_feed_state(sql);
            state.newest = newest_event(sql);
            state.settled =
                last_before_fan_outs(sql, settled->value_or(state.newest), found.user_id);
            return storage::read_feed(request, state,
                                      FeedList(sql, dialect_, found, state.settled, now(sql)));
        });
    if (rows) open(rows->events);
    return rows;
}

Result<std::vector<FeedChange>> SqlStorage::feed_changes(const std::vector<FeedWatch>& watches) {
    return run(Purpose::read, [&](soci::session& sql) -> Result<std::vector<FeedChange>> {
        return find_feed_changes(sql, watches, newest_event(sql));
    });
}

Result<DeliveryStatistics> SqlStorage::statistics(const Principal& principal, SubscriptionId id,
                                                  std::stop_token stop) {
    return run_visible(
        Purpose::query_log, principal, id,
        [&](soci::session& sql, Subscription& found) -> Result<DeliveryStatistics> {
            DeliveryStatistics statistics = read_statistics(sql, id, now(sql));
            statistics.failing_since = found.failing_since;
            statistics.paused_until = found.paused_until;
            return statistics;
        },
        stop);
}

Result<SeriesRows> SqlStorage::series(const Principal& principal, const SeriesScope& scope,
                                      const SeriesRange& range) {
    return run(Purpose::query, [&](soci::session& sql) -> Result<SeriesRows> {
        const SeriesScope part = visible_part(scope, principal);
        if (part.subscription && !storage::find_subscription(sql, principal, *part.subscription)) {
            if (scope.subscription) return no_such_subscription();
            return SeriesRows{.counted_since = counted_since(sql)};
        }
        return SeriesRows{.buckets = read_rollups(sql, part, range),
                          .counted_since = counted_since(sql)};
    });
}

// ---- Resending.

Result<> SqlStorage::reopen_event(const Principal& principal, SubscriptionId id, EventId event) {
    return run_visible(Purpose::reopen, principal, id,
                       [&](soci::session& sql, Subscription& found) -> Result<> {
                           if (!event_exists(sql, id, event)) return no_such_event();
                           const Time present = now(sql);
                           Result<> reopened = storage::reopen_event(sql, id, event, present);
                           if (!reopened) return reopened;
                           insert_audit(sql, audit::event_resent(principal, found, event), present);
                           return {};
                       });
}

Result<Reopened> SqlStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                const CreationPeriod& period, EventId after,
                                                std::size_t limit) {
    return run_visible(
        Purpose::reopen, principal, id,
        [&](soci::session& sql, Subscription& found) -> Result<Reopened> {
            const Time present = now(sql);
            Reopened reopened = storage::reopen_undelivered(sql, id, period, after, present, limit);
            if (reopened.count > 0) {
                insert_audit(sql, audit::recovered(principal, found, period, reopened.count),
                             present);
            }
            return reopened;
        });
}

Result<std::size_t> SqlStorage::count_undelivered(const Principal& principal, SubscriptionId id,
                                                  const CreationPeriod& period) {
    return run_visible(Purpose::query_log, principal, id,
                       [&](soci::session& sql, Subscription&) -> Result<std::size_t> {
                           return storage::count_undelivered(sql, id, period);
                       });
}

// ---- Maintenance, and what operators see.

Result<bool> SqlStorage::maintain(const Maintenance& maintenance) {
    const std::scoped_lock lock(retention_mutex_);
    RetentionCursor cursor;
    Result<bool> is_more = run(Purpose::erase, [&](soci::session& sql) -> Result<bool> {
        cursor = retention_;  // Reset each time: the transaction may be repeated.
        const Time present = now(sql);
        const std::size_t limit = maintenance.limit;
        // First: queues are locked before rows.
        std::size_t done = release_deleted(sql, present - deleted_turn_lifetime, limit);
        done += erase_keys(sql, present - idempotency_lifetime, limit);
        done += erase_notices(sql, present - notice_lifetime, limit);
        done += erase_hidden_events(sql, present, limit);
        done += tend_rollups(sql, present, limit);
        done += erase_portal_sessions(sql, present, limit);
        if (maintenance.keep_audit_for.count() != 0) {
            done += erase_audit(sql, present - maintenance.keep_audit_for, limit);
        }
        const bool is_indexing = index_events(sql, limit);
        return done + expire(sql, present, maintenance, cursor) >= limit || is_indexing;
    });
    // If the transaction failed, its work still has to be done.
    if (is_more) retention_ = cursor;
    return is_more;
}

Result<StorageSample> SqlStorage::sample() {
    const Result<std::optional<EventId>> settled = last_settled_event();
    if (!settled) return settled.error();
    return run(Purpose::read, [&](soci::session& sql) -> Result<StorageSample> {
        StorageSample sample = read_sample(sql, now(sql), worker_has_expired());
        const EventId newest = newest_event(sql);
        const EventId shown = last_before_fan_outs(sql, settled->value_or(newest));
        if (*settled || shown < newest) sample.oldest_held_back = oldest_after(sql, shown);
        return sample;
    });
}

Result<Overview> SqlStorage::overview() {
    return run(Purpose::query, [&](soci::session& sql) -> Result<Overview> {
        const Time present = now(sql);
        return Overview{
            .now = present,
            .sample = read_sample(sql, present, worker_has_expired()),
            .users = count_users(sql),
            .workers = read_workers(sql, present, worker_has_expired(), worker_heartbeat()),
            .storage = info(sql)};
    });
}

Result<std::vector<UserSummary>> SqlStorage::users(const std::string& after, std::size_t limit) {
    return run(Purpose::query, [&](soci::session& sql) -> Result<std::vector<UserSummary>> {
        return read_users(sql, now(sql), after, limit);
    });
}

std::size_t SqlStorage::expire(soci::session& sql, Time now, const Maintenance& maintenance,
                               RetentionCursor& cursor) {
    if (maintenance.keep_events_for.count() == 0) return 0;
    return erase_old_events(sql, now, maintenance.keep_events_for, maintenance.limit, cursor);
}

}  // namespace webhooks::storage
