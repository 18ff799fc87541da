#pragma once

#include <functional>
#include <optional>
#include <query/plan.hpp>

namespace webhooks::query {

/// Returns a row's value by column.
using Row = std::function<Value(std::size_t column)>;

/// @return nullopt for unknown.
std::optional<bool> evaluate(const Condition& condition, const Row& row);

/// Whether one row comes before another.
bool comes_before(const std::vector<SortColumn>& order, const Row& left, const Row& right);

}  // namespace webhooks::query
