#pragma once

#include <query/plan.hpp>

namespace webhooks::storage {

/// Whether a condition on events can be true for one that was delivered and does not wait. If it
/// cannot, only undelivered events have to be read, which are a small part of a log.
bool may_hold_for_delivered(const query::Condition&);

}  // namespace webhooks::storage
