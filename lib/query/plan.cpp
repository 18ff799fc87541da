#include <algorithm>
#include <base/ascii.hpp>
#include <query/field_tables.hpp>
#include <query/fields.hpp>
#include <query/parser.hpp>
#include <query/plan.hpp>
#include <query/resolver.hpp>

namespace webhooks::query {
namespace {

constexpr std::size_t id_column = 0;

void plan_filter(const ListQuery& query, ListKind kind, Plan& plan,
                 std::vector<FieldError>& errors) {
    if (!query.filter) return;
    auto condition = resolve(query.filter->node(), kind);
    if (auto* error = std::get_if<SyntaxError>(&condition)) {
        errors.push_back({"filter", error->message()});
    } else {
        plan.condition = std::get<Condition>(std::move(condition));
    }
}

void plan_order(const ListQuery& query, ListKind kind, Plan& plan,
                std::vector<FieldError>& errors) {
    if (query.sort.size() > max_sort_keys) {
        errors.push_back({"sort", "more than 8 keys"});
        return;
    }
    for (const SortKey& key : query.sort) {
        const auto found = find_comparable_field(key.field, kind);
        if (const auto* error = std::get_if<SyntaxError>(&found)) {
            errors.push_back({"sort", error->message()});
            return;
        }
        plan.order.push_back({std::get<std::size_t>(found), key.is_descending});
    }
    const auto id = std::ranges::find(plan.order, id_column, &SortColumn::field);
    if (id == plan.order.end()) {
        plan.order.push_back({id_column, kind == ListKind::audit});
    } else {
        // Ids are unique, so sort keys after the id have no effect.
        plan.order.erase(id + 1, plan.order.end());
    }
}

void check_select(const ListQuery& query, ListKind kind, std::vector<FieldError>& errors) {
    for (const std::string& name : query.select) {
        const auto found = find_field(name, kind);
        if (const auto* error = std::get_if<SyntaxError>(&found)) {
            errors.push_back({"select", error->message()});
            return;
        }
    }
}

bool compares(const Operand& operand, std::size_t column) {
    if (operand.kind == Operand::Kind::field) return operand.field == column;
    return std::ranges::any_of(operand.arguments, [column](const Operand& argument) {
        return compares(argument, column);
    });
}

bool compares(const Condition& condition, std::size_t column) {
    const auto compares_column = [column](const auto& part) { return compares(part, column); };
    return std::ranges::any_of(condition.operands, compares_column) ||
           std::ranges::any_of(condition.children, compares_column);
}

}  // namespace

Result<> check_encrypted(const Plan& plan) {
    constexpr std::size_t encrypted[] = {column_of(event_fields, "payload"),
                                         column_of(event_fields, "response")};
    std::vector<FieldError> errors;
    for (const std::size_t column : encrypted) {
        const std::string error =
            std::string(event_fields[column].name) + " cannot be searched: encrypted";
        if (plan.condition && compares(*plan.condition, column))
            errors.push_back({"filter", error});
        const auto sorts = std::ranges::find(plan.order, column, &SortColumn::field);
        if (sorts != plan.order.end()) errors.push_back({"sort", error});
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

Result<Plan> make_plan(const ListQuery& query, ListKind kind) {
    Plan plan;
    plan.take = std::min(query.take, max_take);
    plan.skip = query.skip;
    plan.after = query.after;
    plan.has_total = query.has_total;
    const auto reads = [&](std::string_view field) {
        return query.select.empty() || std::ranges::any_of(query.select, [&](const auto& name) {
                   return ascii::lower(name) == field;
               });
    };
    plan.reads_payload = reads("payload");
    plan.reads_response = reads("response");
    std::vector<FieldError> errors;
    plan_filter(query, kind, plan, errors);
    plan_order(query, kind, plan, errors);
    check_select(query, kind, errors);
    if (query.after && plan.order.size() > 1) {
        errors.push_back({"after", "requires a sort by only id, or none"});
    }
    if (query.include_events && kind != ListKind::subscriptions) {
        errors.push_back({"include", "only subscriptions have relations"});
    }
    if (!errors.empty()) return Error(std::move(errors));
    return plan;
}

}  // namespace webhooks::query
