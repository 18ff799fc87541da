#pragma once

#include <query/plan.hpp>

namespace webhooks::storage {

/// Whether a condition on events can hold for one that was delivered and does not wait. Where it
/// cannot, only what is not delivered need be looked at, which is little of a log.
bool may_hold_for_delivered(const query::Condition&);

}  // namespace webhooks::storage
