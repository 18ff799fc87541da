// A host whose static object owns a running service, and uses it for the last time after `main`. It
// ends with 0 if the service has stopped by then; its threads would use what OpenSSL has freed.

#include <cstdlib>
#include <memory>
#include <webhooks/webhooks.hpp>

namespace {

using namespace webhooks;

struct Host {
    std::unique_ptr<WebhookService> service;

    ~Host() {
        const auto published =
            service->publish(Principal::user("ann"), {.event_type = "a.b", .payload = "{}"});
        std::_Exit(!published && published.error() == Errc::stopped ? 0 : 1);
    }
};

Host host;

}  // namespace

/// @param arguments the number of delivery threads; 1 without one.
int main(int count, char** arguments) {
    HttpTransportOptions transport;
    if (count > 1) transport.delivery_threads = std::atoi(arguments[1]);
    ServiceOptions options;
    options.endpoints.allowed_networks = {Network::parse("127.0.0.0/8").value()};
    host.service = std::make_unique<WebhookService>(
        WebhookService::open(
            {.storage = make_memory_storage(), .transport = make_http_transport(transport).value()},
            options)
            .value());
    host.service->start().value();
    host.service->register_event_type({.name = "a.b", .description = ""}).value();
    const Principal ann = Principal::user("ann");
    host.service
        ->create_subscription(
            ann, {.name = "endpoint", .event_type = "a.b", .url = "http://127.0.0.1:20000/"})
        .value();
    for (int i = 0; i < 20; ++i) {
        host.service->async_publish(ann, {.event_type = "a.b", .payload = "{}"}, [](auto) {});
    }
}
