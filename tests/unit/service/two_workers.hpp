#pragma once

#include <algorithm>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

/// The fixture's worker, whose endpoint always fails and is tried every second, and another one on
/// the same storage.
struct TwoWorkersFixture : ServiceFixture {
    const std::shared_ptr<Storage> shared = storage;
    std::shared_ptr<ManualClock> other_clock = clock;
    std::shared_ptr<FakeTransport> other_transport = std::make_shared<FakeTransport>();
    std::optional<WebhookService> other;

    TwoWorkersFixture() {
        options.retry_schedule = {1s};
        options.breaker_failures = 1000;
    }

    void reopen_on(std::shared_ptr<Storage> given) {
        running.reset();
        storage = std::move(given);
        open();
    }

    void open_other() {
        other.emplace(WebhookService::open({.storage = shared,
                                            .transport = other_transport,
                                            .clock = other_clock,
                                            .observer = observer},
                                           options)
                          .value());
    }

    void settle_other() {
        while (other->run_once().value() > 0) {
        }
    }

    void answer_what_is_in_flight(int status_code, const std::string& retry_after = {}) {
        answer_what_is_in_flight_at(*transport, status_code, retry_after);
        settle();
    }

    static void answer_what_is_in_flight_at(FakeTransport& given, int status_code,
                                            const std::string& retry_after = {}) {
        for (const Transport::Token token : given.in_flight()) {
            given.answer(token, {.kind = TransportAnswer::Kind::answered,
                                 .status_code = status_code,
                                 .retry_after = retry_after});
        }
    }

    /// At the other worker, for the worker that claims it then.
    void publish_later(std::chrono::seconds delay) {
        other
            ->publish(alice, {.event_type = "order.created",
                              .payload = "{}",
                              .deliver_at = clock->now() + delay})
            .value();
    }

    /// Has the fixture's worker look then for what is due, because something of its own is.
    void look_at_due_in(std::chrono::seconds delay) {
        subscribe(alice, "invoice.paid", "https://hooks.example.com/own");
        service()
            .publish(
                alice,
                {.event_type = "invoice.paid", .payload = "{}", .deliver_at = clock->now() + delay})
            .value();
        settle();
    }

    std::int64_t count(const Subscription& subscription, const char* filter) {
        return shared
            ->list_events(alice, subscription.id,
                          ListQuery::parse({.filter = filter}, ListKind::events).value())
            .value()
            .total.value();
    }

    std::size_t requests_to(const std::string& path) {
        return static_cast<std::size_t>(std::ranges::count_if(
            transport->requests(),
            [&](const OutgoingRequest& request) { return request.target->url.target() == path; }));
    }
};

}  // namespace webhooks::testing
