#pragma once

#include <soci/soci.h>

#include <query/plan.hpp>
#include <storage/sql/condition_sql.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// A list of the subscriptions that a principal may see, without `recent_events`. Runs in the
/// caller's transaction and throws what SOCI throws.
Page<Subscription> list_subscriptions(soci::session& sql, const Dialect& dialect,
                                      const Principal& principal, const query::Plan& plan);

}  // namespace webhooks::storage
