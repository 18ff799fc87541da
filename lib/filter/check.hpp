#pragma once

#include <optional>
#include <query/node.hpp>
#include <query/syntax_error.hpp>

namespace webhooks::filter {

/// The first condition that has no meaning for any payload: a comparison of two values, an order
/// with null, an event type as a number. A value of a payload that has another type than the filter
/// expects is no error: the condition is unknown for that event.
std::optional<query::SyntaxError> check(const query::Node& filter);

}  // namespace webhooks::filter
