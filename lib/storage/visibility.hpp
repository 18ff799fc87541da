#pragma once

#include <webhooks/error.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Whether a principal may see a subscription. One with an operator's scope shows what happens to
/// everyone.
inline bool may_see(const Principal& principal, const Subscription& subscription) {
    if (subscription.operator_scope && !principal.is_administrator()) return false;
    return principal.may_see(subscription.user_id, subscription.id);
}

/// The same for one that does not exist and one that the principal may not see.
inline Error no_such_subscription() {
    return {Errc::not_found, "no such subscription"};
}
inline Error no_such_event() {
    return {Errc::not_found, "no such event"};
}

}  // namespace webhooks::storage
