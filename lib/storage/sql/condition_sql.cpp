#include <storage/sql/condition_sql.hpp>

namespace webhooks::storage {
namespace {

using query::Operand;

const char* const never = "(1 = 0)";
const char* const always = "(1 = 1)";

/// Replaces `{0}` and `{1}` in a pattern.
std::string fill_in(std::string_view pattern, const std::string& first, const std::string& second) {
    std::string text;
    while (!pattern.empty()) {
        if (pattern.starts_with("{0}") || pattern.starts_with("{1}")) {
            text += pattern[1] == '0' ? first : second;
            pattern.remove_prefix(3);
        } else {
            text += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return text;
}

bool is_null(const Operand& operand) {
    return operand.kind == Operand::Kind::constant &&
           std::holds_alternative<std::monostate>(operand.value);
}

}  // namespace

const Dialect sqlite_dialect = {
    .number = "{0}",
    .text = "{0}",
    .same = " IS ",
    .not_same = " IS NOT ",
    .contains = "(instr({0}, {1}) > 0)",
    .starts_with = "(substr({0}, 1, length({1})) = {1})",
    // A negative start counts from the end; an empty text has none.
    .ends_with =
        "(CASE WHEN length({1}) = 0 THEN {0} IS NOT NULL OR NULL "
        "ELSE substr({0}, -length({1})) = {1} END)",
    .size = "length(CAST({0} AS BLOB))",
    .ascending = " ASC",
    .descending = " DESC",
    .execute = nullptr,
};

// Without a type, two values would be compared as text; without a collation, by the database's
// default.
const Dialect postgresql_dialect = {
    .number = "CAST({0} AS BIGINT)",
    .text = "(CAST({0} AS TEXT) COLLATE \"C\")",
    .same = " IS NOT DISTINCT FROM ",
    .not_same = " IS DISTINCT FROM ",
    .contains = "(strpos({0}, {1}) > 0)",
    .starts_with = "starts_with({0}, {1})",
    .ends_with = "(right({0}, length({1})) = {1})",
    .size = "octet_length({0})",
    .ascending = " ASC NULLS FIRST",
    .descending = " DESC NULLS LAST",
    // Planned once for each connection: with partitions, planning takes longer than reading.
    .execute = "SET LOCAL plan_cache_mode = force_generic_plan; EXECUTE ",
};

std::string Dialect::size_of(std::string_view column) const {
    std::string written = size;
    return written.replace(written.find("{0}"), 3, column);
}

std::string ListSql::condition(const Condition& condition) {
    switch (condition.kind) {
        case Condition::Kind::constant:
            return condition.is_true ? always : never;
        case Condition::Kind::field:
            return "(" + operand(condition.operands[0]) + " = 1)";
        case Condition::Kind::equal:
        case Condition::Kind::not_equal:
            return equality(condition);
        case Condition::Kind::less:
            return comparison(condition, " < ");
        case Condition::Kind::less_equal:
            return comparison(condition, " <= ");
        case Condition::Kind::greater:
            return comparison(condition, " > ");
        case Condition::Kind::greater_equal:
            return comparison(condition, " >= ");
        case Condition::Kind::in:
            return membership(condition);
        case Condition::Kind::contains:
            return text_test(condition, dialect_.contains);
        case Condition::Kind::starts_with:
            return text_test(condition, dialect_.starts_with);
        case Condition::Kind::ends_with:
            return text_test(condition, dialect_.ends_with);
        case Condition::Kind::all_of:
            return junction(condition, " AND ");
        case Condition::Kind::any_of:
            return junction(condition, " OR ");
        case Condition::Kind::negation:
            return "(NOT " + this->condition(condition.children[0]) + ")";
    }
    return never;
}

std::string ListSql::order(std::span<const query::SortColumn> keys) {
    std::string text;
    for (const query::SortColumn& key : keys) {
        text += text.empty() ? " ORDER BY " : ", ";
        text += column(key.field);
        if (columns_[key.field].may_be_null) {
            text += key.is_descending ? dialect_.descending : dialect_.ascending;
        } else if (key.is_descending) {
            text += " DESC";
        }
    }
    return text;
}

std::string ListSql::column(std::size_t field) {
    joins_ |= columns_[field].joins;
    return columns_[field].expression;
}

std::string ListSql::operand(const Operand& operand) {
    switch (operand.kind) {
        case Operand::Kind::field:
            return column(operand.field);
        case Operand::Kind::constant:
            return value(operand.value);
        case Operand::Kind::to_lower:
            return "lower(" + this->operand(operand.arguments[0]) + ")";
        case Operand::Kind::to_upper:
            return "upper(" + this->operand(operand.arguments[0]) + ")";
        case Operand::Kind::length:
            return "length(" + this->operand(operand.arguments[0]) + ")";
    }
    return "NULL";
}

std::string ListSql::value(const query::Value& value) {
    if (std::holds_alternative<std::monostate>(value)) return "NULL";
    std::string name = "v" + std::to_string(bound_.size());
    const bool is_text = std::holds_alternative<std::string>(value);
    if (is_text) {
        bound_.push_back({name, std::get<std::string>(value)});
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        bound_.push_back({name, static_cast<long long>(*number)});
    } else {
        bound_.push_back({name, std::get<bool>(value) ? 1LL : 0LL});
    }
    return fill_in(is_text ? dialect_.text : dialect_.number, ":" + name, {});
}

std::string ListSql::comparison(const Condition& condition, const char* sign) {
    return "(" + operand(condition.operands[0]) + sign + operand(condition.operands[1]) + ")";
}

/// Two-valued, but unknown if a function returns null.
std::string ListSql::equality(const Condition& condition) {
    const Operand& left = condition.operands[0];
    const Operand& right = condition.operands[1];
    const bool is_equal = condition.kind == Condition::Kind::equal;
    if (left.is_function() && right.is_function()) {
        return comparison(condition, is_equal ? " = " : " <> ");
    }
    std::string same = comparison(condition, is_equal ? dialect_.same : dialect_.not_same);
    if (!left.is_function() && !right.is_function()) return same;
    const std::string function = operand(left.is_function() ? left : right);
    return "(CASE WHEN " + function + " IS NULL THEN NULL ELSE " + same + " END)";
}

std::string ListSql::membership(const Condition& condition) {
    if (condition.operands.size() == 1) return never;
    const Operand& wanted = condition.operands[0];
    std::string list;
    for (const Operand& item : std::span(condition.operands).subspan(1)) {
        list += (list.empty() ? "" : ", ") + operand(item);
    }
    std::string text = "(" + operand(wanted) + " IN (" + list + "))";
    if (wanted.is_function()) return text;
    if (is_null(wanted)) return never;
    return "(" + operand(wanted) + " IS NOT NULL AND " + text + ")";
}

std::string ListSql::text_test(const Condition& condition, const char* pattern) {
    // Each value is bound once, but may occur in the text several times.
    const std::string text = operand(condition.operands[0]);
    const std::string part = operand(condition.operands[1]);
    return fill_in(pattern, text, part);
}

std::string ListSql::junction(const Condition& condition, const char* sign) {
    std::string text = "(";
    for (const Condition& child : condition.children) {
        if (text.size() > 1) text += sign;
        text += this->condition(child);
    }
    return text + ")";
}

void ListSql::bind(soci::statement& statement) const {
    for (const Bound& bound : bound_) {
        if (const auto* text = std::get_if<std::string>(&bound.value)) {
            statement.exchange(soci::use(*text, bound.name));
        } else {
            statement.exchange(soci::use(std::get<long long>(bound.value), bound.name));
        }
    }
}

}  // namespace webhooks::storage
