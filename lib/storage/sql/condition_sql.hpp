#pragma once

#include <soci/soci.h>

#include <deque>
#include <query/plan.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace webhooks::storage {

/// Differences between databases in how conditions and orders are written.
struct Dialect {
    /// The placeholder of a bound number: `{0}` is its name.
    const char* number;
    const char* text;
    /// `A same B` is true or false, also for nulls, which equal each other.
    const char* same;
    const char* not_same;
    /// Whether text A contains, starts with or ends with text B; unknown if one is null. `{0}` and
    /// `{1}` stand for the two.
    const char* contains;
    const char* starts_with;
    const char* ends_with;
    const char* size;  ///< As `size_of`.
    /// Follows a nullable sort key, so that nulls are lowest.
    const char* ascending;
    const char* descending;
    /// Precedes the name of a statement of `list_statements`, which are prepared, and its
    /// parameters. Null: they are not.
    const char* execute;

    /// The number of bytes of a text.
    std::string size_of(std::string_view column) const;
};

extern const Dialect sqlite_dialect;
extern const Dialect postgresql_dialect;

/// How a field is written in SQL, and the joins that it needs.
struct Column {
    std::string_view field;
    const char* expression;
    unsigned joins = 0;
    bool may_be_null = false;
};

/// Writes the variable part of one list query. Its text consists only of fragments from this file;
/// user input is always bound. It owns the bound values, so it must outlive the statement.
class ListSql {
public:
    ListSql(const Dialect& dialect, std::span<const Column> columns)
        : dialect_(dialect), columns_(columns) {}

    std::string condition(const query::Condition& condition);
    std::string order(std::span<const query::SortColumn> keys);

    /// The joins of the fields written so far.
    unsigned joins() const noexcept { return joins_; }
    /// Binds the values that the text refers to.
    void bind(soci::statement& statement) const;

private:
    using Condition = query::Condition;
    using Operand = query::Operand;

    std::string column(std::size_t field);
    std::string operand(const Operand& operand);
    std::string value(const query::Value& value);
    std::string comparison(const Condition& condition, const char* sign);
    std::string equality(const Condition& condition);
    std::string membership(const Condition& condition);
    std::string text_test(const Condition& condition, const char* pattern);
    std::string junction(const Condition& condition, const char* sign);

    struct Bound {
        std::string name;
        std::variant<long long, std::string> value;
    };

    const Dialect& dialect_;
    std::span<const Column> columns_;
    unsigned joins_ = 0;
    /// A deque, because SOCI keeps references.
    std::deque<Bound> bound_;
};

}  // namespace webhooks::storage
