#include "listener.hpp"

#include <poll.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "../process.hpp"

namespace webhooks::http {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

/// If the process has no descriptors or memory left, accepting again at once would fail as well.
constexpr auto pause_after_failure = 100ms;

}  // namespace

Listener::Listener(asio::io_context& io, const ServerOptions& options, const Api& api,
                   TlsCertificate* certificate)
    : io_(io),
      context_(options, api, certificate, [this](Session* session) { on_closed(session); }),
      acceptor_(asio::make_strand(io)),
      pause_(acceptor_.get_executor()),
      connections_(options.max_connections, options.max_connections_per_address) {}

Result<> Listener::open() {
    const std::string& host = context_.options.host;
    error_code error;
    const asio::ip::tcp::endpoint address(asio::ip::make_address(host, error),
                                          context_.options.port);
    if (!error) acceptor_.open(address.protocol(), error);
    if (!error) close_on_exec(acceptor_.native_handle());
    if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        return Error(Errc::unavailable, "cannot listen on " + host + " port " +
                                            std::to_string(context_.options.port) + ": " +
                                            message_of(error));
    }
    port_ = acceptor_.local_endpoint(error).port();
    return {};
}

void Listener::start(const void* owner) {
    context_.queries.start(context_.options.query_threads, owner);
    asio::post(acceptor_.get_executor(), [this] { accept(); });
}

void Listener::accept() {
    if (!acceptor_.is_open()) return;
    if (!make_room()) return;
    acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, Socket socket) {
        on_accepted(error, std::move(socket));
    });
}

/// When all connections are in use, one without valid credentials is closed, but only once another
/// client is waiting.
bool Listener::make_room() {
    const std::lock_guard lock(mutex_);
    if (!connections_.is_full()) return true;
    wait_for_connection();
    return false;
}

void Listener::wait_for_connection() {
    acceptor_.async_wait(Acceptor::wait_read, [this](error_code error) {
        if (error) return;
        // What was noticed may be the connection that has just been accepted.
        if (!is_awaited()) return wait_for_connection();
        std::shared_ptr<Connection> evicted;
        {
            const std::lock_guard lock(mutex_);
            if (connections_.is_full()) evicted = connections_.evict();
            is_waiting_for_room_ = connections_.is_full();
            if (is_waiting_for_room_) return;
        }
        if (evicted) evicted->close();
        accept();
    });
}

bool Listener::is_awaited() {
    pollfd look{.fd = acceptor_.native_handle(), .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) > 0;
}

void Listener::on_accepted(error_code error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error && error != asio::error::connection_aborted) return pause();
    if (error) return accept();
    close_on_exec(socket.native_handle());
    const auto peer = socket.remote_endpoint(error);
    const std::string address = error ? std::string() : peer.address().to_string();
    const auto session = std::make_shared<Session>(std::move(socket), address, context_);
    {
        const std::lock_guard lock(mutex_);
        if (is_finishing_) return;
        if (!connections_.may_add(address)) return accept();
        connections_.add(session, address);
    }
    session->start();
    accept();
}

void Listener::pause() {
    pause_.expires_after(pause_after_failure);
    pause_.async_wait([this](error_code error) {
        if (!error) accept();
    });
}

void Listener::on_closed(Session* session) {
    const std::lock_guard lock(mutex_);
    connections_.remove(session);
    if (connections_.is_empty()) emptied_.notify_all();
    if (std::exchange(is_waiting_for_room_, false)) {
        asio::post(acceptor_.get_executor(), [this] { accept(); });
    }
}

void Listener::finish() {
    asio::post(acceptor_.get_executor(), [this] {
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
    });
    const std::lock_guard lock(mutex_);
    is_finishing_ = true;
    connections_.for_each([](Connection& connection) { connection.finish(); });
}

bool Listener::wait_until_closed(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, until, [this] { return connections_.is_empty(); });
}

void Listener::close() {
    context_.channel->close();
    {
        const std::lock_guard lock(mutex_);
        connections_.for_each([](Connection& connection) { connection.close(); });
    }
    context_.queries.stop();
}

}  // namespace webhooks::http
