#pragma once

/// @file
/// The table of operations, and one function for each: it reads the request, calls the service and
/// writes the response. Errors that it returns become responses as in answers.hpp. To add an
/// operation, write its function, its row in operations.cpp and its entry in openapi.yaml.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <webhooks/access.hpp>
#include <webhooks/http/api.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks::http {

class ApiMetrics;
class Callers;
class FeedWaits;
class Portal;
class RequestLimits;

/// A request with its operation and its caller.
struct Call {
    const RequestHead& head;
    const Fields& fields;
    const Peer& peer;
    std::string_view path;  ///< As sent.
    std::string_view query;
    std::string_view base_path;
    const std::string& body;
    const Principal& caller;
    const std::shared_ptr<const Callers>& callers;
    const ApiMetrics& metrics;
    RequestLimits& limits;
    SubscriptionId subscription{};
    EventId event{};
    ApiKeyId api_key{};
    PortalSessionId portal_session{};
    std::string_view event_type = {};  ///< `{name}` of the path.
    /// Instead of `event`, if the path identifies it so; otherwise empty.
    std::string_view webhook_id = {};
    /// Null if there is none; never null for an operation of the portal.
    const Portal* portal = nullptr;
    std::string_view asset_hash = {};  ///< `{hash}` of the path.
    std::string_view asset_name = {};  ///< `{file}` of the path.
    /// If requested, the response is no longer needed.
    std::stop_token stop = {};
    FeedWaits& feed_waits;
    const Continue& resume;  ///< Empty: as `Api::handle` says.
};

using Done = std::function<void(Result<Response>)>;

enum class BodySize {
    ordinary,
    batch,
    /// Of an operation that requires no credentials.
    small,
};

/// How long the handler may block; `query`: as long as storage allows a query.
enum class Duration { brief, query };

/// What an operation belongs to.
enum class Area {
    api,
    portal,       ///< It exists only with a portal.
    portal_page,  ///< The same, and it is the page's alone: the API's description lacks it.
};

struct Operation {
    std::string_view id;  ///< Its `operationId` in openapi.yaml.
    std::string_view method;
    /// With `{base}` for the base path, `{id}`, `{eventId}`, `{keyId}`, `{sessionId}`,
    /// `{name}` of an event type, `{hash}`, `{file}`, and `{event}` for an event's id or
    /// `webhook-id`.
    std::string_view path;
    /// The query parameters, with blanks between them: others are a 400. Absent: others are
    /// ignored, as the documented API wants it, and what probes and browsers ask for.
    std::optional<std::string_view> parameters;
    /// What the service checks the permission for (webhooks/access.hpp). Absent: anyone may call
    /// it.
    std::optional<Action> action;
    /// Calls `done` once, possibly later and on another thread.
    void (*handler)(WebhookService&, const Call&, Done done);
    BodySize body_size = BodySize::ordinary;
    Duration duration = Duration::brief;
    Area area = Area::api;
};

std::span<const Operation> operations();

Result<Response> list_subscriptions(WebhookService&, const Call&);
Result<Response> create_subscription(WebhookService&, const Call&);
Result<Response> get_subscription(WebhookService&, const Call&);
Result<Response> update_subscription(WebhookService&, const Call&);
Result<Response> delete_subscription(WebhookService&, const Call&);
Result<Response> list_event_types(WebhookService&, const Call&);
/// A caller without `subscriptions:read`, to whom an operation names a type or sends its example:
/// that is no secret to those who would see the type with the permission.
Principal as_reader_of_types(const Principal& caller);
Result<Response> get_event_catalog(WebhookService&, const Call&);
Result<Response> get_event_type(WebhookService&, const Call&);
Result<Response> register_event_type(WebhookService&, const Call&);
Result<Response> retire_event_type(WebhookService&, const Call&);
Result<Response> test_filter(WebhookService&, const Call&);
Result<Response> match_event(WebhookService&, const Call&);
Result<Response> send_test_event(WebhookService&, const Call&);
Result<Response> list_events(WebhookService&, const Call&);
Result<Response> list_all_events(WebhookService&, const Call&);
Result<Response> get_event(WebhookService&, const Call&);
Result<Response> get_any_event(WebhookService&, const Call&);
Result<Response> delete_event(WebhookService&, const Call&);
/// With `wait`, `done` may be called later, on another thread.
void read_feed(WebhookService&, const Call&, Done done);
Result<Response> retry_event(WebhookService&, const Call&);
Result<Response> recover(WebhookService&, const Call&);
Result<Response> rotate_secret(WebhookService&, const Call&);
Result<Response> get_statistics(WebhookService&, const Call&);
Result<Response> get_series(WebhookService&, const Call&);
Result<Response> get_all_series(WebhookService&, const Call&);
/// Does not wait for the commit: `done` is called after it, possibly on another thread.
void publish(WebhookService&, const Call&, Done done);
/// As `publish`.
void publish_batch(WebhookService&, const Call&, Done done);
Result<Response> list_api_keys(WebhookService&, const Call&);
Result<Response> create_api_key(WebhookService&, const Call&);
Result<Response> delete_api_key(WebhookService&, const Call&);
Result<Response> list_audit(WebhookService&, const Call&);
Result<Response> get_overview(WebhookService&, const Call&);
Result<Response> list_users(WebhookService&, const Call&);
Result<Response> create_portal_session(WebhookService&, const Call&);
Result<Response> delete_portal_session(WebhookService&, const Call&);
Result<Response> delete_portal_sessions(WebhookService&, const Call&);
Result<Response> start_portal_session(WebhookService&, const Call&);
Result<Response> get_portal_session(WebhookService&, const Call&);
Result<Response> end_portal_session(WebhookService&, const Call&);
Result<Response> get_portal_page(WebhookService&, const Call&);
Result<Response> get_portal_asset(WebhookService&, const Call&);
Result<Response> get_portal_brand_style(WebhookService&, const Call&);
Result<Response> get_portal_logo(WebhookService&, const Call&);
Result<Response> get_portal_config(WebhookService&, const Call&);
Result<Response> get_openapi(WebhookService&, const Call&);
Result<Response> get_metrics(WebhookService&, const Call&);
Result<Response> check_live(WebhookService&, const Call&);
Result<Response> check_ready(WebhookService&, const Call&);

}  // namespace webhooks::http
