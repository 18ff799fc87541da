#pragma once

#include <query/node.hpp>
#include <query/plan.hpp>
#include <query/syntax_error.hpp>
#include <variant>

namespace webhooks::query {

/// Resolves the names in a filter and checks its types. Numbers and times become whole numbers,
/// exactly: values with a fraction are rewritten.
std::variant<Condition, SyntaxError> resolve(const Node& filter, ListKind kind);

}  // namespace webhooks::query
