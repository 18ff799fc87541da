#pragma once

#include <cstdint>
#include <optional>
#include <storage/sql/postgresql/connection.hpp>
#include <string>
#include <string_view>

namespace webhooks::storage {

/// One column of many rows as a PostgreSQL array, in its binary format.
class PostgresqlArray {
public:
    enum class Element : std::uint32_t { bigint = 20, integer = 23, text = 25 };  // pg_type.oid

    explicit PostgresqlArray(Element element);

    /// For a BIGINT or INTEGER column.
    void add(std::optional<std::int64_t> number);
    /// For a TEXT column. PostgreSQL cannot store U+0000, which a response may contain.
    void add(std::optional<std::string_view> text);

    /// The array as a parameter of a statement; leaves this object empty.
    Parameter take();

private:
    void add_null();

    Element element_;
    std::uint32_t size_ = 0;
    bool has_null_ = false;
    std::string bytes_;  ///< The header, which is filled in last, and the elements.
};

}  // namespace webhooks::storage
