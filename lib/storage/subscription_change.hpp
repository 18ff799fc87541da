#pragma once

#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Applies the members that are set. A change may have repaired the endpoint, so the recorded state
/// of the endpoint is reset.
inline void apply(const SubscriptionChange& change, Subscription& subscription, Time now,
                  Revision revision) {
    if (change.name) subscription.name = *change.name;
    if (change.event_type) subscription.event_type = *change.event_type;
    if (change.url) subscription.url = *change.url;
    if (change.secret) {
        subscription.secret = *change.secret;
        subscription.retired_secrets.clear();
    }
    if (change.headers) subscription.headers = *change.headers;
    if (change.max_retry_count) subscription.max_retry_count = *change.max_retry_count;
    if (change.is_active) subscription.is_active = *change.is_active;
    if (change.rate_limit) subscription.rate_limit = *change.rate_limit;
    if (change.timeout) subscription.timeout = *change.timeout;
    if (change.retry_on) subscription.retry_on = *change.retry_on;
    subscription.failing_since.reset();
    subscription.paused_until.reset();
    subscription.updated_at = now;
    subscription.revision = revision;
}

/// Replaces the current secret, which becomes a retired one.
inline void rotate(Subscription& subscription, const Secret& secret, std::chrono::seconds overlap,
                   Time now, Revision revision) {
    std::vector<RetiredSecret>& retired = subscription.retired_secrets;
    std::erase_if(retired, [now](const RetiredSecret& old) { return old.expires_at <= now; });
    if (overlap == std::chrono::seconds(0)) {
        retired.clear();
    } else {
        retired.insert(retired.begin(),
                       {.secret = subscription.secret, .expires_at = now + overlap});
        if (retired.size() > max_retired_secrets) retired.pop_back();
    }
    subscription.secret = secret;
    subscription.updated_at = now;
    subscription.revision = revision;
}

/// Whether a deactivation still applies to the subscription's current version.
inline bool concerns(const Deactivation& deactivation, const Subscription& subscription) {
    return subscription.is_active && subscription.revision == deactivation.judged_at;
}

}  // namespace webhooks::storage
