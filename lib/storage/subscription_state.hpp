#pragma once

#include <cstddef>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// What counts subscriptions in this state. @param counts a StorageSample or a UserSummary
template <class Counts>
std::size_t& count_of(Counts& counts, SubscriptionState state) {
    switch (state) {
        case SubscriptionState::inactive:
            return counts.inactive;
        case SubscriptionState::failing:
            return counts.failing;
        case SubscriptionState::paused:
            return counts.paused;
        case SubscriptionState::active:
            break;
    }
    return counts.active;
}

}  // namespace webhooks::storage
