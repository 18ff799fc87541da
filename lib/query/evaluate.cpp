#include <algorithm>
#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <query/evaluate.hpp>

namespace webhooks::query {
namespace {

bool is_null(const Value& value) {
    return std::holds_alternative<std::monostate>(value);
}

std::string to_upper(std::string text) {
    for (char& c : text) {
        c = ascii::upper(c);
    }
    return text;
}

Value value_of(const Operand& operand, const Row& row) {
    if (operand.kind == Operand::Kind::field) return row(operand.field);
    if (operand.kind == Operand::Kind::constant) return operand.value;
    Value argument = value_of(operand.arguments[0], row);
    if (is_null(argument)) return argument;
    std::string text = std::get<std::string>(std::move(argument));
    if (operand.kind == Operand::Kind::to_lower) return ascii::lower(text);
    if (operand.kind == Operand::Kind::to_upper) return to_upper(std::move(text));
    return static_cast<std::int64_t>(count_code_points(text).value_or(text.size()));
}

std::optional<bool> equals(const Operand& left, const Operand& right, const Row& row) {
    const Value a = value_of(left, row);
    const Value b = value_of(right, row);
    if (left.is_function() && is_null(a)) return std::nullopt;
    if (right.is_function() && is_null(b)) return std::nullopt;
    return a == b;
}

std::optional<bool> is_ordered(const Condition& condition, const Row& row) {
    const Value left = value_of(condition.operands[0], row);
    const Value right = value_of(condition.operands[1], row);
    if (is_null(left) || is_null(right)) return std::nullopt;
    switch (condition.kind) {
        case Condition::Kind::less:
            return left < right;
        case Condition::Kind::less_equal:
            return left <= right;
        case Condition::Kind::greater:
            return left > right;
        default:
            return left >= right;
    }
}

std::optional<bool> is_member(const Condition& condition, const Row& row) {
    if (condition.operands.size() == 1) return false;
    const Operand& wanted = condition.operands[0];
    const Value value = value_of(wanted, row);
    if (is_null(value)) return wanted.is_function() ? std::nullopt : std::optional(false);
    return std::any_of(condition.operands.begin() + 1, condition.operands.end(),
                       [&](const Operand& item) { return item.value == value; });
}

std::optional<bool> holds_text(const Condition& condition, const Row& row) {
    const Value value = value_of(condition.operands[0], row);
    const Value wanted = value_of(condition.operands[1], row);
    if (is_null(value) || is_null(wanted)) return std::nullopt;
    const auto& text = std::get<std::string>(value);
    const auto& part = std::get<std::string>(wanted);
    if (condition.kind == Condition::Kind::starts_with) return text.starts_with(part);
    if (condition.kind == Condition::Kind::ends_with) return text.ends_with(part);
    return text.find(part) != std::string::npos;
}

/// A false part decides `all_of`, a true part `any_of`; otherwise an unknown part makes the whole
/// unknown.
std::optional<bool> combine(const Condition& condition, const Row& row) {
    const bool decisive = condition.kind == Condition::Kind::any_of;
    std::optional<bool> whole = !decisive;
    for (const Condition& child : condition.children) {
        const std::optional<bool> part = evaluate(child, row);
        if (part == decisive) return decisive;
        if (!part) whole = std::nullopt;
    }
    return whole;
}

std::optional<bool> negate(std::optional<bool> truth) {
    return truth ? std::optional(!*truth) : std::nullopt;
}

}  // namespace

std::optional<bool> evaluate(const Condition& condition, const Row& row) {
    const std::vector<Operand>& operands = condition.operands;
    switch (condition.kind) {
        case Condition::Kind::constant:
            return condition.is_true;
        case Condition::Kind::field:
            return value_of(operands[0], row) == Value(true);
        case Condition::Kind::equal:
            return equals(operands[0], operands[1], row);
        case Condition::Kind::not_equal:
            return negate(equals(operands[0], operands[1], row));
        case Condition::Kind::less:
        case Condition::Kind::less_equal:
        case Condition::Kind::greater:
        case Condition::Kind::greater_equal:
            return is_ordered(condition, row);
        case Condition::Kind::in:
            return is_member(condition, row);
        case Condition::Kind::contains:
        case Condition::Kind::starts_with:
        case Condition::Kind::ends_with:
            return holds_text(condition, row);
        case Condition::Kind::all_of:
        case Condition::Kind::any_of:
            return combine(condition, row);
        case Condition::Kind::negation:
            return negate(evaluate(condition.children[0], row));
    }
    return std::nullopt;
}

bool comes_before(const std::vector<SortColumn>& order, const Row& left, const Row& right) {
    for (const SortColumn& key : order) {
        // Null is the first alternative of Value, and therefore the lowest.
        const Value a = left(key.field);
        const Value b = right(key.field);
        if (a != b) return key.is_descending ? b < a : a < b;
    }
    return false;
}

}  // namespace webhooks::query
