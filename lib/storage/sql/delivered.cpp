#include <algorithm>
#include <query/evaluate.hpp>
#include <storage/sql/delivered.hpp>

namespace webhooks::storage {
namespace {

using query::Condition;
using query::Operand;
using query::Value;

/// A set of possible results of a condition: true, false, unknown.
using Truths = unsigned;
constexpr Truths can_be_true = 1, can_be_false = 2, can_be_unknown = 4, anything = 7;

Truths truth(std::optional<bool> value) {
    if (!value) return can_be_unknown;
    return *value ? can_be_true : can_be_false;
}

std::size_t column_of(std::string_view name) {
    const auto fields = query::fields_of(ListKind::events);
    const auto found = std::ranges::find(fields, name, &query::Field::name);
    return static_cast<std::size_t>(found - fields.begin());
}

const std::size_t status_column = column_of("statusCode");
const std::size_t error_column = column_of("errorMessage");
const std::size_t success_column = column_of("isSuccess");
const std::size_t retry_column = column_of("nextRetryAt");

/// What is known about every delivered event: exact values, except for its status, which may be
/// absent.
bool is_known(const Operand& operand) {
    if (operand.kind == Operand::Kind::constant) return true;
    if (operand.is_function()) return is_known(operand.arguments[0]);
    return operand.field == status_column || operand.field == error_column ||
           operand.field == success_column || operand.field == retry_column;
}

Truths truths_of_comparison(const Condition& condition) {
    if (!std::ranges::all_of(condition.operands, is_known)) return anything;
    Truths truths = 0;
    const auto add = [&](const Value& status) {
        truths |= truth(query::evaluate(condition, [&](std::size_t column) -> Value {
            if (column == status_column) return status;
            if (column == success_column) return true;
            return {};
        }));
    };
    // Those that are only read from the feed.
    add({});
    for (std::int64_t status = 200; status < 300; ++status) {
        add(status);
    }
    return truths;
}

Truths truths_of(const Condition& condition);

/// @param decisive the result of a part that decides the whole: false for all, true for any.
Truths combine(const Condition& condition, Truths decisive, Truths neutral) {
    Truths whole = neutral;
    for (const Condition& child : condition.children) {
        const Truths part = truths_of(child);
        Truths next = (whole | part) & (decisive | can_be_unknown);
        if ((whole & neutral) != 0 && (part & neutral) != 0) next |= neutral;
        whole = next;
    }
    return whole;
}

Truths truths_of(const Condition& condition) {
    switch (condition.kind) {
        case Condition::Kind::all_of:
            return combine(condition, can_be_false, can_be_true);
        case Condition::Kind::any_of:
            return combine(condition, can_be_true, can_be_false);
        case Condition::Kind::negation: {
            const Truths inner = truths_of(condition.children[0]);
            return (inner & can_be_unknown) | ((inner & can_be_true) != 0 ? can_be_false : 0) |
                   ((inner & can_be_false) != 0 ? can_be_true : 0);
        }
        default:
            return truths_of_comparison(condition);
    }
}

}  // namespace

Holds holds_for_delivered(const Condition& condition) {
    const Truths truths = truths_of(condition);
    if (truths == can_be_true) return Holds::always;
    return (truths & can_be_true) != 0 ? Holds::sometimes : Holds::never;
}

}  // namespace webhooks::storage
