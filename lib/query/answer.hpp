#pragma once

#include <query/budget.hpp>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::query {

/// As webhooks::answer, within a budget.
/// @return `timed_out()` if it is used up.
Result<Page<Subscription>> answer(const ListQuery&, std::vector<Subscription> rows, const Budget&);
Result<Page<Event>> answer(const ListQuery&, std::vector<Event> rows, const Budget&);

}  // namespace webhooks::query
