#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/api.hpp>
#include <webhooks/webhook_service.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// The certificate of a listener, in PEM. Both files, or neither for HTTP without TLS. They are
/// read again when they change; if they are unusable then, the previous certificate stays.
struct TlsOptions {
    std::string certificate_file = {};  ///< The server's certificate, then its issuers'.
    std::string key_file = {};

    bool is_set() const noexcept { return !certificate_file.empty() || !key_file.empty(); }
};

/// The configuration of the REST listener. For the reasons of the limits see docs/security.md.
struct ServerOptions {
    std::string host = "127.0.0.1";  ///< An IPv4 or IPv6 address.
    std::uint16_t port = 8080;       ///< 0 selects a free one.
    /// A separate listener for `GET /metrics` that requires no key: everyone who can reach it may
    /// read the metrics. Without a port there is none; 0 selects a free one.
    std::string metrics_host = "127.0.0.1";
    std::optional<std::uint16_t> metrics_port = {};
    TlsOptions tls = {};  ///< TLS 1.2 and 1.3, with forward secrecy only.
    /// Threads that serve requests. 1-64.
    std::size_t threads = 2;
    /// Threads for list queries and statistics, which run one at a time for each user, so that
    /// nothing else waits for them. 1-64.
    std::size_t query_threads = 2;
    /// The maximum number of connections; further ones wait in the kernel's queue. 1-100,000. When
    /// all are in use, the one without valid credentials that has been idle longest is closed. Half
    /// of them may wait for the next event of a feed (`ApiOptions::max_feed_waits`).
    std::size_t max_connections = 1000;
    /// The maximum number of connections from one address; further ones are closed. Loopback is
    /// exempt. 1-100,000.
    std::size_t max_connections_per_address = 100;
    /// The maximum size in bytes of all responses that wait to be written, of all connections
    /// together; beyond it the next large one becomes a 503. 1 MiB - 1 TiB; less than 16 MiB
    /// rejects the largest pages.
    std::size_t max_response_bytes = 256 * 1024 * 1024;
    std::string base_path = ApiOptions().base_path;  ///< As in ApiOptions, and the next two.
    std::size_t max_body_bytes = ApiOptions().max_body_bytes;
    std::size_t max_batch_body_bytes = ApiOptions().max_batch_body_bytes;
    std::optional<PortalOptions> portal = {};                             ///< As in ApiOptions.
    RequestRate rate_limit = {};                                          ///< As in ApiOptions.
    std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  ///< 10 ms - 5 min.
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);    ///< 10 ms - 5 min.
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);   ///< 10 ms - 5 min.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);    ///< 10 ms - 1 h.

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Serves the REST API of one WebhookService.
class Server {
public:
    /// Listens, but serves nothing before `start`. The address is reusable at once after a stop.
    /// @param service must outlive the server.
    /// @param authenticator absent: every request is rejected.
    /// @return invalid_argument for bad options and unusable TLS files; unavailable if the address
    /// cannot be used.
    static Result<Server> open(WebhookService& service,
                               std::shared_ptr<Authenticator> authenticator,
                               ServerOptions options = {}, std::shared_ptr<Observer> observer = {});

    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    /// As `stop` without a drain.
    ~Server();

    /// The port that the server listens on.
    std::uint16_t port() const noexcept;
    /// The same for `ServerOptions::metrics_port`; 0 if there is none.
    std::uint16_t metrics_port() const noexcept;

    // A moved-from server has port 0, returns `invalid_state`, and has nothing to stop. The same
    // applies to the copy in a forked child: the threads and the connections belong to the parent.

    /// Starts to serve, on `ServerOptions::threads` threads of its own.
    Result<> start();
    /// Accepts no new connections, gives requests in flight up to `drain` to be answered, closes
    /// the rest. Inside an authenticator it only accepts no new connections, and returns: another
    /// thread stops or destroys the server. Not to be called in a callback of the service, for
    /// whose end a request in flight may wait.
    void stop(std::chrono::milliseconds drain);

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl>);

    std::unique_ptr<Impl> impl_;
};

}  // namespace http
}  // namespace webhooks
