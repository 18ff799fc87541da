#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <new>
#include <string>
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
namespace {

/// How the listener for metrics differs.
ServerOptions metrics_options(ServerOptions options) {
    options.host = options.metrics_host;
    options.port = *options.metrics_port;
    options.query_threads = 0;
    options.max_connections = 16;
    return options;
}

void warn(Observer& observer, const std::string& line) {
    observer.on_record(
        {.level = LogLevel::warning, .event = LogEvent::insecure_setting, .message = line});
}

}  // namespace

class Server::Impl {
public:
    /// @param certificate null: without TLS.
    Impl(Api api, Api metrics_api, const ServerOptions& options,
         std::unique_ptr<TlsCertificate> certificate, std::shared_ptr<Observer> observer)
        : options_(options),
          observer_(std::move(observer)),
          api_(std::move(api)),
          metrics_api_(std::move(metrics_api)),
          certificate_(std::move(certificate)),
          io_(static_cast<int>(options.threads)) {
        listeners_.push_back(std::make_unique<Listener>(io_, options, api_, certificate_.get()));
        if (!options.metrics_port) return;
        listeners_.push_back(
            std::make_unique<Listener>(io_, metrics_options(options), metrics_api_, nullptr));
    }

    ~Impl() { stop(std::chrono::milliseconds(0)); }

    /// A forked child has a copy of this object, but none of its threads.
    bool is_of_this_process() const noexcept { return process_ == process_id(); }

    Result<> open() {
        for (const auto& listener : listeners_) {
            if (auto opened = listener->open(); !opened) return opened;
        }
        return {};
    }
    std::uint16_t port() const noexcept { return listeners_.front()->port(); }
    std::uint16_t metrics_port() const noexcept {
        return options_.metrics_port ? listeners_.back()->port() : 0;
    }

    Result<> start() {
        if (!is_of_this_process())
            return Error(Errc::invalid_state, "the server belongs to the parent process");
        if (is_stopped_ || is_finishing_) return Error(Errc::stopped, "the server was stopped");
        if (!threads_.empty()) return {};
        try {
            for (std::size_t i = 0; i < options_.threads; ++i) {
                threads_.push_back(start_server_thread(this, [this] { run(); }));
            }
            for (const auto& listener : listeners_)
                listener->start(this);
        } catch (const std::exception& error) {
            stop(std::chrono::milliseconds(0));
            return Error(Errc::unavailable, std::string("cannot start a thread: ") + error.what());
        }
        return {};
    }

    void stop(std::chrono::milliseconds drain) {
        if (is_server_thread_of(this)) return finish();
        if (std::exchange(is_stopped_, true)) return;
        const auto until = std::chrono::steady_clock::now() + drain;
        for (const auto& listener : listeners_)
            listener->finish();
        api_.end_waits();
        for (const auto& listener : listeners_) {
            if (!threads_.empty()) listener->wait_until_closed(until);
        }
        for (const auto& listener : listeners_)
            listener->close();
        work_.reset();
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
        // Without threads nothing has closed the listening socket yet.
        run();
    }

private:
    /// Inside an authenticator: its thread cannot wait for itself.
    void finish() {
        is_finishing_ = true;
        for (const auto& listener : listeners_)
            listener->finish();
        api_.end_waits();
    }

    /// An exception in one connection must not end the others.
    void run() {
        for (;;) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                log_failure(std::string("a connection failed: ") + error.what());
            } catch (...) {
                log_failure("a connection failed");
            }
        }
    }

    void log_failure(std::string_view line) const {
        observer_->on_record(
            {.level = LogLevel::error, .event = LogEvent::connection_failed, .message = line});
    }

    const long process_ = process_id();
    const ServerOptions options_;
    const std::shared_ptr<Observer> observer_;
    const Api api_;
    const Api metrics_api_;
    const std::unique_ptr<TlsCertificate> certificate_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    std::vector<std::unique_ptr<Listener>> listeners_;  ///< The one for metrics comes last.
    std::vector<std::thread> threads_;
    bool is_stopped_ = false;
    std::atomic<bool> is_finishing_{false};
};

Result<Server> Server::open(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                            ServerOptions options, std::shared_ptr<Observer> observer) try {
    if (const auto valid = options.validate(); !valid) return valid.error();
    observer = std::make_shared<GuardedObserver>(std::move(observer));
    auto api = Api::make(service, std::move(authenticator), api_options(options), observer);
    if (!api) return api.error();
    std::unique_ptr<TlsCertificate> certificate;
    if (options.tls.is_set()) {
        auto loaded = load_certificate(options.tls, observer);
        if (!loaded) return loaded.error();
        certificate = *std::move(loaded);
    } else if (!is_loopback(options.host)) {
        warn(*observer, "the server listens on " + options.host +
                            " without TLS: keys and payloads can be read in transit; set "
                            "certificate_file and key_file");
    }
    if (options.metrics_port && !is_loopback(options.metrics_host)) {
        warn(*observer, "the metrics on " + options.metrics_host +
                            " require no key: restrict the port of metrics_host to the monitoring");
    }
    Api metrics_api = api->for_metrics();
    auto impl = std::make_unique<Impl>(*std::move(api), std::move(metrics_api), options,
                                       std::move(certificate), observer);
    if (const auto opened = impl->open(); !opened) return opened.error();
    return Server(std::move(impl));
} catch (const boost::system::system_error& failure) {
    return Error(Errc::unavailable, "cannot open the server: " + message_of(failure.code()));
} catch (const std::bad_alloc&) {
    return Error(Errc::unavailable, "out of memory");
} catch (const std::exception& failure) {
    return Error(Errc::internal, std::string("cannot open the server: ") + failure.what());
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

std::uint16_t Server::metrics_port() const noexcept {
    return impl_ ? impl_->metrics_port() : 0;
}

Result<> Server::start() {
    if (!impl_) return Error(Errc::invalid_state, "the server was moved from");
    return impl_->start();
}

void Server::stop(std::chrono::milliseconds drain) {
    if (impl_ && impl_->is_of_this_process()) impl_->stop(drain);
}

}  // namespace webhooks::http
