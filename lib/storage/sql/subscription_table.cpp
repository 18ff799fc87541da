#include <limits>
#include <storage/audit_records.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/event_type_table.hpp>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/operational_table.hpp>
#include <storage/sql/subscription_row.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/subscription_change.hpp>
#include <storage/visibility.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// Whether an attempt that started at `since` or later was delivered.
bool delivered_since(soci::session& sql, SubscriptionId subscription, Time since) {
    bool found = false;
    execute(sql,
            "SELECT EXISTS (SELECT 1 FROM " + events_of(sql, "subscription_id = :id") +
                " JOIN webhooks_attempt a ON a.event_id = e.id "
                "WHERE a.outcome = 1 AND a.sent_at >= :since)",
            into(found), use(subscription, "id"), use(since, "since"));
    return found;
}

std::optional<Subscription> find_present(soci::session& sql, SubscriptionId id) {
    return find_subscription(sql, Principal::administrator({}), id);
}

void write_state(soci::session& sql, const EndpointState& state, OperationalWriter& writer) {
    Subscription known;
    execute(sql,
            "SELECT failing_since, paused_until, notified_failing_since "
            "FROM webhooks_subscription WHERE id = :id AND revision = :revision",
            into(known.failing_since), into(known.paused_until), into(known.notified_failing_since),
            use(state.subscription, "id"), use(state.revision, "revision"));
    if (!sql.got_data()) return;
    const std::optional<Time> notified_since = end_notified_failing(state, known);
    const bool is_to_be_heard = join(state, known, writer.now());
    execute(sql,
            "UPDATE webhooks_subscription SET failing_since = :failing_since, "
            "paused_until = :paused_until, notified_failing_since = :notified WHERE id = :id",
            use(known.failing_since, "failing_since"), use(known.paused_until, "paused_until"),
            use(known.notified_failing_since, "notified"), use(state.subscription, "id"));
    if (is_to_be_heard) {
        give_notice(sql,
                    {.subscription = state.subscription,
                     .revision = state.revision,
                     .paused_until = known.paused_until},
                    writer.now());
    }
    if (!notified_since) return;
    if (const auto found = find_present(sql, state.subscription)) {
        writer.write(recovered(*found, writer.now() - *notified_since,
                               count_recoverable_events(sql, state.subscription)));
    }
}

void write_failing(soci::session& sql, const FailingNotice& notice, OperationalWriter& writer) {
    const std::optional<Subscription> found = find_present(sql, notice.subscription);
    if (!found || !concerns(notice, *found)) return;
    if (delivered_since(sql, notice.subscription, notice.failing_since)) return;
    execute(sql, "UPDATE webhooks_subscription SET notified_failing_since = :since WHERE id = :id",
            use(notice.failing_since, "since"), use(notice.subscription, "id"));
    give_notice(sql,
                {.subscription = notice.subscription,
                 .revision = notice.revision,
                 .notified_failing_since = notice.failing_since},
                writer.now());
    writer.write(failing(*found, notice));
}

/// @return whether it still applied.
bool deactivate(soci::session& sql, const Deactivation& deactivation, OperationalWriter& writer) {
    const SubscriptionId id = deactivation.subscription;
    std::optional<Subscription> found = find_present(sql, id);
    if (!found || !concerns(deactivation, *found)) return false;
    if (deactivation.failing_since && delivered_since(sql, id, *deactivation.failing_since)) {
        return false;
    }
    storage::deactivate(deactivation, *found, writer.now(), bump_revision(sql));
    update_subscription(sql, *found);
    insert_audit(sql, audit::subscription_deactivated(*found), writer.now());
    writer.write(deactivated(*found, deactivation, count_waiting_events(sql, id)));
    return true;
}

/// The revision at which a part of the changes since another one ends; absent: there are no more
/// than a part.
std::optional<Revision> end_of_part(soci::session& sql, Revision since) {
    std::optional<Revision> end;
    execute(sql,
            "SELECT revision FROM webhooks_subscription WHERE revision > :since "
            "ORDER BY revision LIMIT 1 OFFSET " +
                std::to_string(Configuration::part_size - 1),
            into(end), use(since, "since"));
    return end;
}

}  // namespace

Revision current_revision(soci::session& sql) {
    Revision revision = 0;
    execute(sql, "SELECT revision FROM webhooks_state", into(revision));
    return revision;
}

Revision bump_revision(soci::session& sql) {
    Revision revision = 0;
    execute(sql, "UPDATE webhooks_state SET revision = revision + 1 RETURNING revision",
            into(revision));
    return revision;
}

SubscriptionId insert_subscription(soci::session& sql, const Subscription& subscription) {
    SubscriptionId id;
    const SubscriptionRow row(subscription);
    soci::statement insert(sql);
    row.bind(insert);
    insert.exchange(into(id));
    execute(insert, SubscriptionRow::insert_returning_id());
    return id;
}

void update_subscription(soci::session& sql, const Subscription& subscription) {
    const SubscriptionRow row(subscription);
    soci::statement update(sql);
    row.bind(update);
    update.exchange(use(subscription.id, "id"));
    execute(update, SubscriptionRow::update_by_id());
}

std::optional<Subscription> find_subscription(soci::session& sql, const Principal& principal,
                                              SubscriptionId id) {
    SubscriptionRow row;
    std::optional<Subscription> found;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(id, "id"));
    for_each_row(sql, query, SubscriptionRow::select_where("id = :id AND deletion = 0"),
                 [&] { found = row.to_subscription(); });
    if (found && !may_see(principal, *found)) return std::nullopt;
    return found;
}

void hide_subscription(soci::session& sql, SubscriptionId id, Revision revision, Time now) {
    execute(sql,
            "UPDATE webhooks_subscription SET deletion = 1, name = '', url = '', secret = '', "
            "headers = '', retired_secrets = '', key_id = 0, is_active = 0, "
            "updated_at = :updated_at, revision = :revision "
            "WHERE id = :id",
            use(now, "updated_at"), use(revision, "revision"), use(id, "id"));
}

std::vector<SubscriptionId> write_findings(soci::session& sql, const Batch& batch,
                                           OperationalWriter& writer) {
    for (const EndpointState& state : batch.states) {
        write_state(sql, state, writer);
    }
    write_exhausted(sql, batch, writer);
    for (const FailingNotice& notice : batch.failing_notices) {
        write_failing(sql, notice, writer);
    }
    std::vector<SubscriptionId> deactivated;
    for (const Deactivation& deactivation : batch.deactivations) {
        if (deactivate(sql, deactivation, writer)) deactivated.push_back(deactivation.subscription);
    }
    return deactivated;
}

Configuration read_configuration(soci::session& sql, Revision since) {
    // Read before the subscriptions: what changes meanwhile is newer, and is read again.
    const std::optional<Revision> end = end_of_part(sql, since);
    Configuration changes{.revision = end ? *end : current_revision(sql),
                          .is_part = end.has_value()};
    const Revision until = end.value_or(std::numeric_limits<Revision>::max());
    SubscriptionRow row;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(since, "since"));
    query.exchange(use(until, "until"));
    const std::string changed = "revision > :since AND revision <= :until";
    for_each_row(query, SubscriptionRow::select_where(changed), [&] {
        if (!row.is_deleted()) {
            changes.subscriptions.push_back(row.to_subscription());
        } else if (since != 0) {
            changes.deleted.push_back(row.id());
        }
    });
    changes.event_types = list_event_types(sql, since);
    return changes;
}

}  // namespace webhooks::storage
