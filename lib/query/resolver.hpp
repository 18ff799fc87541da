#pragma once

#include <query/node.hpp>
#include <query/plan.hpp>
#include <query/syntax_error.hpp>
#include <variant>

namespace webhooks::query {

/// Looks the names of a filter up and judges its types. Numbers and moments become whole numbers,
/// exactly: what has a fraction is rewritten.
std::variant<Condition, SyntaxError> resolve(const Node& filter, ListKind kind);

}  // namespace webhooks::query
