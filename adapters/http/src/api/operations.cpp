#include "operations.hpp"

#include "query.hpp"

namespace webhooks::http {
namespace {

/// The handler of an operation that responds before it returns.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
void at_once(WebhookService& service, const Call& call, Done done) {
    done(operation(service, call));
}

constexpr std::string_view get = "GET", post = "POST", put = "PUT", del = "DELETE";

using Parameters = std::optional<std::string_view>;
/// Unknown ones are ignored.
constexpr Parameters any = std::nullopt;
constexpr Parameters none = "";
constexpr Parameters of_list = list_parameters;

/// The table row of a query.
constexpr Operation query(std::string_view id, std::string_view path, Parameters parameters,
                          Action action, void (*handler)(WebhookService&, const Call&, Done)) {
    return {id, get, path, parameters, action, handler, BodySize::ordinary, Duration::query};
}

/// The table row of an operation on sessions of the portal.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
constexpr Operation session(std::string_view id, std::string_view method, std::string_view path,
                            Parameters parameters, std::optional<Action> action) {
    const BodySize body_size = action ? BodySize::ordinary : BodySize::small;
    return {id,        method,          path,        parameters, action, at_once<operation>,
            body_size, Duration::brief, Area::portal};
}

/// The table row of a file of the portal's page.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
constexpr Operation page_file(std::string_view id, std::string_view path) {
    return {id,
            get,
            path,
            any,
            {},
            at_once<operation>,
            BodySize::ordinary,
            Duration::brief,
            Area::portal_page};
}

/// The same, where the body says what is asked.
constexpr Operation post_query(std::string_view id, std::string_view path, Action action,
                               void (*handler)(WebhookService&, const Call&, Done)) {
    return {id, post, path, none, action, handler, BodySize::ordinary, Duration::query};
}

constexpr Operation table[] = {
    query("listSubscriptions", "{base}/subscriptions", any, Action::list_subscriptions,
          at_once<list_subscriptions>),
    {"createSubscription", post, "{base}/subscriptions", any, Action::create_subscription,
     at_once<create_subscription>},
    {"getSubscription", get, "{base}/subscriptions/{id}", any, Action::get_subscription,
     at_once<get_subscription>},
    {"updateSubscription", put, "{base}/subscriptions/{id}", any, Action::update_subscription,
     at_once<update_subscription>},
    {"deleteSubscription", del, "{base}/subscriptions/{id}", any, Action::delete_subscription,
     at_once<delete_subscription>},
    {"listEventTypes", get, "{base}/event-types", any, Action::list_event_types,
     at_once<list_event_types>},
    {"registerEventType", post, "{base}/event-types", none, Action::register_event_type,
     at_once<register_event_type>},
    {"getEventCatalog", get, "{base}/event-types/openapi.json", none, Action::get_event_catalog,
     at_once<get_event_catalog>},
    {"getEventType", get, "{base}/event-types/{name}", "retired", Action::get_event_type,
     at_once<get_event_type>},
    {"retireEventType", del, "{base}/event-types/{name}", "force", Action::retire_event_type,
     at_once<retire_event_type>},
    post_query("testFilter", "{base}/filters/test", Action::test_filter, at_once<test_filter>),
    {"sendTestEvent", post, "{base}/subscriptions/{id}/test", any, Action::send_test_event,
     at_once<send_test_event>},
    query("listEvents", "{base}/subscriptions/{id}/events", any, Action::list_events,
          at_once<list_events>),
    query("readFeed", "{base}/subscriptions/{id}/feed", "cursor since take wait", Action::read_feed,
          read_feed),
    {"getEvent", get, "{base}/subscriptions/{id}/events/{eventId}", none, Action::get_event,
     at_once<get_event>},
    {"deleteEvent", del, "{base}/subscriptions/{id}/events/{eventId}", any, Action::delete_event,
     at_once<delete_event>},
    {"retryEvent", post, "{base}/subscriptions/{id}/events/{eventId}/retry", none,
     Action::retry_event, at_once<retry_event>},
    {"recover", post, "{base}/subscriptions/{id}/recover", none, Action::recover, at_once<recover>},
    {"rotateSecret", post, "{base}/subscriptions/{id}/rotate-secret", none, Action::rotate_secret,
     at_once<rotate_secret>},
    query("getStatistics", "{base}/subscriptions/{id}/stats", none, Action::get_statistics,
          at_once<get_statistics>),
    query("getSeries", "{base}/subscriptions/{id}/stats/series", "from to step", Action::get_series,
          at_once<get_series>),
    query("getAllSeries", "{base}/stats/series", "from to step userId", Action::get_all_series,
          at_once<get_all_series>),
    query("listAllEvents", "{base}/events", of_list, Action::list_all_events,
          at_once<list_all_events>),
    {"publish", post, "{base}/events",
     "eventType userId idempotencyKey deliverAt expiresAt orderingKey", Action::publish, publish},
    query("getAnyEvent", "{base}/events/{event}", none, Action::get_event, at_once<get_any_event>),
    post_query("matchEvent", "{base}/events/match", Action::match_event, at_once<match_event>),
    {"publishBatch", post, "{base}/events/batch", none, Action::publish, publish_batch,
     BodySize::batch},
    query("listApiKeys", "{base}/api-keys", none, Action::list_api_keys, at_once<list_api_keys>),
    {"createApiKey", post, "{base}/api-keys", none, Action::create_api_key,
     at_once<create_api_key>},
    {"deleteApiKey", del, "{base}/api-keys/{keyId}", none, Action::delete_api_key,
     at_once<delete_api_key>},
    query("listAudit", "{base}/audit", of_list, Action::list_audit, at_once<list_audit>),
    query("getOverview", "{base}/overview", none, Action::get_overview, at_once<get_overview>),
    query("listUsers", "{base}/users", "after take", Action::list_users, at_once<list_users>),
    session<create_portal_session>("createPortalSession", post, "{base}/portal-sessions", none,
                                   Action::create_portal_session),
    session<delete_portal_sessions>("deletePortalSessions", del, "{base}/portal-sessions", "userId",
                                    Action::delete_portal_session),
    session<delete_portal_session>("deletePortalSession", del, "{base}/portal-sessions/{sessionId}",
                                   none, Action::delete_portal_session),
    session<start_portal_session>("startPortalSession", post, "/portal/session", none, {}),
    session<get_portal_session>("getPortalSession", get, "/portal/session", none,
                                Action::get_own_session),
    session<end_portal_session>("endPortalSession", del, "/portal/session", none,
                                Action::end_own_session),
    page_file<get_portal_page>("getPortalPage", "/portal"),
    page_file<get_portal_asset>("getPortalAsset", "/portal/assets/{hash}/{file}"),
    page_file<get_portal_brand_style>("getPortalBrandStyle", "/portal/brand.css"),
    page_file<get_portal_logo>("getPortalLogo", "/portal/logo"),
    page_file<get_portal_config>("getPortalConfig", "/portal/config.json"),
    {"getOpenApi", get, "/openapi.json", any, {}, at_once<get_openapi>},
    {"getMetrics", get, "/metrics", any, Action::get_metrics, at_once<get_metrics>},
    {"checkLive", get, "/health/live", any, {}, at_once<check_live>},
    {"checkReady", get, "/health/ready", any, {}, at_once<check_ready>},
};

}  // namespace

std::span<const Operation> operations() {
    return table;
}

}  // namespace webhooks::http
