#pragma once

#include <support/catch.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

inline const Principal alice = Principal::user("alice");
inline const Principal bob = Principal::user("bob");
inline const Principal admin = Principal::administrator("admin");

/// A service on doubles that its test drives manually.
struct ServiceFixture {
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    std::shared_ptr<Storage> storage = make_memory_storage(clock);
    std::shared_ptr<Observer> observer = std::make_shared<Observer>();
    ServiceOptions options{.retry_jitter = 0};
    std::optional<WebhookService> running;

    ServiceFixture() { open(); }

    void open() {
        running.emplace(
            WebhookService::open(
                {.storage = storage, .transport = transport, .clock = clock, .observer = observer},
                options)
                .value());
        for (const char* name : {"order.created", "order.shipped", "invoice.paid"}) {
            running->register_event_type({.name = name, .description = ""}).value();
        }
    }

    WebhookService& service() { return *running; }

    Subscription subscribe(const Principal& owner = alice,
                           const std::string& event_type = "order.created",
                           const std::string& url = "https://hooks.example.com/a") {
        return service()
            .create_subscription(owner, {.name = "mine", .event_type = event_type, .url = url})
            .value();
    }

    EventId publish(const std::string& payload = "{}") {
        const PublishReceipt receipt =
            service().publish(alice, {.event_type = "order.created", .payload = payload}).value();
        REQUIRE(receipt.event_ids.size() == 1);
        return receipt.event_ids.front();
    }

    /// Lets the service do everything that it can do now.
    void settle() {
        while (service().run_once().value() > 0) {
        }
    }

    void advance(std::chrono::microseconds by) {
        clock->advance(by);
        settle();
    }

    Event event(SubscriptionId subscription, EventId id) {
        for (const Event& candidate :
             service().events(alice, subscription, {.take = 1000}).value().items) {
            if (candidate.id == id) return candidate;
        }
        FAIL("no event " << id.value);
        return {};
    }
};

}  // namespace webhooks::testing
