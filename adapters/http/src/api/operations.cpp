#include "operations.hpp"

namespace webhooks::http {
namespace {

/// The handler of an operation that responds before it returns.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
void at_once(WebhookService& service, const Call& call, Done done) {
    done(operation(service, call));
}

constexpr std::string_view get = "GET", post = "POST", put = "PUT", del = "DELETE";

/// The table row of a query.
constexpr Operation query(std::string_view id, std::string_view path, Action action,
                          void (*handler)(WebhookService&, const Call&, Done)) {
    return {id, get, path, action, handler, BodySize::ordinary, Duration::query};
}

/// The table row of an operation on sessions of the portal.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
constexpr Operation session(std::string_view id, std::string_view method, std::string_view path,
                            std::optional<Action> action) {
    const BodySize body_size = action ? BodySize::ordinary : BodySize::small;
    return {id, method, path, action, at_once<operation>, body_size, Duration::brief, Area::portal};
}

/// The table row of a file of the portal's page.
template <Result<Response> (*operation)(WebhookService&, const Call&)>
constexpr Operation page_file(std::string_view id, std::string_view path) {
    return {id,
            get,
            path,
            {},
            at_once<operation>,
            BodySize::ordinary,
            Duration::brief,
            Area::portal_page};
}

/// The same, where the body says what is asked.
constexpr Operation post_query(std::string_view id, std::string_view path, Action action,
                               void (*handler)(WebhookService&, const Call&, Done)) {
    return {id, post, path, action, handler, BodySize::ordinary, Duration::query};
}

constexpr Operation table[] = {
    query("listSubscriptions", "{base}/subscriptions", Action::list_subscriptions,
          at_once<list_subscriptions>),
    {"createSubscription", post, "{base}/subscriptions", Action::create_subscription,
     at_once<create_subscription>},
    {"getSubscription", get, "{base}/subscriptions/{id}", Action::get_subscription,
     at_once<get_subscription>},
    {"updateSubscription", put, "{base}/subscriptions/{id}", Action::update_subscription,
     at_once<update_subscription>},
    {"deleteSubscription", del, "{base}/subscriptions/{id}", Action::delete_subscription,
     at_once<delete_subscription>},
    {"listEventTypes", get, "{base}/event-types", Action::list_event_types,
     at_once<list_event_types>},
    {"registerEventType", post, "{base}/event-types", Action::register_event_type,
     at_once<register_event_type>},
    {"getEventCatalog", get, "{base}/event-types/openapi.json", Action::get_event_catalog,
     at_once<get_event_catalog>},
    {"getEventType", get, "{base}/event-types/{name}", Action::get_event_type,
     at_once<get_event_type>},
    {"retireEventType", del, "{base}/event-types/{name}", Action::retire_event_type,
     at_once<retire_event_type>},
    post_query("testFilter", "{base}/filters/test", Action::test_filter, at_once<test_filter>),
    {"sendTestEvent", post, "{base}/subscriptions/{id}/test", Action::send_test_event,
     at_once<send_test_event>},
    query("listEvents", "{base}/subscriptions/{id}/events", Action::list_events,
          at_once<list_events>),
    query("readFeed", "{base}/subscriptions/{id}/feed", Action::read_feed, read_feed),
    {"getEvent", get, "{base}/subscriptions/{id}/events/{eventId}", Action::get_event,
     at_once<get_event>},
    {"deleteEvent", del, "{base}/subscriptions/{id}/events/{eventId}", Action::delete_event,
     at_once<delete_event>},
    {"retryEvent", post, "{base}/subscriptions/{id}/events/{eventId}/retry", Action::retry_event,
     at_once<retry_event>},
    {"recover", post, "{base}/subscriptions/{id}/recover", Action::recover, at_once<recover>},
    {"rotateSecret", post, "{base}/subscriptions/{id}/rotate-secret", Action::rotate_secret,
     at_once<rotate_secret>},
    query("getStatistics", "{base}/subscriptions/{id}/stats", Action::get_statistics,
          at_once<get_statistics>),
    query("getSeries", "{base}/subscriptions/{id}/stats/series", Action::get_series,
          at_once<get_series>),
    query("getAllSeries", "{base}/stats/series", Action::get_all_series, at_once<get_all_series>),
    query("listAllEvents", "{base}/events", Action::list_all_events, at_once<list_all_events>),
    {"publish", post, "{base}/events", Action::publish, publish},
    query("getAnyEvent", "{base}/events/{event}", Action::get_event, at_once<get_any_event>),
    post_query("matchEvent", "{base}/events/match", Action::match_event, at_once<match_event>),
    {"publishBatch", post, "{base}/events/batch", Action::publish, publish_batch, BodySize::batch},
    query("listApiKeys", "{base}/api-keys", Action::list_api_keys, at_once<list_api_keys>),
    {"createApiKey", post, "{base}/api-keys", Action::create_api_key, at_once<create_api_key>},
    {"deleteApiKey", del, "{base}/api-keys/{keyId}", Action::delete_api_key,
     at_once<delete_api_key>},
    query("listAudit", "{base}/audit", Action::list_audit, at_once<list_audit>),
    query("getOverview", "{base}/overview", Action::get_overview, at_once<get_overview>),
    query("listUsers", "{base}/users", Action::list_users, at_once<list_users>),
    session<create_portal_session>("createPortalSession", post, "{base}/portal-sessions",
                                   Action::create_portal_session),
    session<delete_portal_sessions>("deletePortalSessions", del, "{base}/portal-sessions",
                                    Action::delete_portal_session),
    session<delete_portal_session>("deletePortalSession", del, "{base}/portal-sessions/{sessionId}",
                                   Action::delete_portal_session),
    session<start_portal_session>("startPortalSession", post, "/portal/session", {}),
    session<get_portal_session>("getPortalSession", get, "/portal/session",
                                Action::get_own_session),
    session<end_portal_session>("endPortalSession", del, "/portal/session",
                                Action::end_own_session),
    page_file<get_portal_page>("getPortalPage", "/portal"),
    page_file<get_portal_asset>("getPortalAsset", "/portal/assets/{hash}/{file}"),
    page_file<get_portal_brand_style>("getPortalBrandStyle", "/portal/brand.css"),
    page_file<get_portal_logo>("getPortalLogo", "/portal/logo"),
    page_file<get_portal_config>("getPortalConfig", "/portal/config.json"),
    {"getOpenApi", get, "/openapi.json", {}, at_once<get_openapi>},
    {"getMetrics", get, "/metrics", Action::get_metrics, at_once<get_metrics>},
    {"checkLive", get, "/health/live", {}, at_once<check_live>},
    {"checkReady", get, "/health/ready", {}, at_once<check_ready>},
};

}  // namespace

std::span<const Operation> operations() {
    return table;
}

}  // namespace webhooks::http
