#pragma once

#include <query/cursor.hpp>
#include <query/node.hpp>
#include <query/plan.hpp>
#include <variant>

namespace webhooks::query {

/// A field's column, or why there is none of that name. The fault has no position.
std::variant<std::size_t, Fault> find_field(std::string_view name, ListKind kind);
/// As `find_field`, for a field that is to be compared or sorted by.
std::variant<std::size_t, Fault> find_comparable_field(std::string_view name, ListKind kind);

/// Looks the names of a filter up and judges its types. Numbers and moments become whole numbers,
/// exactly: what has a fraction is rewritten.
std::variant<Condition, Fault> resolve(const Node& filter, ListKind kind);

}  // namespace webhooks::query
