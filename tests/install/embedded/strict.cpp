#include <webhooks/asio.hpp>
#include <webhooks/http/server.hpp>
#include <webhooks/outbox.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/testing/faulty_storage.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/webhooks.hpp>

void publish_order_later(webhooks::WebhookService& service) {
    webhooks::async_publish(service, webhooks::Principal::user("u1"),
                            {.event_type = "order.created", .payload = "{}"},
                            [](const webhooks::Result<webhooks::PublishReceipt>&) {});
}

webhooks::Result<webhooks::PublishReceipt> publish_order(webhooks::WebhookService& service) {
    return service.publish(webhooks::Principal::user("u1"),
                           {.event_type = "order.created", .payload = "{}"});
}
