#pragma once

#include <query/budget.hpp>
#include <vector>
#include <webhooks/audit.hpp>
#include <webhooks/event.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::query {

/// As webhooks::evaluate, within a budget.
/// @return `timed_out()` if it is used up.
Result<Page<Subscription>> evaluate(const ListQuery&, std::vector<Subscription> rows,
                                    const Budget&);
Result<Page<Event>> evaluate(const ListQuery&, std::vector<Event> rows, const Budget&);
Result<Page<AuditRecord>> evaluate(const ListQuery&, std::vector<AuditRecord> rows, const Budget&);

}  // namespace webhooks::query
