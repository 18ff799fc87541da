#pragma once

#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Applies the members that are set.
inline void apply(const SubscriptionChange& change, Subscription& subscription) {
    if (change.name) subscription.name = *change.name;
    if (change.event_type) subscription.event_type = *change.event_type;
    if (change.url) subscription.url = *change.url;
    if (change.secret) subscription.secret = *change.secret;
    if (change.headers) subscription.headers = *change.headers;
    if (change.max_retry_count) subscription.max_retry_count = *change.max_retry_count;
    if (change.is_active) subscription.is_active = *change.is_active;
}

}  // namespace webhooks::storage
