#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <thread>
#include <utility>
#include <vector>
#include <webhooks/http/server.hpp>

#include "api/api.hpp"
#include "net/listener.hpp"

namespace webhooks::http {
namespace asio = boost::asio;

class Server::Impl {
public:
    Impl(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
         const ServerOptions& options, const std::shared_ptr<Observer>& observer)
        : options_(options),
          observer_(observer ? observer : std::make_shared<Observer>()),
          api_(service, std::move(authenticator), observer_),
          io_(static_cast<int>(options.threads)),
          listener_(
              io_, options,
              [this](const Request& head) {
                  return api_.may_have_large_body(head) ? options_.max_batch_body_bytes
                                                        : options_.max_body_bytes;
              },
              [this](const Request& request, const Respond& respond) {
                  api_.handle(request, respond);
              },
              [](const Refusal& refusal) { return Api::refuse(refusal.status, refusal.message); }) {
    }

    ~Impl() { stop(std::chrono::milliseconds(0)); }

    Result<> open() { return listener_.open(); }
    std::uint16_t port() const noexcept { return listener_.port(); }

    Result<> start() {
        if (is_stopped_) return Error(Errc::stopped, "the server was stopped");
        if (!threads_.empty()) return {};
        try {
            for (std::size_t i = 0; i < options_.threads; ++i) {
                threads_.emplace_back([this] { run(); });
            }
        } catch (const std::system_error& error) {
            stop(std::chrono::milliseconds(0));
            return Error(Errc::unavailable, std::string("cannot start a thread: ") + error.what());
        }
        listener_.start();
        return {};
    }

    void stop(std::chrono::milliseconds drain) {
        if (std::exchange(is_stopped_, true)) return;
        listener_.finish();
        if (!threads_.empty())
            listener_.wait_until_closed(std::chrono::steady_clock::now() + drain);
        listener_.close();
        work_.reset();
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
        // Without threads nobody has closed the listening socket yet.
        run();
    }

private:
    /// A fault of one connection must not end the others.
    void run() {
        for (;;) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                observer_->on_log(LogLevel::error,
                                  std::string("a connection failed: ") + error.what());
            }
        }
    }

    const ServerOptions options_;
    const std::shared_ptr<Observer> observer_;
    const Api api_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    Listener listener_;
    std::vector<std::thread> threads_;
    bool is_stopped_ = false;
};

Result<Server> Server::open(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                            ServerOptions options, std::shared_ptr<Observer> observer) {
    if (const auto valid = options.validate(); !valid) return valid.error();
    auto impl = std::make_unique<Impl>(service, std::move(authenticator), options, observer);
    if (const auto opened = impl->open(); !opened) return opened.error();
    return Server(std::move(impl));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::uint16_t Server::port() const noexcept {
    return impl_->port();
}

Result<> Server::start() {
    return impl_->start();
}

void Server::stop(std::chrono::milliseconds drain) {
    impl_->stop(drain);
}

}  // namespace webhooks::http
