#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// How an HTTP transport behaves.
struct HttpTransportOptions {
    /// For the whole attempt, from lookup to the end of the answer, where the request says nothing
    /// else (`OutgoingRequest::timeout`); never extended. 100 ms - 5 min.
    std::chrono::milliseconds attempt_timeout = std::chrono::seconds(15);
    /// For look-up, connection and TLS handshake together. 100 ms - `attempt_timeout`.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
    /// What the body of an answer has at most once status and headers are complete; then the
    /// attempt ends with that answer. At most 64 KiB of the body are read. 0 - 5 min.
    std::chrono::milliseconds body_timeout = std::chrono::seconds(1);
    /// An answer whose status line and headers are larger fails. 1 KiB - 1 MiB.
    std::size_t max_header_bytes = std::size_t{64} * 1024;
    /// How long an unused connection is kept. 0 - 10 min; 0 keeps none.
    std::chrono::milliseconds keep_alive = std::chrono::seconds(30);
    /// Unused connections kept in all. 0-100,000.
    std::size_t max_idle_connections = 512;
    /// Certificates of authorities to trust beside the system's: a PEM file, or empty for none.
    std::string ca_file = {};
    /// The `user-agent`: 1-256 printable ASCII characters. Empty: `webhooks/<version>`.
    std::string user_agent = {};

    /// Who is asked for the addresses of names, in this order: `ADDRESS`, `ADDRESS:PORT` or, for
    /// IPv6 with a port, `[ADDRESS]:PORT`. 0-8 of them; none: those that the system is set up for.
    /// The hosts file comes first in either case.
    std::vector<std::string> name_servers = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// HTTP/1.1 and HTTPS with kept-alive connections. Certificates and host names are always verified
/// (TLS >= 1.2). Every address is judged right before it is dialled; no proxy is used.
/// @return invalid_argument for bad options, or a `ca_file` that cannot be read.
Result<std::shared_ptr<Transport>> make_http_transport(HttpTransportOptions = {});

}  // namespace webhooks
