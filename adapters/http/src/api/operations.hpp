#pragma once

/// @file
/// One function for each operation: it reads the request, calls the service and writes the answer.
/// An error that is returned is answered as answers.hpp says.

#include <functional>
#include <string>
#include <webhooks/webhook_service.hpp>

#include "../message.hpp"

namespace webhooks::http {

/// A request that found its operation, and who sends it.
struct Call {
    const Request& request;
    const Principal& caller;
    SubscriptionId subscription{};
    EventId event{};
};

using Done = std::function<void(Result<Response>)>;

Result<Response> list_subscriptions(WebhookService&, const Call&);
Result<Response> create_subscription(WebhookService&, const Call&);
Result<Response> get_subscription(WebhookService&, const Call&);
Result<Response> update_subscription(WebhookService&, const Call&);
Result<Response> delete_subscription(WebhookService&, const Call&);
Result<Response> list_event_types(WebhookService&);
Result<Response> send_test_event(WebhookService&, const Call&);
Result<Response> list_events(WebhookService&, const Call&);
Result<Response> get_event(WebhookService&, const Call&);
Result<Response> delete_event(WebhookService&, const Call&);
Result<Response> retry_event(WebhookService&, const Call&);
Result<Response> recover(WebhookService&, const Call&);
Result<Response> rotate_secret(WebhookService&, const Call&);
Result<Response> get_statistics(WebhookService&, const Call&);
/// Does not wait for the commit: `done` is called once it is there, perhaps from another thread.
void publish(WebhookService&, const Call&, Done done);
/// As `publish`.
void publish_batch(WebhookService&, const Call&, Done done);
Response check_live();
Result<Response> check_ready(WebhookService&);

}  // namespace webhooks::http
