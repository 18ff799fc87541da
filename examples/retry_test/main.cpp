// A test of a host: what it publishes is delivered, by a retry if the first attempt fails. No
// sockets, no threads, no waiting: the transport answers as scripted and the clock is set forward.

#include <cstdlib>
#include <iostream>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/webhooks.hpp>

namespace {

void expect(bool holds, const char* what) {
    if (holds) return;
    std::cerr << "failed: " << what << '\n';
    std::exit(EXIT_FAILURE);
}

}  // namespace

int main() {
    const auto clock = std::make_shared<webhooks::testing::ManualClock>();
    const auto transport = std::make_shared<webhooks::testing::FakeTransport>(clock);
    auto service = webhooks::WebhookService::open({.storage = webhooks::make_memory_storage(clock),
                                                   .transport = transport,
                                                   .clock = clock})
                       .value();
    const auto run = [&] {
        while (service.run_once().value() > 0) {
        }
    };
    const auto ann = webhooks::Principal::user("ann");
    service.register_event_type({"order.created", "An order was placed"}).value();
    service
        .create_subscription(
            ann,
            {.name = "orders", .event_type = "order.created", .url = "https://hooks.example.com/"})
        .value();

    transport->respond_with_status(500);
    service.publish(ann, {.event_type = "order.created", .payload = R"({"order":42})"}).value();
    run();
    expect(transport->requests().size() == 1, "the event is attempted at once");

    transport->respond_with_status(204);
    clock->advance(std::chrono::seconds(7));  // The first retry is due after 5 s, ± 20 %.
    run();
    expect(transport->requests().size() == 2, "it is retried");
    expect(service.all_events(ann).value().items.front().is_success, "and delivered");
    std::cout << "passed\n";
}
