// Resending on request: the part of WebhookService::Impl for single events and for periods.

#include <service/validation.hpp>
#include <service/webhook_service_impl.hpp>

namespace webhooks {

using service::check;

namespace {

/// The maximum number of events that one transaction makes due.
constexpr std::size_t recover_batch = 1000;

Error inactive() {
    return {Errc::conflict, "the subscription is not active: activate it first"};
}

}  // namespace

Result<Event> WebhookService::Impl::retry_event(const Principal& principal, SubscriptionId id,
                                                EventId event) {
    const Result<Subscription> subscription = storage->find_subscription(principal, id);
    if (!subscription) return subscription.error();
    const Result<EventHistory> found = storage->find_event(principal, id, event);
    if (!found) return found.error();
    if (subscription->delivery == Delivery::pull) return service::only_read();
    if (!subscription->is_active && found->event.event_type != test_event_type) return inactive();
    if (Result<> reopened = storage->reopen_event(principal, id, event); !reopened) {
        return reopened.error();
    }
    engine.request_claim();
    Result<EventHistory> waiting = storage->find_event(principal, id, event);
    if (!waiting) return waiting.error();
    // An event that was never attempted is not a probe: it waits for the end of the endpoint's
    // pause.
    const bool is_probe = !found->attempts.empty() || found->event.event_type == test_event_type;
    if (!is_probe && subscription->paused_until > engine.now()) {
        waiting->event.next_retry_at = subscription->paused_until;
    }
    return std::move(waiting->event);
}

Result<std::size_t> WebhookService::Impl::recover(const Principal& principal, SubscriptionId id,
                                                  const CreationPeriod& period) {
    const Result<Subscription> subscription = storage->find_subscription(principal, id);
    if (!subscription) return subscription.error();
    if (Result<> verdict = check(period); !verdict) return verdict.error();
    if (subscription->delivery == Delivery::pull) return service::only_read();
    if (!subscription->is_active) return inactive();
    std::size_t recovered = 0;
    for (std::optional<EventId> after = EventId{}; after;) {
        const Result<Reopened> reopened =
            storage->reopen_undelivered(principal, id, period, *after, recover_batch);
        if (!reopened) return reopened.error();
        recovered += reopened->count;
        after = reopened->next;
        if (reopened->count > 0) engine.request_claim();
    }
    return recovered;
}

Result<std::size_t> WebhookService::Impl::count_undelivered(const Principal& principal,
                                                            SubscriptionId id,
                                                            const CreationPeriod& period) const {
    // A missing subscription takes precedence over invalid input.
    const Result<Subscription> found = storage->find_subscription(principal, id);
    if (!found) return found.error();
    if (Result<> verdict = check(period); !verdict) return verdict.error();
    if (found->delivery == Delivery::pull) return service::only_read();
    return storage->count_undelivered(principal, id, period);
}

}  // namespace webhooks
