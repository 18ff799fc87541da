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
constexpr Operation query(std::string_view path,
                          void (*handler)(WebhookService&, const Call&, Done)) {
    return {get, path, Needs::read, handler, BodySize::ordinary, Duration::query};
}

constexpr Operation table[] = {
    query("{base}/subscriptions", at_once<list_subscriptions>),
    {post, "{base}/subscriptions", Needs::write, at_once<create_subscription>},
    {get, "{base}/subscriptions/{id}", Needs::read, at_once<get_subscription>},
    {put, "{base}/subscriptions/{id}", Needs::write, at_once<update_subscription>},
    {del, "{base}/subscriptions/{id}", Needs::write, at_once<delete_subscription>},
    {get, "{base}/event-types", Needs::read, at_once<list_event_types>},
    {post, "{base}/subscriptions/{id}/test", Needs::write, at_once<send_test_event>},
    query("{base}/subscriptions/{id}/events", at_once<list_events>),
    {get, "{base}/subscriptions/{id}/events/{eventId}", Needs::read, at_once<get_event>},
    {del, "{base}/subscriptions/{id}/events/{eventId}", Needs::write, at_once<delete_event>},
    {post, "{base}/subscriptions/{id}/events/{eventId}/retry", Needs::write, at_once<retry_event>},
    {post, "{base}/subscriptions/{id}/recover", Needs::write, at_once<recover>},
    {post, "{base}/subscriptions/{id}/rotate-secret", Needs::write, at_once<rotate_secret>},
    query("{base}/subscriptions/{id}/stats", at_once<get_statistics>),
    query("{base}/events", at_once<list_all_events>),
    {post, "{base}/events", Needs::publish, publish},
    {post, "{base}/events/batch", Needs::publish, publish_batch, BodySize::batch},
    {get, "/openapi.json", Needs::none, at_once<get_openapi>},
    {get, "/health/live", Needs::none, at_once<check_live>},
    {get, "/health/ready", Needs::none, at_once<check_ready>},
};

}  // namespace

std::span<const Operation> operations() {
    return table;
}

}  // namespace webhooks::http
