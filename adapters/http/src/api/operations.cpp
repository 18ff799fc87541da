#include "operations.hpp"

namespace webhooks::http {
namespace {

/// The handler of an operation that responds before it returns.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
void at_once(WebhookService& service, const Call& call, Done done) {
    done(operation(service, call));
}

constexpr std::string_view get = "GET", post = "POST", put = "PUT", del = "DELETE";
using Needs = Permission;

/// The table row of a query.
constexpr Operation query(std::string_view id, std::string_view path,
                          void (*handler)(WebhookService&, const Call&, Done)) {
    return {id, get, path, Needs::read, handler, BodySize::ordinary, Duration::query};
}

constexpr Operation table[] = {
    query("listSubscriptions", "{base}/subscriptions", at_once<list_subscriptions>),
    {"createSubscription", post, "{base}/subscriptions", Needs::write,
     at_once<create_subscription>},
    {"getSubscription", get, "{base}/subscriptions/{id}", Needs::read, at_once<get_subscription>},
    {"updateSubscription", put, "{base}/subscriptions/{id}", Needs::write,
     at_once<update_subscription>},
    {"deleteSubscription", del, "{base}/subscriptions/{id}", Needs::write,
     at_once<delete_subscription>},
    {"listEventTypes", get, "{base}/event-types", Needs::read, at_once<list_event_types>},
    {"sendTestEvent", post, "{base}/subscriptions/{id}/test", Needs::write,
     at_once<send_test_event>},
    query("listEvents", "{base}/subscriptions/{id}/events", at_once<list_events>),
    {"getEvent", get, "{base}/subscriptions/{id}/events/{eventId}", Needs::read,
     at_once<get_event>},
    {"deleteEvent", del, "{base}/subscriptions/{id}/events/{eventId}", Needs::write,
     at_once<delete_event>},
    {"retryEvent", post, "{base}/subscriptions/{id}/events/{eventId}/retry", Needs::write,
     at_once<retry_event>},
    {"recover", post, "{base}/subscriptions/{id}/recover", Needs::write, at_once<recover>},
    {"rotateSecret", post, "{base}/subscriptions/{id}/rotate-secret", Needs::write,
     at_once<rotate_secret>},
    query("getStatistics", "{base}/subscriptions/{id}/stats", at_once<get_statistics>),
    query("listAllEvents", "{base}/events", at_once<list_all_events>),
    {"publish", post, "{base}/events", Needs::publish, publish},
    query("getAnyEvent", "{base}/events/{event}", at_once<get_any_event>),
    {"publishBatch", post, "{base}/events/batch", Needs::publish, publish_batch, BodySize::batch},
    {"getOpenApi", get, "/openapi.json", Needs::none, at_once<get_openapi>},
    {"getMetrics", get, "/metrics", Needs::administer, at_once<get_metrics>},
    {"checkLive", get, "/health/live", Needs::none, at_once<check_live>},
    {"checkReady", get, "/health/ready", Needs::none, at_once<check_ready>},
};

}  // namespace

std::span<const Operation> operations() {
    return table;
}

}  // namespace webhooks::http
