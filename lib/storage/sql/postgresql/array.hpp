#pragma once

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <string>
#include <string_view>

namespace webhooks::storage {

/// One column of many rows as an array of PostgreSQL, in its binary form.
class PostgresqlArray {
public:
    enum class Element : std::uint32_t { bigint = 20, integer = 23, text = 25 };  // pg_type.oid

    explicit PostgresqlArray(Element element);

    /// To a BIGINT or INTEGER column.
    void add(std::optional<std::int64_t> number);
    /// To a TEXT column. PostgreSQL stores no U+0000; what an endpoint responded with may have one.
    void add(std::optional<std::string_view> text);

    /// The array as a value of a statement; what is left is empty.
    Parameter take();

private:
    void add_null();

    Element element_;
    std::uint32_t size_ = 0;
    bool has_null_ = false;
    std::string bytes_;  ///< The header, which is filled in last, and the elements.
};

}  // namespace webhooks::storage
