#include <charconv>
#include <storage/sql/exchange.hpp>
#include <storage/sql/header_text.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/subscription_table.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// Retired secrets as one column: a line "micros secret" for each, in order. Secrets are printable.
std::string write_retired(const std::vector<RetiredSecret>& secrets) {
    std::string text;
    for (const RetiredSecret& retired : secrets) {
        text += std::to_string(to_micros(retired.expires_at));
        text.append(" ").append(retired.secret.reveal()).append("\n");
    }
    return text;
}

std::vector<RetiredSecret> read_retired(std::string_view text) {
    std::vector<RetiredSecret> secrets;
    while (!text.empty()) {
        const std::size_t middle = text.find(' ');
        const std::size_t end = text.find('\n');
        if (middle == std::string_view::npos || end == std::string_view::npos) break;
        long long expires_at = 0;
        std::from_chars(text.data(), text.data() + middle, expires_at);
        secrets.push_back({.secret = Secret(std::string(text.substr(middle + 1, end - middle - 1))),
                           .expires_at = from_micros(expires_at)});
        text.remove_prefix(end + 1);
    }
    return secrets;
}

std::optional<DeactivationReason> reason_from(const std::optional<std::string>& name) {
    for (const DeactivationReason reason :
         {DeactivationReason::gone, DeactivationReason::failing, DeactivationReason::user}) {
        if (name == to_string(reason)) return reason;
    }
    return std::nullopt;
}

/// The columns of a subscription and the variables that hold them.
struct SubscriptionRow {
    long long id = 0;
    std::string user_id;
    std::string name;
    std::string event_type;
    std::string url;
    std::string secret;
    std::string headers;
    int max_retry_count = 0;
    int is_active = 0;
    int rate_limit = 0;
    int timeout_seconds = 0;
    int retry_on = 0;
    std::string retired_secrets;
    Nullable<long long> failing_since = {};
    Nullable<long long> paused_until = {};
    Nullable<std::string> deactivation_reason = {};
    Nullable<long long> deactivated_at = {};
    long long created_at = 0;
    long long updated_at = 0;
    long long revision = 0;
    int deletion = 0;

    static constexpr const char* columns =
        "id, user_id, name, event_type, url, secret, headers, max_retry_count, is_active, "
        "rate_limit, timeout_seconds, retry_on, retired_secrets, failing_since, paused_until, "
        "deactivation_reason, deactivated_at, created_at, updated_at, revision, deletion";

    void define(soci::statement& query) {
        query.exchange(into(id));
        query.exchange(into(user_id));
        query.exchange(into(name));
        query.exchange(into(event_type));
        query.exchange(into(url));
        query.exchange(into(secret));
        query.exchange(into(headers));
        query.exchange(into(max_retry_count));
        query.exchange(into(is_active));
        query.exchange(into(rate_limit));
        query.exchange(into(timeout_seconds));
        query.exchange(into(retry_on));
        query.exchange(into(retired_secrets));
        query.exchange(into(failing_since.value, failing_since.indicator));
        query.exchange(into(paused_until.value, paused_until.indicator));
        query.exchange(into(deactivation_reason.value, deactivation_reason.indicator));
        query.exchange(into(deactivated_at.value, deactivated_at.indicator));
        query.exchange(into(created_at));
        query.exchange(into(updated_at));
        query.exchange(into(revision));
        query.exchange(into(deletion));
    }

    static SubscriptionRow from(const Subscription& subscription) {
        SubscriptionRow row{.id = subscription.id.value,
                            .user_id = subscription.user_id,
                            .name = subscription.name,
                            .event_type = subscription.event_type,
                            .url = subscription.url,
                            .secret = std::string(subscription.secret.reveal()),
                            .headers = write_headers(subscription.headers),
                            .max_retry_count = subscription.max_retry_count,
                            .is_active = subscription.is_active ? 1 : 0,
                            .rate_limit = subscription.rate_limit,
                            .timeout_seconds = static_cast<int>(subscription.timeout.count()),
                            .retry_on = subscription.retry_on.bits(),
                            .retired_secrets = write_retired(subscription.retired_secrets),
                            .created_at = to_micros(subscription.created_at),
                            .updated_at = to_micros(subscription.updated_at),
                            .revision = subscription.revision};
        row.failing_since.set(to_micros(subscription.failing_since));
        row.paused_until.set(to_micros(subscription.paused_until));
        if (subscription.deactivation_reason) {
            row.deactivation_reason.set(
                std::optional(to_string(*subscription.deactivation_reason)));
        }
        row.deactivated_at.set(to_micros(subscription.deactivated_at));
        return row;
    }

    Subscription to_subscription() const {
        return {.id = {id},
                .name = name,
                .event_type = event_type,
                .url = url,
                .secret = Secret(secret),
                .headers = read_headers(headers),
                .max_retry_count = max_retry_count,
                .is_active = is_active != 0,
                .rate_limit = rate_limit,
                .timeout = std::chrono::seconds(timeout_seconds),
                .retry_on = RetryOn::from_bits(retry_on),
                .user_id = user_id,
                .created_at = from_micros(created_at),
                .updated_at = from_micros(updated_at),
                .revision = revision,
                .retired_secrets = read_retired(retired_secrets),
                .failing_since = from_micros(failing_since.get()),
                .paused_until = from_micros(paused_until.get()),
                .deactivation_reason = reason_from(deactivation_reason.get()),
                .deactivated_at = from_micros(deactivated_at.get())};
    }
};

std::string select_where(const std::string& condition) {
    return std::string("SELECT ") + SubscriptionRow::columns +
           " FROM webhooks_subscription WHERE " + condition;
}

/// What a principal may see, and the values of its statement.
class OwnerCondition {
public:
    explicit OwnerCondition(const Principal& principal)
        : principal_(principal), only_(principal.subscription().value_or(SubscriptionId{}).value) {}

    std::string text() const {
        std::string text = "deletion = 0";
        if (!principal_.is_administrator()) text += " AND user_id = :owner";
        if (principal_.subscription()) text += " AND id = :only";
        return text;
    }

    void bind(soci::statement& query) const {
        if (!principal_.is_administrator()) query.exchange(use(principal_.user_id(), "owner"));
        if (principal_.subscription()) query.exchange(use(only_, "only"));
    }

private:
    const Principal& principal_;
    const long long only_;
};

/// The fields of a subscription, in the order of query::fields_of. Times are in milliseconds there.
/// Secret, headers and events can be selected, but not compared.
constexpr Column subscription_columns[] = {
    {"id", 0},
    {"name", 0},
    {"event_type", 0},
    {"url", 0},
    {"NULL", 0},
    {"max_retry_count", 0},
    {"is_active", 0},
    {"user_id", 0},
    {"NULL", 0},
    {"(created_at / 1000)", 0},
    {"(updated_at / 1000)", 0},
    {"NULL", 0},
    {"(failing_since / 1000)", 0, true},
    {"(paused_until / 1000)", 0, true},
    {"deactivation_reason", 0, true},
    {"NULL", 0},
};

/// The owner's scope is outside the user's condition, which cannot widen it.
std::string where(ListSql& list, const OwnerCondition& owner, const query::Plan& plan) {
    std::string text = owner.text();
    if (plan.condition) text += " AND " + list.condition(*plan.condition);
    return text;
}

std::int64_t count_subscriptions(soci::session& sql, const Dialect& dialect,
                                 const Principal& principal, const query::Plan& plan) {
    long long total = 0;
    ListSql list(dialect, subscription_columns);
    const OwnerCondition owner(principal);
    const std::string condition = where(list, owner, plan);
    soci::statement query(sql);
    query.exchange(into(total));
    owner.bind(query);
    list.bind(query);
    for_each_row(query, "SELECT count(*) FROM webhooks_subscription WHERE " + condition, [] {});
    return total;
}

/// Whether an attempt that started at `since` or later was delivered.
bool delivered_since(soci::session& sql, SubscriptionId subscription, Time since) {
    const long long id = subscription.value;
    const long long from = to_micros(since);
    int found = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM webhooks_event e "
           "JOIN webhooks_attempt a ON a.event_id = e.id WHERE e.subscription_id = :id "
           "AND a.outcome = 1 AND a.sent_at >= :since)",
        into(found), use(id, "id"), use(from, "since");
    return found != 0;
}

}  // namespace

Revision current_revision(soci::session& sql) {
    long long revision = 0;
    sql << "SELECT revision FROM webhooks_state", into(revision);
    return revision;
}

Revision bump_revision(soci::session& sql) {
    long long revision = 0;
    sql << "UPDATE webhooks_state SET revision = revision + 1 RETURNING revision", into(revision);
    return revision;
}

SubscriptionId insert_subscription(soci::session& sql, const Subscription& subscription) {
    SubscriptionRow row = SubscriptionRow::from(subscription);
    long long id = 0;
    sql << "INSERT INTO webhooks_subscription (user_id, name, event_type, url, secret, headers, "
           "max_retry_count, is_active, rate_limit, timeout_seconds, retry_on, retired_secrets, "
           "failing_since, paused_until, deactivation_reason, deactivated_at, created_at, "
           "updated_at, revision) "
           "VALUES (:user_id, :name, :event_type, :url, :secret, :headers, :max_retry_count, "
           ":is_active, :rate_limit, :timeout_seconds, :retry_on, :retired_secrets, "
           ":failing_since, :paused_until, :deactivation_reason, :deactivated_at, :created_at, "
           ":updated_at, :revision) RETURNING id",
        use(row.user_id, "user_id"), use(row.name, "name"), use(row.event_type, "event_type"),
        use(row.url, "url"), use(row.secret, "secret"), use(row.headers, "headers"),
        use(row.max_retry_count, "max_retry_count"), use(row.is_active, "is_active"),
        use(row.rate_limit, "rate_limit"), use(row.timeout_seconds, "timeout_seconds"),
        use(row.retry_on, "retry_on"), use(row.retired_secrets, "retired_secrets"),
        use(row.failing_since.value, row.failing_since.indicator, "failing_since"),
        use(row.paused_until.value, row.paused_until.indicator, "paused_until"),
        use(row.deactivation_reason.value, row.deactivation_reason.indicator,
            "deactivation_reason"),
        use(row.deactivated_at.value, row.deactivated_at.indicator, "deactivated_at"),
        use(row.created_at, "created_at"), use(row.updated_at, "updated_at"),
        use(row.revision, "revision"), into(id);
    return {id};
}

std::optional<Subscription> find_subscription(soci::session& sql, const Principal& principal,
                                              SubscriptionId id) {
    SubscriptionRow row;
    std::optional<Subscription> found;
    const long long wanted = id.value;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(wanted, "id"));
    for_each_row(query, select_where("id = :id AND deletion = 0"),
                 [&] { found = row.to_subscription(); });
    if (found && !principal.may_see(found->user_id, id)) return std::nullopt;
    return found;
}

void update_subscription(soci::session& sql, const Subscription& subscription) {
    SubscriptionRow row = SubscriptionRow::from(subscription);
    sql << "UPDATE webhooks_subscription SET name = :name, event_type = :event_type, url = :url, "
           "secret = :secret, headers = :headers, max_retry_count = :max_retry_count, "
           "is_active = :is_active, rate_limit = :rate_limit, "
           "timeout_seconds = :timeout_seconds, retry_on = :retry_on, "
           "retired_secrets = :retired_secrets, failing_since = :failing_since, "
           "paused_until = :paused_until, deactivation_reason = :deactivation_reason, "
           "deactivated_at = :deactivated_at, updated_at = :updated_at, revision = :revision "
           "WHERE id = :id",
        use(row.name, "name"), use(row.event_type, "event_type"), use(row.url, "url"),
        use(row.secret, "secret"), use(row.headers, "headers"),
        use(row.max_retry_count, "max_retry_count"), use(row.is_active, "is_active"),
        use(row.rate_limit, "rate_limit"), use(row.timeout_seconds, "timeout_seconds"),
        use(row.retry_on, "retry_on"), use(row.retired_secrets, "retired_secrets"),
        use(row.failing_since.value, row.failing_since.indicator, "failing_since"),
        use(row.paused_until.value, row.paused_until.indicator, "paused_until"),
        use(row.deactivation_reason.value, row.deactivation_reason.indicator,
            "deactivation_reason"),
        use(row.deactivated_at.value, row.deactivated_at.indicator, "deactivated_at"),
        use(row.updated_at, "updated_at"), use(row.revision, "revision"), use(row.id, "id");
}

void hide_subscription(soci::session& sql, SubscriptionId id, Revision revision, Time now) {
    const long long wanted = id.value;
    const long long updated_at = to_micros(now);
    const long long at = revision;
    sql << "UPDATE webhooks_subscription SET deletion = 1, name = '', url = '', secret = '', "
           "headers = '', retired_secrets = '', is_active = 0, updated_at = :updated_at, revision "
           "= :revision "
           "WHERE id = :id",
        use(updated_at, "updated_at"), use(at, "revision"), use(wanted, "id");
}

void write_state(soci::session& sql, const EndpointState& state, Time now) {
    const long long id = state.subscription.value;
    const long long revision = state.judged_at;
    Nullable<long long> failing_since;
    Nullable<long long> paused_until;
    sql << "SELECT failing_since, paused_until FROM webhooks_subscription "
           "WHERE id = :id AND revision = :revision",
        into(failing_since.value, failing_since.indicator),
        into(paused_until.value, paused_until.indicator), use(id, "id"), use(revision, "revision");
    if (!sql.got_data()) return;
    Subscription known{.failing_since = from_micros(failing_since.get()),
                       .paused_until = from_micros(paused_until.get())};
    const bool is_to_be_heard = join(state, known, now);
    failing_since.set(to_micros(known.failing_since));
    paused_until.set(to_micros(known.paused_until));
    sql << "UPDATE webhooks_subscription SET failing_since = :failing_since, "
           "paused_until = :paused_until WHERE id = :id",
        use(failing_since.value, failing_since.indicator, "failing_since"),
        use(paused_until.value, paused_until.indicator, "paused_until"), use(id, "id");
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

Page<Subscription> list_subscriptions(soci::session& sql, const Dialect& dialect,
                                      const Principal& principal, const query::Plan& plan) {
    Page<Subscription> page{.items = {},
                            .total = count_subscriptions(sql, dialect, principal, plan)};
    SubscriptionRow row;
    const long long after = plan.after.value_or(0);
    const long long take = plan.take;
    const long long skip = plan.skip;
    ListSql list(dialect, subscription_columns);
    const OwnerCondition owner(principal);
    std::string text = where(list, owner, plan);
    if (plan.after) text += plan.order[0].is_descending ? " AND id < :after" : " AND id > :after";
    soci::statement query(sql);
    row.define(query);
    owner.bind(query);
    list.bind(query);
    if (plan.after) query.exchange(use(after, "after"));
    query.exchange(use(take, "take"));
    query.exchange(use(skip, "skip"));
    for_each_row(query, select_where(text) + list.order(plan.order) + " LIMIT :take OFFSET :skip",
                 [&] { page.items.push_back(row.to_subscription()); });
    return page;
}

Configuration read_configuration(soci::session& sql, Revision since) {
    Configuration changes{.revision = current_revision(sql)};
    SubscriptionRow row;
    const long long after = since;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(after, "since"));
    for_each_row(query, select_where("revision > :since"), [&] {
        if (row.deletion == 0) {
            changes.subscriptions.push_back(row.to_subscription());
        } else if (since != 0) {
            changes.deleted.push_back({row.id});
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
    upsert.alloc();
    upsert.prepare(
        "INSERT INTO webhooks_event_type (name, description) VALUES (:name, :description) "
        "ON CONFLICT (name) DO UPDATE SET description = excluded.description "
        "WHERE webhooks_event_type.description <> excluded.description");
    upsert.define_and_bind();
    upsert.execute(true);
    return upsert.get_affected_rows() > 0;
}

}  // namespace webhooks::storage
