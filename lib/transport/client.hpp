#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <transport/attempt.hpp>
#include <transport/tls.hpp>
#include <unordered_map>
#include <utility>
#include <vector>
#include <webhooks/http_transport.hpp>

namespace webhooks::transport {

/// HTTP and HTTPS on one thread, its caller's.
class HttpTransport final : public Transport, public Attempt::Listener {
public:
    /// Throws boost::system::system_error if no descriptor is available.
    /// @param idle instead of the option.
    HttpTransport(HttpTransportOptions options, TlsContext tls, Usage usage,
                  std::shared_ptr<IdleLimit> idle);
    ~HttpTransport() override { attempts_.clear(); }

    void start(Token token, OutgoingRequest request) override;
    /// @param since when its time limits began.
    void start(Token token, OutgoingRequest request, SteadyTime since);
    void run(SteadyTime until, Sink& sink) override;
    void wake() noexcept override;
    int wait_handle() const override { return poller_.wait_handle(); }
    SteadyTime next_wake() const override;
    void cancel_all() override;
    std::vector<MetricFamily> metrics() const override { return metrics_.collect(); }

private:
    void on_ended(Attempt& attempt, TransportAnswer&& answer) override;

    void begin_started();
    void continue_handshakes();
    bool has_work() const noexcept;
    SteadyTime next_periodic_check() const noexcept;
    void run_periodic_checks(SteadyTime now);
    bool give_answers(Sink& sink);
    void count_lookup(const Resolved& resolved);

    const HttpTransportOptions options_;
    const TlsContext tls_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    Poller poller_{io_};
    TransportMetrics metrics_;
    Resolver resolver_;
    TransportParts parts_;
    using Attempts = std::unordered_map<Token, Attempt>;
    Attempts attempts_;
    std::vector<Token> started_;
    std::vector<Attempts::node_type> ended_;  ///< They may still be on the stack.
    std::vector<std::pair<Token, TransportAnswer>> answers_;
    std::vector<std::pair<Token, TransportAnswer>> given_;  ///< The latest; it keeps its memory.
    SteadyTime last_periodic_check_{};
    std::atomic<bool> is_woken_ = false;
};

}  // namespace webhooks::transport
