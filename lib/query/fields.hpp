#pragma once

#include <query/plan.hpp>
#include <query/syntax_error.hpp>
#include <string_view>
#include <variant>

namespace webhooks::query {

/// The name of a type with its article, for messages.
const char* name_of(Type type);

/// A field's column, or why there is none of that name. The error has no position.
std::variant<std::size_t, SyntaxError> find_field(std::string_view name, ListKind kind);
/// As `find_field`, for a field in a comparison or a sort.
std::variant<std::size_t, SyntaxError> find_comparable_field(std::string_view name, ListKind kind);

}  // namespace webhooks::query
