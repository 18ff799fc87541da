#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

static_assert(WEBHOOKS_VERSION_NUMBER == WEBHOOKS_VERSION_MAJOR * 10000 +
                                             WEBHOOKS_VERSION_MINOR * 100 + WEBHOOKS_VERSION_PATCH);

int main() {
    auto service = webhooks::WebhookService::open(
        {.storage = webhooks::make_memory_storage(),
         .transport = std::make_shared<webhooks::testing::FakeTransport>()});
    return service && service->register_event_type({"order.created", "An order"}) ? 0 : 1;
}
