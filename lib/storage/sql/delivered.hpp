#pragma once

#include <cstdint>
#include <query/plan.hpp>

namespace webhooks::storage {

/// For which events that were delivered, or are only read, and do not wait a condition is true. If
/// that is the same for all, only the others have to be examined, which are a small part of a log.
enum class Holds : std::uint8_t { never, sometimes, always };
Holds holds_for_delivered(const query::Condition&);

}  // namespace webhooks::storage
