#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// One that is inactive already keeps the reason for which it became so.
inline void set_active(Subscription& subscription, bool is_active, DeactivationReason reason,
                       Time now) {
    if (is_active) {
        subscription.deactivation_reason.reset();
        subscription.deactivated_at.reset();
    } else if (subscription.is_active) {
        subscription.deactivation_reason = reason;
        subscription.deactivated_at = now;
    }
    subscription.is_active = is_active;
}

/// Sets what storage assigns to a new subscription, except for its id.
inline void begin(Subscription& subscription, Time now, Revision revision) {
    const bool is_active = std::exchange(subscription.is_active, true);
    set_active(subscription, is_active, DeactivationReason::user, now);
    subscription.created_at = subscription.updated_at = now;
    subscription.revision = revision;
}

/// Whether the subscription is the one that the change was made for.
inline Result<> check_revision(const SubscriptionChange& change, const Subscription& subscription) {
    if (!change.expected_revision || *change.expected_revision == subscription.revision) return {};
    return Error(Errc::stale_revision, "the subscription has changed");
}

/// Applies the members that are set. A change may have repaired the endpoint, so the recorded state
/// of the endpoint is reset.
inline void apply(const SubscriptionChange& change, Subscription& subscription, Time now,
                  Revision revision) {
    if (change.name) subscription.name = *change.name;
    if (change.event_type) subscription.event_type = *change.event_type;
    if (change.filter) subscription.filter = *change.filter;
    if (change.url) subscription.url = *change.url;
    if (change.secret) {
        subscription.secret = *change.secret;
        subscription.retired_secrets.clear();
    }
    if (change.headers) subscription.headers = *change.headers;
    if (change.max_retry_count) subscription.max_retry_count = *change.max_retry_count;
    if (change.is_active) {
        set_active(subscription, *change.is_active, DeactivationReason::user, now);
    }
    if (change.rate_limit) subscription.rate_limit = *change.rate_limit;
    if (change.timeout) subscription.timeout = *change.timeout;
    if (change.retry_on) subscription.retry_on = *change.retry_on;
    if (change.operator_scope) subscription.operator_scope = *change.operator_scope;
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

/// Joins what one worker found out of an endpoint to what others did.
/// @return whether the other workers must be notified until when it is paused now
inline bool join(const EndpointState& state, Subscription& subscription, Time now) {
    std::optional<Time>& failing_since = subscription.failing_since;
    if (!state.failing_since || !failing_since || *state.failing_since < *failing_since) {
        failing_since = state.failing_since;
    }
    std::optional<Time>& paused_until = subscription.paused_until;
    const bool was_paused = paused_until && *paused_until > now;
    if (state.ended_pause && paused_until && *paused_until <= *state.ended_pause) {
        paused_until.reset();
    }
    const bool ends = was_paused && !paused_until;
    // Absent is before any time.
    paused_until = std::max(paused_until, state.paused_until);
    return ends || state.is_requested;
}

/// A success ends the state of which subscribers were notified, whichever worker has it.
/// @return since when the endpoint failed, if subscribers must be notified that it has recovered
inline std::optional<Time> end_notified_failing(const EndpointState& state,
                                                Subscription& subscription) {
    if (state.failing_since) return std::nullopt;
    return std::exchange(subscription.notified_failing_since, std::nullopt);
}

/// Whether a notice still applies to the subscription's current version, and is the first.
inline bool concerns(const FailingNotice& notice, const Subscription& subscription) {
    return subscription.is_active && subscription.revision == notice.revision &&
           !subscription.notified_failing_since;
}

/// Whether a deactivation still applies to the subscription's current version.
inline bool concerns(const Deactivation& deactivation, const Subscription& subscription) {
    return subscription.is_active && subscription.revision == deactivation.revision;
}

/// The service itself deactivates a subscription.
inline void deactivate(const Deactivation& deactivation, Subscription& subscription, Time now,
                       Revision revision) {
    set_active(subscription, false,
               deactivation.failing_since ? DeactivationReason::failing : DeactivationReason::gone,
               now);
    apply({}, subscription, now, revision);
}

}  // namespace webhooks::storage
