#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <webhooks/http/server.hpp>

#include "connection_table.hpp"
#include "query_pool.hpp"
#include "request_reader.hpp"
#include "response_budget.hpp"
#include "response_channel.hpp"
#include "tls.hpp"

namespace webhooks::http {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;

/// Shared by the sessions of a server, which it outlives.
struct SessionContext {
    SessionContext(const ServerOptions& chosen, const Api& served, TlsCertificate* presented,
                   std::function<void(Session*)> closed)
        : options(chosen),
          api(served),
          certificate(presented),
          on_closed(std::move(closed)),
          budget(chosen.max_response_bytes) {}

    const ServerOptions options;
    const Api& api;
    TlsCertificate* const certificate;  ///< Null: without TLS.
    const std::function<void(Session*)> on_closed;
    const std::shared_ptr<ResponseChannel> channel = std::make_shared<ResponseChannel>();
    mutable ResponseBudget budget;
    mutable QueryPool queries;
};

/// One connection: reads requests, has them answered in order, and enforces the time limits.
///
/// All work happens on the strand; the public functions may be called from any thread.
class Session final : public Connection, public std::enable_shared_from_this<Session> {
public:
    /// @param address the peer's.
    Session(Socket socket, std::string address, const SessionContext& context);
    ~Session() override;

    void start();
    void finish() override;
    void close() override;
    bool is_authenticated() const noexcept override { return is_authenticated_; }
    std::chrono::steady_clock::time_point last_active() const noexcept override;

private:
    friend class ResponseChannel;
    using Clock = std::chrono::steady_clock;
    enum class Phase { waiting, head, body, handling, writing, lingering, closed };

    void read();
    void on_read(boost::system::error_code error, std::size_t count);
    bool decrypt();
    bool write_now(std::string_view bytes);
    void process();
    void update_phase();
    Clock::time_point read_deadline() const;
    void send_continue();
    bool admit();
    void dispatch();
    void query(Api::Admission admission, std::string body, const Respond& respond);
    bool is_abandoned();
    void reject(const RequestError& error);
    void answer(Response response, bool keep_alive);
    void take_budget(Response& response);
    void write();
    std::size_t write_plain(boost::system::error_code& error);
    std::size_t write_records(boost::system::error_code& error);
    void on_written();
    void linger();
    void discard();
    void arm(Clock::time_point deadline);
    void wait();
    void on_deadline();
    void close_now();

    Socket socket_;
    const std::string address_;
    const SessionContext& context_;
    std::unique_ptr<TlsFilter> tls_;  ///< Null: without TLS.
    std::string plain_;               ///< The most recently decrypted bytes.
    RequestReader reader_;
    std::optional<Api::Admission> admission_;
    Phase phase_ = Phase::waiting;
    std::array<char, 8 * 1024> buffer_;
    std::string_view input_;  ///< The unread part of the buffer, or of `plain_`.
    bool is_first_ = true;
    bool is_finishing_ = false;
    bool is_late_ = false;  ///< The client took too long with its request.
    std::atomic<bool> is_authenticated_ = false;
    std::atomic<Clock::time_point::rep> last_active_;
    Clock::time_point phase_start_{};
    std::size_t body_bytes_ = 0;  ///< Including the bytes of its framing.

    std::string head_;
    std::string body_;
    std::size_t budgeted_ = 0;  ///< Bytes that the response reserved in the budget.
    std::size_t written_ = 0;   ///< Of head and body; with TLS, in records or written.
    std::string records_;
    std::size_t records_written_ = 0;
    bool keep_alive_ = true;
    std::size_t discarded_ = 0;

    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Strand> timer_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool is_timer_running_ = false;
    std::optional<std::stop_source> query_;  ///< Of the query that is running.
    Clock::duration look_interval_{};
};

}  // namespace webhooks::http
