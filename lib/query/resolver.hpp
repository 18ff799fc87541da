#pragma once

#include <query/fault.hpp>
#include <query/node.hpp>
#include <query/plan.hpp>
#include <variant>

namespace webhooks::query {

/// Looks the names of a filter up and judges its types. Numbers and moments become whole numbers,
/// exactly: what has a fraction is rewritten.
std::variant<Condition, Fault> resolve(const Node& filter, ListKind kind);

}  // namespace webhooks::query
