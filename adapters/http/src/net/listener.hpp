#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <webhooks/error.hpp>

#include "connection_table.hpp"
#include "session.hpp"

namespace webhooks::http {

/// Accepts connections, up to the limit, and keeps track of open ones.
class Listener {
public:
    /// @param api and certificate must outlive the listener. Without a certificate there is no TLS.
    Listener(boost::asio::io_context& io, const ServerOptions& options, const Api& api,
             TlsCertificate* certificate);

    /// Binds and listens; the system queues connections from now on.
    Result<> open();
    std::uint16_t port() const noexcept { return port_; }

    /// Starts to accept. May be called on any thread, as may the functions below. Throws
    /// std::system_error if a thread cannot be created.
    /// @param owner as for `start_server_thread`.
    void start(const void* owner);
    /// Accepts no more connections, and ends each one after the response that it waits for.
    void finish();
    /// @return false if a connection is still open at `until`.
    bool wait_until_closed(std::chrono::steady_clock::time_point until);
    /// Closes all connections; later responses are dropped.
    void close();

private:
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Strand>;

    void accept();
    void on_accepted(boost::system::error_code error, Socket socket);
    /// @return false if there is no room for another connection now.
    bool make_room();
    void wait_for_connection();
    /// Whether another client is waiting to be accepted.
    bool is_awaited();
    void pause();
    void on_closed(Session* session);

    boost::asio::io_context& io_;
    SessionContext context_;
    Acceptor acceptor_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Strand>
        pause_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable emptied_;
    ConnectionTable connections_;
    bool is_waiting_for_room_ = false;
    bool is_finishing_ = false;
};

}  // namespace webhooks::http
