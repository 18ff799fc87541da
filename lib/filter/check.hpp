#pragma once

#include <optional>
#include <query/node.hpp>
#include <query/syntax_error.hpp>

namespace webhooks::filter {

/// What in a filter of payloads can never mean anything: a comparison of two values, an order with
/// null, an event type as a number. Whether the values of a payload fit is seen at each event.
std::optional<query::SyntaxError> check(const query::Node& filter);

}  // namespace webhooks::filter
