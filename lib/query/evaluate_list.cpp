#include <algorithm>
#include <query/evaluate.hpp>
#include <query/evaluate_list.hpp>

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

/// In the order of query::fields_of, here and below.
Value value_of(const Subscription& row, std::size_t column) {
    switch (column) {
        case 0:
            return row.id.value;
        case 1:
            return row.name;
        case 2:
            return row.event_type;
        case 3:
            return row.url;
        case 5:
            return std::int64_t{row.max_retry_count};
        case 6:
            return row.is_active;
        case 7:
            return row.user_id;
        case 9:
            return moment(row.created_at);
        case 10:
            return moment(row.updated_at);
        case 12:
            return maybe(row.failing_since);
        case 13:
            return maybe(row.paused_until);
        case 14:
            if (!row.deactivation_reason) return {};
            return std::string(to_string(*row.deactivation_reason));
        case 16:
            return row.operator_scope;
        default:
            return {};
    }
}

Value value_of(const Event& row, std::size_t column) {
    switch (column) {
        case 0:
            return row.id.value;
        case 1:
            return row.subscription_id.value;
        case 2:
            return row.event_type;
        case 3:
            return row.payload;
        case 4:
            return maybe(row.status_code);
        case 5:
            return maybe(row.response);
        case 6:
            return maybe(row.error_message);
        case 7:
            return row.is_success;
        case 8:
            return std::int64_t{row.retry_count};
        case 9:
            return maybe(row.sent_at);
        case 10:
            return maybe(row.next_retry_at);
        case 11:
            return moment(row.created_at);
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
    Page<T> page{.items = {}, .total = static_cast<std::int64_t>(rows.size())};
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

namespace query {

Result<Page<Subscription>> evaluate(const ListQuery& list, std::vector<Subscription> rows,
                                    const Budget& budget) {
    return answer_from(list, ListKind::subscriptions, std::move(rows), budget);
}

Result<Page<Event>> evaluate(const ListQuery& list, std::vector<Event> rows, const Budget& budget) {
    return answer_from(list, ListKind::events, std::move(rows), budget);
}

}  // namespace query

}  // namespace webhooks
