#include <algorithm>
#include <query/evaluate.hpp>
#include <query/evaluate_list.hpp>
#include <query/field_tables.hpp>
#include <string_view>

namespace webhooks {
namespace {

using query::Value;

Value moment(Time time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

template <class T>
Value maybe(const std::optional<T>& value) {
    return value ? Value(*value) : Value();
}

Value maybe(const std::optional<int>& value) {
    return value ? Value(std::int64_t{*value}) : Value();
}

Value maybe(const std::optional<Time>& value) {
    return value ? moment(*value) : Value();
}

/// Shown as null where it is unknown.
Value unless_empty(const std::string& text) {
    return text.empty() ? Value() : Value(text);
}

consteval std::size_t of_subscription(std::string_view field) {
    return query::column_of(query::subscription_fields, field);
}

consteval std::size_t of_event(std::string_view field) {
    return query::column_of(query::event_fields, field);
}

consteval std::size_t of_audit(std::string_view field) {
    return query::column_of(query::audit_fields, field);
}

Value value_of(const Subscription& row, std::size_t column) {
    switch (column) {
        case of_subscription("id"):
            return row.id.value;
        case of_subscription("name"):
            return row.name;
        case of_subscription("eventType"):
            return row.event_type;
        case of_subscription("url"):
            return row.url;
        case of_subscription("maxRetryCount"):
            return std::int64_t{row.max_retry_count};
        case of_subscription("isActive"):
            return row.is_active;
        case of_subscription("userId"):
            return row.user_id;
        case of_subscription("createdAt"):
            return moment(row.created_at);
        case of_subscription("updatedAt"):
            return moment(row.updated_at);
        case of_subscription("failingSince"):
            return maybe(row.failing_since);
        case of_subscription("pausedUntil"):
            return maybe(row.paused_until);
        case of_subscription("deactivationReason"):
            if (!row.deactivation_reason) return {};
            return std::string(to_string(*row.deactivation_reason));
        case of_subscription("operatorScope"):
            return row.operator_scope;
        case of_subscription("filter"):
            return unless_empty(row.filter);
        case of_subscription("delivery"):
            return std::string(to_string(row.delivery));
        default:
            return {};
    }
}

Value value_of(const Event& row, std::size_t column) {
    switch (column) {
        case of_event("id"):
            return row.id.value;
        case of_event("webhookSubscriptionId"):
            return row.subscription_id.value;
        case of_event("eventType"):
            return row.event_type;
        case of_event("payload"):
            return row.payload;
        case of_event("statusCode"):
            return maybe(row.status_code);
        case of_event("response"):
            return maybe(row.response);
        case of_event("errorMessage"):
            return maybe(row.error_message);
        case of_event("isSuccess"):
            return row.is_success;
        case of_event("retryCount"):
            return std::int64_t{row.retry_count};
        case of_event("sentAt"):
            return maybe(row.sent_at);
        case of_event("nextRetryAt"):
            return maybe(row.next_retry_at);
        case of_event("createdAt"):
            return moment(row.created_at);
        case of_event("orderingKey"):
            return unless_empty(row.ordering_key);
        default:
            return {};
    }
}

Value value_of(const AuditRecord& row, std::size_t column) {
    switch (column) {
        case of_audit("id"):
            return row.id.value;
        case of_audit("at"):
            return moment(row.at);
        case of_audit("actorUserId"):
            return unless_empty(row.actor_user_id);
        case of_audit("actorKind"):
            return row.actor_kind;
        case of_audit("actorId"):
            return unless_empty(row.actor_id);
        case of_audit("action"):
            return row.action;
        case of_audit("objectType"):
            return row.object_type;
        case of_audit("objectId"):
            return row.object_id;
        case of_audit("userId"):
            return unless_empty(row.user_id);
        case of_audit("subscriptionId"):
            if (!row.subscription) return {};
            return row.subscription->value;
        case of_audit("requestId"):
            return unless_empty(row.request_id);
        case of_audit("address"):
            return unless_empty(row.address);
        default:
            return {};
    }
}

template <class T>
Result<Page<T>> answer_from(const ListQuery& list, ListKind kind, std::vector<T> rows,
                            const query::Budget& budget) {
    const Result<query::Plan> plan = query::make_plan(list, kind);
    if (!plan) return plan.error();
    const auto view = [](const T& row) {
        return [&row](std::size_t column) { return value_of(row, column); };
    };
    bool is_used_up = false;
    std::erase_if(rows, [&](const T& row) {
        is_used_up = is_used_up || budget.is_used_up();
        if (is_used_up) return false;
        return plan->condition && query::evaluate(*plan->condition, view(row)) != true;
    });
    if (is_used_up) return query::timed_out();
    Page<T> page;
    const auto total = static_cast<std::int64_t>(rows.size());
    page.total = plan->has_total ? std::optional(total) : std::nullopt;
    if (plan->after) {
        const bool is_descending = plan->order[0].is_descending;
        std::erase_if(rows, [&](const T& row) {
            return is_descending ? row.id.value >= *plan->after : row.id.value <= *plan->after;
        });
    }
    std::ranges::sort(rows, [&](const T& left, const T& right) {
        return query::comes_before(plan->order, view(left), view(right));
    });
    const std::size_t first = std::min<std::size_t>(plan->skip, rows.size());
    const std::size_t count = std::min<std::size_t>(plan->take, rows.size() - first);
    const auto begin = std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(first));
    page.items.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    return page;
}

}  // namespace

Result<Page<Subscription>> evaluate(const ListQuery& list, std::vector<Subscription> rows) {
    return query::evaluate(list, std::move(rows), {.stop = list.stop});
}

Result<Page<Event>> evaluate(const ListQuery& list, std::vector<Event> rows) {
    return query::evaluate(list, std::move(rows), {.stop = list.stop});
}

Result<Page<AuditRecord>> evaluate(const ListQuery& list, std::vector<AuditRecord> rows) {
    return query::evaluate(list, std::move(rows), {.stop = list.stop});
}

namespace query {

Result<Page<Subscription>> evaluate(const ListQuery& list, std::vector<Subscription> rows,
                                    const Budget& budget) {
    return answer_from(list, ListKind::subscriptions, std::move(rows), budget);
}

Result<Page<Event>> evaluate(const ListQuery& list, std::vector<Event> rows, const Budget& budget) {
    return answer_from(list, ListKind::events, std::move(rows), budget);
}

Result<Page<AuditRecord>> evaluate(const ListQuery& list, std::vector<AuditRecord> rows,
                                   const Budget& budget) {
    return answer_from(list, ListKind::audit, std::move(rows), budget);
}

}  // namespace query

}  // namespace webhooks
