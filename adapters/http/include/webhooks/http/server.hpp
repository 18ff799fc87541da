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
/// read again when they change; should they then be unusable, the old certificate stays.
struct TlsOptions {
    std::string certificate_file;  ///< The server's, then its issuers'.
    std::string key_file;

    bool is_set() const noexcept { return !certificate_file.empty() || !key_file.empty(); }
};

/// How the REST listener behaves. For the reasons of the limits see docs/security.md.
struct ServerOptions {
    std::string host = "127.0.0.1";  ///< An IPv4 or IPv6 address.
    std::uint16_t port = 8080;       ///< 0 picks a free one.
    /// A listener of its own for `GET /metrics`, which asks for no key: whoever reaches it may read
    /// them. Without a port there is none, and 0 picks a free one.
    std::string metrics_host = "127.0.0.1";
    std::optional<std::uint16_t> metrics_port = {};
    TlsOptions tls = {};  ///< TLS 1.2 and 1.3, with forward secrecy only.
    /// Threads that serve requests. 1-64.
    std::size_t threads = 2;
    /// Threads that serve list queries and statistics, for each user one at a time, so that nothing
    /// else waits for them. 1-64.
    std::size_t query_threads = 2;
    /// Connections at once; more wait in the kernel's queue. 1-100,000.
    /// When all are taken, the one without valid credentials that has been idle longest is closed.
    std::size_t max_connections = 1000;
    /// Connections at once from one address; more are closed. Loopback is exempt. 1-100,000.
    std::size_t max_connections_per_address = 100;
    /// Of answers that wait to be written, all connections together: beyond that the next large one
    /// is a 503. 1 MiB - 1 TiB; less than 16 MiB rejects the largest pages.
    std::size_t max_response_bytes = 256 * 1024 * 1024;
    std::string base_path = ApiOptions().base_path;  ///< As in ApiOptions, and the next two.
    std::size_t max_body_bytes = ApiOptions().max_body_bytes;
    std::size_t max_batch_body_bytes = ApiOptions().max_batch_body_bytes;
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
    /// Listens, but answers nothing before `start`. The address is reusable at once after a stop.
    /// @param service must outlive the server.
    /// @param authenticator absent: every request is rejected.
    /// @return invalid_argument for bad options and unusable TLS files; unavailable when the
    /// address cannot be had.
    static Result<Server> open(WebhookService& service,
                               std::shared_ptr<Authenticator> authenticator,
                               ServerOptions options = {}, std::shared_ptr<Observer> observer = {});

    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    /// As `stop` without a drain.
    ~Server();

    /// The port that is listened on.
    std::uint16_t port() const noexcept;
    /// The same for `ServerOptions::metrics_port`; 0 if there is none.
    std::uint16_t metrics_port() const noexcept;

    // One that was moved from has port 0, answers `invalid_state`, and has nothing to stop. So has
    // the copy that a forked child inherits: the threads and the connections are the parent's.

    /// Begins to answer, on `ServerOptions::threads` threads of its own.
    Result<> start();
    /// Accepts no more, gives requests under way up to `drain` to be answered, closes the rest.
    void stop(std::chrono::milliseconds drain);

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl>);

    std::unique_ptr<Impl> impl_;
};

}  // namespace http
}  // namespace webhooks
