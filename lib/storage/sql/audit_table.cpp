#include <optional>
#include <query/field_tables.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/exchange.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// How the fields are written, with times in milliseconds.
constexpr Column audit_columns[] = {
    {"id", "id"},
    {"at", "(created_at / 1000)"},
    {"actor", "NULL"},
    {"actorUserId", "nullif(actor_user_id, '')", 0, true},
    {"actorKind", "actor_kind"},
    {"actorId", "nullif(actor_id, '')", 0, true},
    {"action", "action"},
    {"object", "NULL"},
    {"objectType", "object_type"},
    {"objectId", "object_id"},
    {"userId", "nullif(user_id, '')", 0, true},
    {"subscriptionId", "subscription_id", 0, true},
    {"changes", "NULL"},
    {"requestId", "nullif(request_id, '')", 0, true},
    {"address", "nullif(address, '')", 0, true},
};
static_assert(query::has_row_for_each<Column>(audit_columns, query::audit_fields));

/// Text and values of the condition that a query puts on the log.
class AuditQuery {
public:
    AuditQuery(const Dialect& dialect, const Principal& principal, const query::Plan& plan)
        : principal_(principal),
          plan_(plan),
          only_(principal.subscription()),
          list_(dialect, audit_columns) {
        text_ = principal.is_administrator() ? "1 = 1" : "user_id = :owner";
        if (only_) text_ += " AND subscription_id = :only";
        if (plan.condition) text_ += " AND " + list_.condition(*plan.condition);
    }

    std::string where() const { return " FROM webhooks_audit WHERE " + text_; }
    std::string page() {
        std::string text = where();
        if (plan_.after) {
            text += plan_.order[0].is_descending ? " AND id < :after" : " AND id > :after";
        }
        return text + list_.order(plan_.order) + " LIMIT :take OFFSET :skip";
    }
    void bind(soci::statement& query) const {
        if (!principal_.is_administrator()) query.exchange(use(principal_.user_id(), "owner"));
        if (only_) query.exchange(use(*only_, "only"));
        list_.bind(query);
    }
    void bind_page(soci::statement& query) const {
        bind(query);
        if (plan_.after) query.exchange(use(*plan_.after, "after"));
        query.exchange(use(plan_.take, "take"));
        query.exchange(use(plan_.skip, "skip"));
    }

private:
    const Principal& principal_;
    const query::Plan& plan_;
    const std::optional<SubscriptionId> only_;
    ListSql list_;
    std::string text_;
};

void define(soci::statement& query, AuditRecord& record) {
    query.exchange(into(record.id));
    query.exchange(into(record.at));
    query.exchange(into(record.actor_user_id));
    query.exchange(into(record.actor_kind));
    query.exchange(into(record.actor_id));
    query.exchange(into(record.action));
    query.exchange(into(record.object_type));
    query.exchange(into(record.object_id));
    query.exchange(into(record.user_id));
    query.exchange(into(record.subscription));
    query.exchange(into(record.changes));
    query.exchange(into(record.request_id));
    query.exchange(into(record.address));
}

std::int64_t count_audit(soci::session& sql, const Dialect& dialect, const Principal& principal,
                         const query::Plan& plan) {
    long long total = 0;
    const AuditQuery counted(dialect, principal, plan);
    soci::statement query(sql);
    query.exchange(into(total));
    counted.bind(query);
    for_each_row(query, "SELECT count(*)" + counted.where(), [] {});
    return total;
}

}  // namespace

void insert_audit(soci::session& sql, const AuditRecord& record, Time now) {
    execute(sql,
            "INSERT INTO webhooks_audit (created_at, actor_user_id, actor_kind, actor_id, action, "
            "object_type, object_id, user_id, subscription_id, changes, request_id, address) "
            "VALUES (:at, :actor_user_id, :actor_kind, :actor_id, :action, :object_type, "
            ":object_id, :user_id, :subscription, :changes, :request_id, :address)",
            use(now, "at"), use(record.actor_user_id, "actor_user_id"),
            use(record.actor_kind, "actor_kind"), use(record.actor_id, "actor_id"),
            use(record.action, "action"), use(record.object_type, "object_type"),
            use(record.object_id, "object_id"), use(record.user_id, "user_id"),
            use(record.subscription, "subscription"), use(record.changes, "changes"),
            use(record.request_id, "request_id"), use(record.address, "address"));
}

Page<AuditRecord> list_audit(soci::session& sql, const Dialect& dialect, const Principal& principal,
                             const query::Plan& plan) {
    Page<AuditRecord> page;
    page.total =
        plan.has_total ? std::optional(count_audit(sql, dialect, principal, plan)) : std::nullopt;
    AuditRecord record;
    AuditQuery listed(dialect, principal, plan);
    soci::statement query(sql);
    define(query, record);
    listed.bind_page(query);
    for_each_row(query,
                 "SELECT id, created_at, actor_user_id, actor_kind, actor_id, action, "
                 "object_type, object_id, user_id, subscription_id, changes, request_id, address" +
                     listed.page(),
                 [&] { page.items.push_back(record); });
    return page;
}

std::size_t erase_audit(soci::session& sql, Time end, std::size_t limit) {
    soci::statement erase(sql);
    erase.exchange(use(end, "end"));
    erase.exchange(use(limit, "take"));
    return execute(erase,
                   "DELETE FROM webhooks_audit WHERE id IN (SELECT id FROM webhooks_audit "
                   "WHERE created_at < :end ORDER BY created_at LIMIT :take)");
}

}  // namespace webhooks::storage
