#include <webhooks/subscription.hpp>

namespace webhooks {

SubscriptionState state_of(const Subscription& subscription, Time now) noexcept {
    if (!subscription.is_active) return SubscriptionState::inactive;
    if (subscription.failing_since) return SubscriptionState::failing;
    if (subscription.paused_until > now) return SubscriptionState::paused;
    return SubscriptionState::active;
}

}  // namespace webhooks
