#include "listener.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace webhooks::http {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

/// When the process is out of descriptors or memory, accepting again at once would fail as fast.
constexpr auto pause_after_failure = 100ms;

}  // namespace

Listener::Listener(asio::io_context& io, const ServerOptions& options, BodyLimit max_body_bytes,
                   Handler handle, std::function<Response(const Refusal&)> refuse)
    : io_(io),
      context_{.options = options,
               .max_body_bytes = std::move(max_body_bytes),
               .handle = std::move(handle),
               .refuse = std::move(refuse),
               .on_closed = [this](Session* session) { on_closed(session); },
               .gate = std::make_shared<Gate>()},
      acceptor_(asio::make_strand(io)),
      pause_(acceptor_.get_executor()) {}

Result<> Listener::open() {
    const std::string& host = context_.options.host;
    error_code error;
    const asio::ip::tcp::endpoint address(asio::ip::make_address(host, error),
                                          context_.options.port);
    if (!error) acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        return Error(Errc::unavailable, "cannot listen on " + host + " port " +
                                            std::to_string(context_.options.port) + ": " +
                                            error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    return {};
}

void Listener::start() {
    asio::post(acceptor_.get_executor(), [this] { accept(); });
}

void Listener::accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, Socket socket) {
        on_accepted(error, std::move(socket));
    });
}

void Listener::on_accepted(error_code error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error && error != asio::error::connection_aborted) return pause();
    if (error) return accept();
    const auto session = std::make_shared<Session>(std::move(socket), context_);
    bool is_full = false;
    {
        const std::lock_guard lock(mutex_);
        if (is_finishing_) return;
        sessions_.emplace(session.get(), session);
        is_full = is_full_ = sessions_.size() >= context_.options.max_connections;
    }
    session->start();
    if (!is_full) accept();
}

void Listener::pause() {
    pause_.expires_after(pause_after_failure);
    pause_.async_wait([this](error_code error) {
        if (!error) accept();
    });
}

void Listener::on_closed(Session* session) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session);
    if (sessions_.empty()) emptied_.notify_all();
    if (!is_full_) return;
    is_full_ = false;
    asio::post(acceptor_.get_executor(), [this] { accept(); });
}

void Listener::finish() {
    asio::post(acceptor_.get_executor(), [this] {
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
    });
    const std::lock_guard lock(mutex_);
    is_finishing_ = true;
    for (const auto& [key, session] : sessions_)
        session->finish();
}

bool Listener::wait_until_closed(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, until, [this] { return sessions_.empty(); });
}

void Listener::close() {
    context_.gate->close();
    const std::lock_guard lock(mutex_);
    for (const auto& [key, session] : sessions_)
        session->close();
}

}  // namespace webhooks::http
