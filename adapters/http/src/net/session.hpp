#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <webhooks/http/server.hpp>

#include "../message.hpp"
#include "request_reader.hpp"

namespace webhooks::http {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;

class Session;

/// Lets answers in from other threads for as long as the server runs: past that, there is no
/// io_context to bring them to.
class Gate {
public:
    void close() {
        const std::unique_lock lock(mutex_);
        is_open_ = false;
    }
    void pass(const std::weak_ptr<Session>& session, Response response);

private:
    std::shared_mutex mutex_;
    bool is_open_ = true;
};

/// What the sessions of a server share. It outlives them.
struct SessionContext {
    ServerOptions options;
    BodyLimit max_body_bytes;
    Handler handle;
    /// The answer to what is no request.
    std::function<Response(const Refusal&)> refuse;
    std::function<void(Session*)> on_closed;
    std::shared_ptr<Gate> gate;
};

/// One connection: reads requests, has them answered in turn, and keeps to the limits of time.
///
/// All work happens on the strand; the public functions may be called from any thread.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Socket socket, const SessionContext& context);

    void start();
    /// Answers what has begun, then closes.
    void finish();
    void close();

private:
    friend class Gate;
    using Clock = std::chrono::steady_clock;
    enum class Phase { waiting, head, body, handling, writing, lingering, closed };

    void read();
    void on_read(boost::system::error_code error, std::size_t count);
    void process();
    void update_phase();
    Clock::time_point read_deadline() const;
    void send_continue();
    void dispatch();
    void refuse(const Refusal& refusal);
    void answer(Response response, bool keep_alive);
    void write();
    void next();
    void linger();
    void discard();
    void arm(Clock::time_point deadline);
    void wait();
    void on_deadline();
    void close_now();

    Socket socket_;
    const SessionContext& context_;
    RequestReader reader_;
    Phase phase_ = Phase::waiting;
    std::array<char, 8 * 1024> buffer_;
    std::string_view input_;  ///< What of the buffer is still to be looked at.
    bool is_first_ = true;
    bool is_finishing_ = false;
    bool is_late_ = false;  ///< The client took too long with its request.
    Clock::time_point phase_start_{};
    std::size_t body_bytes_ = 0;  ///< Bytes of the body's framing too.

    std::string head_;
    std::string body_;
    std::size_t written_ = 0;
    bool keep_alive_ = true;
    std::size_t discarded_ = 0;

    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Strand> timer_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool is_timer_running_ = false;
};

}  // namespace webhooks::http
