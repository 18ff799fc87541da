#include "option_table.hpp"

#include <algorithm>

namespace server {
namespace {

using Texts = std::vector<std::string>;
using ErrorTexts = std::vector<ErrorText>;

void collect(ErrorTexts& errors, ErrorText error) {
    if (!error.empty()) errors.push_back(std::move(error));
}

/// If an option occurs several times, the last one counts.
template <class T>
ErrorTexts read(const Texts& texts, T& place) {
    ErrorTexts errors;
    collect(errors, parse(texts.back(), place));
    return errors;
}

template <class T>
ErrorTexts read(const Texts& texts, std::vector<T>& place) {
    ErrorTexts errors;
    std::vector<T> values;
    for (const std::string& text : texts) {
        collect(errors, parse(text, values.emplace_back()));
    }
    if (errors.empty()) place = std::move(values);
    return errors;
}

template <class T>
std::string show(const T& value) {
    return to_text(value);
}

template <class T>
std::string show(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values)
        text += (text.empty() ? "" : ", ") + to_text(value);
    return text;
}

/// The member at the end of a path of member pointers.
template <auto... path>
constexpr Binding into = {
    [](const Texts& texts, Settings& settings) { return read(texts, (settings.*....*path)); },
    [](const Settings& settings) { return show((settings.*....*path)); }};

using S = Settings;
using webhooks::CatalogOptions;
using webhooks::EndpointPolicy;
using webhooks::HttpTransportOptions;
using webhooks::LogWhileDeactivated;
using webhooks::PostgresqlOptions;
using webhooks::RequestRate;
using webhooks::ServiceOptions;
using webhooks::SqliteOptions;
using webhooks::http::JwtOptions;
using webhooks::http::PortalBrand;
using webhooks::http::PortalOptions;
using webhooks::http::ServerOptions;
using webhooks::http::TlsOptions;

constexpr auto in_service = &S::service;
constexpr auto in_endpoints = &ServiceOptions::endpoints;
constexpr auto in_catalog = &ServiceOptions::catalog;
constexpr auto in_log_while_deactivated = &ServiceOptions::log_while_deactivated;
constexpr auto in_transport = &S::transport;
constexpr auto in_sqlite = &S::sqlite;
constexpr auto in_postgresql = &S::postgresql;
constexpr auto in_rest = &S::server;
constexpr auto in_jwt = &S::jwt;
constexpr auto in_portal = &S::portal;
constexpr auto in_portal_options = &PortalSettings::options;
constexpr auto in_brand = &PortalOptions::brand;

// clang-format off
constexpr Option table[] = {
    {"listen", Kind::text, Scope::serving, "ADDRESS:PORT",
     "address to listen on; port 0 selects a free one", into<&S::listen>},
    {"storage", Kind::text, Scope::everywhere, "STORAGE",
     "sqlite:PATH, postgresql://USER@HOST/DATABASE or memory:", into<&S::storage>},
    {"event_type", Kind::map, Scope::serving, "NAME=DESCRIPTION",
     "an event type to add or update; repeatable", into<&S::event_types>},
    {"allow_network", Kind::list, Scope::serving, "CIDR",
     "allow deliveries to this network, which is not public; repeatable",
     into<in_service, in_endpoints, &EndpointPolicy::allowed_networks>},
    {"allow_host", Kind::list, Scope::serving, "NAME",
     "allow this reserved name in URLs; repeatable",
     into<in_service, in_endpoints, &EndpointPolicy::allowed_hosts>},
    {"https_only", Kind::boolean, Scope::serving, "",
     "reject http URLs", into<in_service, in_endpoints, &EndpointPolicy::https_only>},
    {"drain", Kind::text, Scope::serving, "DURATION",
     "how long a stop waits for requests in flight; at most 10s", into<&S::drain>},
    {"log_format", Kind::text, Scope::serving, "FORMAT",
     "text, or json for one object a line on standard error",
     into<&S::log, &LogSettings::format>},
    {"log_level", Kind::text, Scope::serving, "LEVEL",
     "the lowest level that is logged: debug, info, warning, error",
     into<&S::log, &LogSettings::level>},
    {"config", Kind::text, Scope::flag_only, "FILE",
     "a JSON file with any of these options; flags override it", into<&S::config_file>},
    {"user", Kind::text, Scope::keys_create, "NAME",
     "the owner of the key", into<&S::key, &KeySettings::user>},
    {"admin", Kind::boolean, Scope::keys_create, "",
     "make the user an administrator", into<&S::key, &KeySettings::is_administrator>},
    {"name", Kind::text, Scope::keys_create, "NAME",
     "a name to recognize the key by", into<&S::key, &KeySettings::name>},
    {"permission", Kind::list, Scope::keys_create, "NAME",
     "what the key may do, e.g. events:publish; repeatable; without it all of a user's",
     into<&S::key, &KeySettings::permissions>},
    {"subscription_id", Kind::number, Scope::keys_create, "ID",
     "limit the key to this subscription of the user",
     into<&S::key, &KeySettings::subscription>},
    {"expires_at", Kind::text, Scope::keys_create, "TIME",
     "when the key ends, e.g. 2027-01-31T09:05:00Z", into<&S::key, &KeySettings::expires_at>},
    {"rate_limit.per_second", Kind::number, Scope::keys_create, "COUNT",
     "requests per second of this key, instead of the server's limit",
     into<&S::key, &KeySettings::rate, &RequestRate::per_second>},
    {"rate_limit.burst", Kind::number, Scope::keys_create, "COUNT",
     "of these, how many at once", into<&S::key, &KeySettings::rate, &RequestRate::burst>},

    {"service.retry_schedule", Kind::list, Scope::serving, "DURATION",
     "delay before the second, third, ... attempt; repeatable",
     into<in_service, &ServiceOptions::retry_schedule>},
    {"service.retry_jitter", Kind::number, Scope::serving, "PART",
     "fraction by which a delay varies randomly",
     into<in_service, &ServiceOptions::retry_jitter>},
    {"service.default_max_retry_count", Kind::number, Scope::serving, "COUNT",
     "attempts after the first, for subscriptions that do not set it",
     into<in_service, &ServiceOptions::default_max_retry_count>},
    {"service.max_retry_after", Kind::text, Scope::serving, "DURATION",
     "the longest Retry-After that is honoured",
     into<in_service, &ServiceOptions::max_retry_after>},
    {"service.breaker_failures", Kind::number, Scope::serving, "COUNT",
     "consecutive failures after which an endpoint is paused and then probed",
     into<in_service, &ServiceOptions::breaker_failures>},
    {"service.breaker_pause", Kind::text, Scope::serving, "DURATION",
     "the first such pause; each failed probe doubles it",
     into<in_service, &ServiceOptions::breaker_pause>},
    {"service.breaker_max_pause", Kind::text, Scope::serving, "DURATION",
     "the longest such pause",
     into<in_service, &ServiceOptions::breaker_max_pause>},
    {"service.deactivate_after", Kind::text, Scope::serving, "DURATION",
     "deactivate a subscription that has only failed for this long; 0s: never",
     into<in_service, &ServiceOptions::deactivate_after>},
    {"service.failing_notice_after", Kind::text, Scope::serving, "DURATION",
     "send webhook.subscription.failing once an endpoint has only failed for this long",
     into<in_service, &ServiceOptions::failing_notice_after>},
    {"service.exhausted_notice_window", Kind::text, Scope::serving, "DURATION",
     "of a subscription's exhausted events in this period, tell the first and then their number; "
     "0s: tell them at once",
     into<in_service, &ServiceOptions::exhausted_notice_window>},
    {"service.log_while_deactivated.failing", Kind::boolean, Scope::serving, "",
     "log events of a subscription that was deactivated because it only failed, for recover",
     into<in_service, in_log_while_deactivated, &LogWhileDeactivated::failing>},
    {"service.log_while_deactivated.gone", Kind::boolean, Scope::serving, "",
     "the same for one whose endpoint responded with 410",
     into<in_service, in_log_while_deactivated, &LogWhileDeactivated::gone>},
    {"service.event_type_label", Kind::boolean, Scope::serving, "",
     "add a metric of attempts by event type, of the first 50 types",
     into<in_service, &ServiceOptions::event_type_label>},
    {"service.catalog.title", Kind::text, Scope::serving, "TEXT",
     "title of the OpenAPI document of the event types",
     into<in_service, in_catalog, &CatalogOptions::title>},
    {"service.catalog.version", Kind::text, Scope::serving, "TEXT",
     "version of that document", into<in_service, in_catalog, &CatalogOptions::version>},
    {"service.catalog.description", Kind::text, Scope::serving, "TEXT",
     "description in that document", into<in_service, in_catalog, &CatalogOptions::description>},
    {"service.trace_to_endpoints", Kind::boolean, Scope::serving, "",
     "send traceparent and tracestate of publications to endpoints; it shows them your trace ids",
     into<in_service, &ServiceOptions::trace_to_endpoints>},
    {"service.max_in_flight", Kind::number, Scope::serving, "COUNT",
     "maximum requests in flight",
     into<in_service, &ServiceOptions::max_in_flight>},
    {"service.max_in_flight_per_host", Kind::number, Scope::serving, "COUNT",
     "maximum requests in flight to one scheme, host and port",
     into<in_service, &ServiceOptions::max_in_flight_per_host>},
    {"service.max_events_in_memory", Kind::number, Scope::serving, "COUNT",
     "maximum events in memory; the rest waits in storage",
     into<in_service, &ServiceOptions::max_events_in_memory>},
    {"service.max_payload_bytes_in_memory", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of payloads in memory; the rest waits in storage",
     into<in_service, &ServiceOptions::max_payload_bytes_in_memory>},
    {"service.persist_after", Kind::text, Scope::serving, "DURATION",
     "an event that has waited in memory for this long gets a row in storage",
     into<in_service, &ServiceOptions::persist_after>},
    {"service.max_publish_queue", Kind::number, Scope::serving, "COUNT",
     "maximum publications waiting to be committed",
     into<in_service, &ServiceOptions::max_publish_queue>},
    {"service.max_batch", Kind::number, Scope::serving, "COUNT",
     "maximum publications in one commit", into<in_service, &ServiceOptions::max_batch>},
    {"service.max_events_per_commit", Kind::number, Scope::serving, "COUNT",
     "maximum events in one commit", into<in_service, &ServiceOptions::max_events_per_commit>},
    {"service.max_events_per_batch", Kind::number, Scope::serving, "COUNT",
     "maximum events of one batch", into<in_service, &ServiceOptions::max_events_per_batch>},
    {"service.max_payload_bytes", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of a payload",
     into<in_service, &ServiceOptions::max_payload_bytes>},
    {"service.retention", Kind::text, Scope::serving, "DURATION",
     "delete events older than this once they have ended; 0s: keep all",
     into<in_service, &ServiceOptions::retention>},
    {"service.audit_retention", Kind::text, Scope::serving, "DURATION",
     "delete audit records older than this; 0s: keep all",
     into<in_service, &ServiceOptions::audit_retention>},
    {"service.heartbeat_interval", Kind::text, Scope::serving, "DURATION",
     "how often the service sends a heartbeat and checks for changes by others",
     into<in_service, &ServiceOptions::heartbeat_interval>},
    {"service.lease", Kind::text, Scope::serving, "DURATION",
     "a service without a heartbeat for this long is taken over by others",
     into<in_service, &ServiceOptions::lease>},

    {"transport.attempt_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of a whole attempt", into<in_transport, &HttpTransportOptions::attempt_timeout>},
    {"transport.connect_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of DNS lookup, connection and TLS handshake together",
     into<in_transport, &HttpTransportOptions::connect_timeout>},
    {"transport.body_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of a response body, after its headers",
     into<in_transport, &HttpTransportOptions::body_timeout>},
    {"transport.max_header_bytes", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of a response's status line and headers", into<in_transport, &HttpTransportOptions::max_header_bytes>},
    {"transport.keep_alive", Kind::text, Scope::serving, "DURATION",
     "how long an idle connection is kept open",
     into<in_transport, &HttpTransportOptions::keep_alive>},
    {"transport.max_idle_connections", Kind::number, Scope::serving, "COUNT",
     "maximum idle connections",
     into<in_transport, &HttpTransportOptions::max_idle_connections>},
    {"transport.delivery_threads", Kind::number, Scope::serving, "COUNT",
     "threads that make requests, each for its part of the hosts; 1: none of their own", into<in_transport, &HttpTransportOptions::delivery_threads>},
    {"transport.ca_file", Kind::text, Scope::serving, "FILE",
     "PEM file of additional trusted certificate authorities",
     into<in_transport, &HttpTransportOptions::ca_file>},
    {"transport.name_servers", Kind::list, Scope::serving, "ADDRESS",
     "DNS servers to use instead of the system's; repeatable",
     into<in_transport, &HttpTransportOptions::name_servers>},
    {"transport.user_agent", Kind::text, Scope::serving, "TEXT",
     "the user-agent header", into<in_transport, &HttpTransportOptions::user_agent>},

    {"sqlite.readers", Kind::number, Scope::everywhere, "COUNT",
     "connections for reading", into<in_sqlite, &SqliteOptions::readers>},
    {"sqlite.busy_timeout", Kind::text, Scope::everywhere, "DURATION",
     "how long to wait for another process's write transaction",
     into<in_sqlite, &SqliteOptions::busy_timeout>},
    {"sqlite.query_timeout", Kind::text, Scope::everywhere, "DURATION",
     "time limit of a list query or statistics", into<in_sqlite, &SqliteOptions::query_timeout>},

    {"encryption.keys_file", Kind::text, Scope::everywhere, "FILE",
     "encrypt signing secrets and header values in the database; each line of the file is an id, a "
     "space and 32 bytes in base64, and the first is the current key",
     into<&S::encryption, &EncryptionSettings::keys_file>},
    {"encryption.secrets", Kind::boolean, Scope::everywhere, "",
     "with --encryption.keys-file; =false converts them back to plain text",
     into<&S::encryption, &EncryptionSettings::secrets>},
    {"encryption.payloads", Kind::boolean, Scope::everywhere, "",
     "with --encryption.keys-file: also encrypt payloads and responses, which events can then not be "
     "filtered by",
     into<&S::encryption, &EncryptionSettings::payloads>},

    {"postgresql.schema", Kind::text, Scope::everywhere, "NAME",
     "schema of the library's tables", into<in_postgresql, &PostgresqlOptions::schema>},
    {"postgresql.connections", Kind::number, Scope::everywhere, "COUNT",
     "connections for requests; deliveries have one more",
     into<in_postgresql, &PostgresqlOptions::connections>},
    {"postgresql.connect_timeout", Kind::text, Scope::everywhere, "DURATION",
     "time limit for connecting", into<in_postgresql, &PostgresqlOptions::connect_timeout>},
    {"postgresql.tcp_user_timeout", Kind::text, Scope::everywhere, "DURATION",
     "close a connection on which sent data stays unacknowledged for this long",
     into<in_postgresql, &PostgresqlOptions::tcp_user_timeout>},
    {"postgresql.statement_timeout", Kind::text, Scope::everywhere, "DURATION",
     "time limit of a statement", into<in_postgresql, &PostgresqlOptions::statement_timeout>},
    {"postgresql.query_timeout", Kind::text, Scope::everywhere, "DURATION",
     "time limit of a statement of a list query or of statistics",
     into<in_postgresql, &PostgresqlOptions::query_timeout>},
    {"postgresql.lock_timeout", Kind::text, Scope::everywhere, "DURATION",
     "how long a statement may wait for a lock", into<in_postgresql, &PostgresqlOptions::lock_timeout>},
    {"postgresql.answer_timeout", Kind::text, Scope::everywhere, "DURATION",
     "close a connection whose server does not respond for this long",
     into<in_postgresql, &PostgresqlOptions::answer_timeout>},
    {"postgresql.application_name", Kind::text, Scope::everywhere, "NAME",
     "the name shown in pg_stat_activity", into<in_postgresql, &PostgresqlOptions::application_name>},

    {"server.certificate_file", Kind::text, Scope::serving, "FILE",
     "serve https with this certificate and its chain (PEM); reloaded when it changes",
     into<in_rest, &ServerOptions::tls, &TlsOptions::certificate_file>},
    {"server.key_file", Kind::text, Scope::serving, "FILE",
     "the certificate's key (PEM)", into<in_rest, &ServerOptions::tls, &TlsOptions::key_file>},
    {"server.metrics_host", Kind::text, Scope::serving, "ADDRESS",
     "address of a listener for /metrics that asks for no key",
     into<in_rest, &ServerOptions::metrics_host>},
    {"server.metrics_port", Kind::number, Scope::serving, "PORT",
     "its port; 0 picks a free one, and without this flag there is none",
     into<in_rest, &ServerOptions::metrics_port>},
    {"server.base_path", Kind::text, Scope::serving, "PATH",
     "path prefix of the API", into<in_rest, &ServerOptions::base_path>},
    {"server.threads", Kind::number, Scope::serving, "COUNT",
     "threads that serve requests", into<in_rest, &ServerOptions::threads>},
    {"server.query_threads", Kind::number, Scope::serving, "COUNT",
     "threads that serve lists and statistics, one at a time for each user",
     into<in_rest, &ServerOptions::query_threads>},
    {"server.max_connections", Kind::number, Scope::serving, "COUNT",
     "maximum connections", into<in_rest, &ServerOptions::max_connections>},
    {"server.max_connections_per_address", Kind::number, Scope::serving, "COUNT",
     "maximum connections from one address; loopback is exempt",
     into<in_rest, &ServerOptions::max_connections_per_address>},
    {"server.max_response_bytes", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of responses that wait to be written", into<in_rest, &ServerOptions::max_response_bytes>},
    {"server.max_body_bytes", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of a request's body; 0: what the largest payload needs", into<in_rest, &ServerOptions::max_body_bytes>},
    {"server.max_batch_body_bytes", Kind::number, Scope::serving, "BYTES",
     "maximum bytes of a batch of events", into<in_rest, &ServerOptions::max_batch_body_bytes>},
    {"server.header_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of a request's headers", into<in_rest, &ServerOptions::header_timeout>},
    {"server.body_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of a request's body", into<in_rest, &ServerOptions::body_timeout>},
    {"server.write_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of a response that stalls", into<in_rest, &ServerOptions::write_timeout>},
    {"server.idle_timeout", Kind::text, Scope::serving, "DURATION",
     "time limit of an idle connection", into<in_rest, &ServerOptions::idle_timeout>},
    {"server.rate_limit.per_second", Kind::number, Scope::serving, "COUNT",
     "requests per second of each credential, in each process; 0: no limit",
     into<in_rest, &ServerOptions::rate_limit, &RequestRate::per_second>},
    {"server.rate_limit.burst", Kind::number, Scope::serving, "COUNT",
     "requests of each credential at once; 0: as many as per second",
     into<in_rest, &ServerOptions::rate_limit, &RequestRate::burst>},

    {"jwt.jwks_file", Kind::text, Scope::serving, "FILE",
     "accept JSON Web Tokens signed with a key of this set (RFC 7517); read again when it changes",
     into<in_jwt, &JwtOptions::jwks_file>},
    {"jwt.jwks_url", Kind::text, Scope::serving, "URL",
     "the same, published by https; read every 10 minutes, and when a token names another key",
     into<in_jwt, &JwtOptions::jwks_url>},
    {"jwt.audience", Kind::text, Scope::serving, "NAME",
     "what aud of a token must be or contain; without it, tokens must have no aud",
     into<in_jwt, &JwtOptions::audience>},
    {"jwt.issuer", Kind::text, Scope::serving, "NAME",
     "what iss of a token must be; without it, anything", into<in_jwt, &JwtOptions::issuer>},
    {"jwt.permissions_claim", Kind::text, Scope::serving, "NAME",
     "the claim with an array of names of permissions; a token without it has all of a user's",
     into<in_jwt, &JwtOptions::permissions_claim>},
    {"jwt.leeway", Kind::text, Scope::serving, "DURATION",
     "how far the clock of a token's issuer may be off", into<in_jwt, &JwtOptions::leeway>},
    {"jwt.max_lifetime", Kind::text, Scope::serving, "DURATION",
     "the longest time for which a token may be valid", into<in_jwt, &JwtOptions::max_lifetime>},

    {"portal.public_url", Kind::text, Scope::serving, "URL",
     "serve the portal at /portal/; the root of this server for a browser, or auto: its address",
     into<in_portal, in_portal_options, &PortalOptions::public_url>},
    {"portal.frame_ancestors", Kind::list, Scope::serving, "ORIGIN",
     "allow pages of this origin to show the portal in a frame; repeatable",
     into<in_portal, in_portal_options, &PortalOptions::frame_ancestors>},
    {"portal.appearance", Kind::text, Scope::serving, "APPEARANCE",
     "auto (as the reader's system), light or dark",
     into<in_portal, in_portal_options, &PortalOptions::appearance>},
    {"portal.egress_addresses", Kind::list, Scope::serving, "ADDRESS",
     "an address that deliveries come from, to show to customers; repeatable",
     into<in_portal, in_portal_options, &PortalOptions::egress_addresses>},
    {"portal.show_operator", Kind::boolean, Scope::serving, "",
     "offer the views for operators",
     into<in_portal, in_portal_options, &PortalOptions::show_operator>},
    {"portal.brand.name", Kind::text, Scope::serving, "NAME",
     "the name on the portal", into<in_portal, in_portal_options, in_brand, &PortalBrand::name>},
    {"portal.brand.accent", Kind::text, Scope::serving, "#RRGGBB",
     "the color of its buttons and links",
     into<in_portal, in_portal_options, in_brand, &PortalBrand::accent>},
    {"portal.brand.logo_file", Kind::text, Scope::serving, "FILE",
     "its logo, a PNG or SVG file of at most 64 KiB", into<in_portal, &PortalSettings::logo_file>},
    {"portal.brand.home_url", Kind::text, Scope::serving, "URL",
     "where it links to when a session has ended",
     into<in_portal, in_portal_options, in_brand, &PortalBrand::home_url>},
};
// clang-format on

}  // namespace

std::string Option::flag() const {
    std::string text = "--" + std::string(name);
    std::ranges::replace(text, '_', '-');
    return text;
}

std::span<const Option> option_table() {
    return table;
}

const Option* option_by_name(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Option::name);
    return found == std::end(table) ? nullptr : found;
}

const Option* option_by_flag(std::string_view flag) {
    const auto found = std::ranges::find(table, flag, &Option::flag);
    return found == std::end(table) ? nullptr : found;
}

}  // namespace server
