#include <storage/sql/subscription_list.hpp>

#include <optional>
#include <query/field_tables.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/subscription_row.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// What a principal may see, and the values of its statement.
class OwnerCondition {
public:
    explicit OwnerCondition(const Principal& principal)
        : principal_(principal), only_(principal.subscription()) {}

    std::string text() const {
        std::string text = "deletion = 0";
        if (!principal_.is_administrator()) text += " AND user_id = :owner AND operator_scope = 0";
        if (only_) text += " AND id = :only";
        return text;
    }

    void bind(soci::statement& query) const {
        if (!principal_.is_administrator()) query.exchange(use(principal_.user_id(), "owner"));
        if (only_) query.exchange(use(*only_, "only"));
    }

private:
    const Principal& principal_;
    const std::optional<SubscriptionId> only_;
};

/// How a subscription's fields are written, with times in milliseconds. Secret, headers and events
/// can be selected, but not compared.
constexpr Column subscription_columns[] = {
    {"id", "id"},
    {"name", "name"},
    {"eventType", "event_type"},
    {"url", "url"},
    {"secret", "NULL"},
    {"maxRetryCount", "max_retry_count"},
    {"isActive", "is_active"},
    {"userId", "user_id"},
    {"headers", "NULL"},
    {"createdAt", "(created_at / 1000)"},
    {"updatedAt", "(updated_at / 1000)"},
    {"webhookEvents", "NULL"},
    {"failingSince", "(failing_since / 1000)", 0, true},
    {"pausedUntil", "(paused_until / 1000)", 0, true},
    {"deactivationReason", "deactivation_reason", 0, true},
    {"deactivation", "NULL"},
    {"operatorScope", "operator_scope"},
    {"filter", "nullif(filter, '')", 0, true},
    {"delivery", "delivery"},
};
static_assert(query::has_row_for_each<Column>(subscription_columns, query::subscription_fields));

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

}  // namespace

Page<Subscription> list_subscriptions(soci::session& sql, const Dialect& dialect,
                                      const Principal& principal, const query::Plan& plan) {
    Page<Subscription> page;
    page.total = plan.has_total ? std::optional(count_subscriptions(sql, dialect, principal, plan))
                                : std::nullopt;
    SubscriptionRow row;
    ListSql list(dialect, subscription_columns);
    const OwnerCondition owner(principal);
    std::string text = where(list, owner, plan);
    if (plan.after) text += plan.order[0].is_descending ? " AND id < :after" : " AND id > :after";
    soci::statement query(sql);
    row.define(query);
    owner.bind(query);
    list.bind(query);
    if (plan.after) query.exchange(use(*plan.after, "after"));
    query.exchange(use(plan.take, "take"));
    query.exchange(use(plan.skip, "skip"));
    for_each_row(
        query,
        SubscriptionRow::select_where(text) + list.order(plan.order) + " LIMIT :take OFFSET :skip",
        [&] { page.items.push_back(row.to_subscription()); });
    return page;
}

}  // namespace webhooks::storage
