#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <thread>
#include <utility>
#include <vector>
#include <webhooks/http/server.hpp>

#include "guarded_observer.hpp"
#include "net/listener.hpp"
#include "process.hpp"
#include "server_options.hpp"

namespace webhooks::http {
namespace asio = boost::asio;

class Server::Impl {
public:
    /// @param certificate null: without TLS.
    Impl(Api api, const ServerOptions& options, std::unique_ptr<TlsCertificate> certificate,
         std::shared_ptr<Observer> observer)
        : options_(options),
          observer_(std::move(observer)),
          api_(std::move(api)),
          certificate_(std::move(certificate)),
          io_(static_cast<int>(options.threads)),
          listener_(io_, options, api_, certificate_.get()) {}

    ~Impl() { stop(std::chrono::milliseconds(0)); }

    /// A forked child has a copy of this object, but none of its threads.
    bool is_of_this_process() const noexcept { return process_ == process_id(); }

    Result<> open() { return listener_.open(); }
    std::uint16_t port() const noexcept { return listener_.port(); }

    Result<> start() {
        if (!is_of_this_process())
            return Error(Errc::invalid_state, "the server belongs to the parent process");
        if (is_stopped_) return Error(Errc::stopped, "the server was stopped");
        if (!threads_.empty()) return {};
        try {
            for (std::size_t i = 0; i < options_.threads; ++i) {
                threads_.push_back(start_server_thread([this] { run(); }));
            }
            listener_.start();
        } catch (const std::exception& error) {
            stop(std::chrono::milliseconds(0));
            return Error(Errc::unavailable, std::string("cannot start a thread: ") + error.what());
        }
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
        // Without threads nothing has closed the listening socket yet.
        run();
    }

private:
    /// An exception in one connection must not end the others.
    void run() {
        for (;;) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                observer_->on_log(LogLevel::error,
                                  std::string("a connection failed: ") + error.what());
            } catch (...) {
                observer_->on_log(LogLevel::error, "a connection failed");
            }
        }
    }

    const long process_ = process_id();
    const ServerOptions options_;
    const std::shared_ptr<Observer> observer_;
    const Api api_;
    const std::unique_ptr<TlsCertificate> certificate_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    Listener listener_;
    std::vector<std::thread> threads_;
    bool is_stopped_ = false;
};

Result<Server> Server::open(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                            ServerOptions options, std::shared_ptr<Observer> observer) {
    if (const auto valid = options.validate(); !valid) return valid.error();
    observer = std::make_shared<GuardedObserver>(std::move(observer));
    auto api = Api::make(service, std::move(authenticator), api_options(options), observer);
    if (!api) return api.error();
    std::unique_ptr<TlsCertificate> certificate;
    if (options.tls.is_set()) {
        auto loaded = TlsCertificate::load(options.tls, observer);
        if (!loaded) return loaded.error();
        certificate = *std::move(loaded);
    } else if (!is_loopback(options.host)) {
        observer->on_log(LogLevel::warning, "the server listens on " + options.host +
                                                " without TLS: keys and payloads can be read in "
                                                "transit; set certificate_file and key_file");
    }
    auto impl = std::make_unique<Impl>(*std::move(api), options, std::move(certificate), observer);
    if (const auto opened = impl->open(); !opened) return opened.error();
    return Server(std::move(impl));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
    const Server ended(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}

/// In a child the copy is left untouched: its threads and its peers belong to the parent.
Server::~Server() {
    if (impl_ && !impl_->is_of_this_process()) static_cast<void>(impl_.release());
}

std::uint16_t Server::port() const noexcept {
    return impl_ ? impl_->port() : 0;
}

Result<> Server::start() {
    if (!impl_) return Error(Errc::invalid_state, "the server was moved from");
    return impl_->start();
}

void Server::stop(std::chrono::milliseconds drain) {
    if (impl_ && impl_->is_of_this_process()) impl_->stop(drain);
}

}  // namespace webhooks::http
