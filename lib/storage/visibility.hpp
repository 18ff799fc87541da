#pragma once

#include <webhooks/principal.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Whether a principal may see a subscription. One with an operator's scope shows what happens to
/// everyone.
inline bool may_see(const Principal& principal, const Subscription& subscription) {
    if (subscription.operator_scope && !principal.is_administrator()) return false;
    return principal.may_see(subscription.user_id, subscription.id);
}

}  // namespace webhooks::storage
