#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/document_fetcher.hpp>
#include <webhooks/endpoint.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Configuration of the HTTP transport.
struct HttpTransportOptions {
    /// For the whole attempt, from the DNS lookup to the end of the response, unless the request
    /// has a timeout of its own (`OutgoingRequest::timeout`); never extended. 100 ms - 5 min.
    std::chrono::milliseconds attempt_timeout = std::chrono::seconds(15);
    /// For DNS lookup, connection and TLS handshake together, within the time of the attempt: 100
    /// ms - `attempt_timeout`.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
    /// The maximum time for the response body once status and headers are complete; after that, the
    /// attempt ends with this response. At most 64 KiB of the body are read. 0 - 5 min.
    std::chrono::milliseconds body_timeout = std::chrono::seconds(1);
    /// A response whose status line and headers are larger is a failure. 1 KiB - 1 MiB.
    std::size_t max_header_bytes = std::size_t{64} * 1024;
    /// How long an idle connection is kept open. 0 - 10 min; 0 keeps none.
    std::chrono::milliseconds keep_alive = std::chrono::seconds(30);
    /// The maximum number of idle connections. 0-100,000.
    std::size_t max_idle_connections = 512;
    /// How many threads sign and make requests. 1: only the one that drives the transport, and the
    /// transport starts none. More: that many threads of its own, `webhooks-net-1` and so on, from
    /// the first attempt until `cancel_all`, which a service that stops calls. Each has its own
    /// part of the hosts (scheme, name and port), and up to 2,000 TLS sessions. Use more where many
    /// new TLS connections take more than one core (docs/performance.md). 1-64.
    int delivery_threads = 1;
    /// Additional trusted certificate authorities: a PEM file, or empty for only the system's.
    std::string ca_file = {};
    /// The `user-agent`: 1-256 printable ASCII characters. Empty: `webhooks/<version>`.
    std::string user_agent = {};

    /// The DNS servers, in order of preference: `ADDRESS`, `ADDRESS:PORT` or, for IPv6 with a port,
    /// `[ADDRESS]:PORT`. At most 8; none: the system's configuration. The hosts file is read first
    /// in either case.
    std::vector<std::string> name_servers = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// HTTP/1.1 and HTTPS with keep-alive connections. Certificates and host names are always verified
/// (TLS >= 1.2). Every address is checked immediately before the connection; no proxy is used.
/// @return invalid_argument for bad options, or a `ca_file` that cannot be read.
Result<std::shared_ptr<Transport>> make_http_transport(HttpTransportOptions = {});

/// Reads documents of up to 64 KiB by GET, over https alone, under the rules of deliveries: names
/// and addresses are checked against the policy, no redirect is followed, certificates are
/// verified. A request waits for one that is in flight. `delivery_threads` has no effect.
/// @return as above; invalid_argument also for a bad policy.
Result<std::shared_ptr<DocumentFetcher>> make_document_fetcher(HttpTransportOptions = {},
                                                               EndpointPolicy = {});

}  // namespace webhooks
