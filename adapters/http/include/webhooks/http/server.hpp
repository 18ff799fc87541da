#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/webhook_service.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// How the REST listener behaves. The limits' reasons: docs/security.md.
struct ServerOptions {
    std::string host = "127.0.0.1";  ///< An IPv4 or IPv6 address.
    std::uint16_t port = 8080;       ///< 0 picks a free one.
    /// Threads that serve requests. 1-64.
    std::size_t threads = 2;
    /// Connections at once; more wait in the kernel's queue. 1-100,000.
    std::size_t max_connections = 1000;
    std::size_t max_body_bytes = 1024 * 1024;  ///< 1 - 16 MiB; more is a 413.
    /// The same for a batch of events, from callers with valid credentials; all others keep to
    /// `max_body_bytes`. At least `max_body_bytes`; at most 64 MiB.
    std::size_t max_batch_body_bytes = 16 * 1024 * 1024;
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
    /// @param authenticator absent: everyone is refused.
    /// @return invalid_argument for bad options; unavailable when the address cannot be had.
    static Result<Server> open(WebhookService& service,
                               std::shared_ptr<Authenticator> authenticator,
                               ServerOptions options = {}, std::shared_ptr<Observer> observer = {});

    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    /// As `stop` without a drain.
    ~Server();

    /// The port that is listened on.
    std::uint16_t port() const noexcept;

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
