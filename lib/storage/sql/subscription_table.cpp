#include <storage/sql/exchange.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/subscription_row.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// Whether an attempt that started at `since` or later was delivered.
bool delivered_since(soci::session& sql, SubscriptionId subscription, Time since) {
    bool found = false;
    sql << "SELECT EXISTS (SELECT 1 FROM webhooks_event e "
           "JOIN webhooks_attempt a ON a.event_id = e.id WHERE e.subscription_id = :id "
           "AND a.outcome = 1 AND a.sent_at >= :since)",
        into(found), use(subscription, "id"), use(since, "since");
    return found;
}

}  // namespace

Revision current_revision(soci::session& sql) {
    Revision revision = 0;
    sql << "SELECT revision FROM webhooks_state", into(revision);
    return revision;
}

Revision bump_revision(soci::session& sql) {
    Revision revision = 0;
    sql << "UPDATE webhooks_state SET revision = revision + 1 RETURNING revision", into(revision);
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
    for_each_row(query, SubscriptionRow::select_where("id = :id AND deletion = 0"),
                 [&] { found = row.to_subscription(); });
    if (found && !principal.may_see(found->user_id, id)) return std::nullopt;
    return found;
}

void hide_subscription(soci::session& sql, SubscriptionId id, Revision revision, Time now) {
    sql << "UPDATE webhooks_subscription SET deletion = 1, name = '', url = '', secret = '', "
           "headers = '', retired_secrets = '', key_id = 0, is_active = 0, "
           "updated_at = :updated_at, revision = :revision "
           "WHERE id = :id",
        use(now, "updated_at"), use(revision, "revision"), use(id, "id");
}

void write_state(soci::session& sql, const EndpointState& state, Time now) {
    Subscription known;
    sql << "SELECT failing_since, paused_until FROM webhooks_subscription "
           "WHERE id = :id AND revision = :revision",
        into(known.failing_since), into(known.paused_until), use(state.subscription, "id"),
        use(state.judged_at, "revision");
    if (!sql.got_data()) return;
    const bool is_to_be_heard = join(state, known, now);
    sql << "UPDATE webhooks_subscription SET failing_since = :failing_since, "
           "paused_until = :paused_until WHERE id = :id",
        use(known.failing_since, "failing_since"), use(known.paused_until, "paused_until"),
        use(state.subscription, "id");
    if (!is_to_be_heard) return;
    give_notice(sql,
                {.subscription = state.subscription,
                 .judged_at = state.judged_at,
                 .paused_until = known.paused_until},
                now);
}

std::vector<SubscriptionId> deactivate(soci::session& sql,
                                       const std::vector<Deactivation>& deactivations, Time now) {
    std::vector<SubscriptionId> done;
    for (const Deactivation& deactivation : deactivations) {
        const SubscriptionId id = deactivation.subscription;
        std::optional<Subscription> found =
            find_subscription(sql, Principal::administrator({}), id);
        if (!found || !concerns(deactivation, *found)) continue;
        if (deactivation.failing_since && delivered_since(sql, id, *deactivation.failing_since)) {
            continue;
        }
        storage::deactivate(deactivation, *found, now, bump_revision(sql));
        update_subscription(sql, *found);
        done.push_back(id);
    }
    return done;
}

Configuration read_configuration(soci::session& sql, Revision since) {
    Configuration changes{.revision = current_revision(sql)};
    SubscriptionRow row;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(since, "since"));
    for_each_row(query, SubscriptionRow::select_where("revision > :since"), [&] {
        if (!row.is_deleted()) {
            changes.subscriptions.push_back(row.to_subscription());
        } else if (since != 0) {
            changes.deleted.push_back(row.id());
        }
    });
    EventType type;
    soci::statement types(sql);
    types.exchange(into(type.name));
    types.exchange(into(type.description));
    for_each_row(types, "SELECT name, description FROM webhooks_event_type ORDER BY name",
                 [&] { changes.event_types.push_back(type); });
    return changes;
}

bool upsert_event_type(soci::session& sql, const EventType& type) {
    soci::statement upsert(sql);
    upsert.exchange(use(type.name, "name"));
    upsert.exchange(use(type.description, "description"));
    return execute(
               upsert,
               "INSERT INTO webhooks_event_type (name, description) VALUES (:name, :description) "
               "ON CONFLICT (name) DO UPDATE SET description = excluded.description "
               "WHERE webhooks_event_type.description <> excluded.description") > 0;
}

}  // namespace webhooks::storage
