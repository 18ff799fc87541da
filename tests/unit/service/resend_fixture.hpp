#pragma once

#include <unit/service/fixture.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

/// A service with one subscription, whose events can be made to fail.
struct ResendFixture : ServiceFixture {
    Subscription subscription = subscribe_with_retries(0);

    Subscription subscribe_with_retries(int count) {
        return service()
            .create_subscription(alice, {.name = "mine",
                                         .event_type = "order.created",
                                         .url = "https://hooks.example.com/a",
                                         .max_retry_count = count})
            .value();
    }

    /// An event that has used up its attempts.
    EventId fail() {
        transport->respond_with_status(500);
        const EventId id = publish();
        settle();
        return id;
    }

    void change(SubscriptionChange change) {
        service().update_subscription(alice, subscription.id, std::move(change)).value();
    }

    EventHistory history(EventId id) { return service().event(alice, subscription.id, id).value(); }

    Result<Event> retry(EventId id) { return service().retry_event(alice, subscription.id, id); }

    std::size_t recover(Time since = Time{}) {
        return service().recover(alice, subscription.id, since).value();
    }
};

}  // namespace webhooks::testing
