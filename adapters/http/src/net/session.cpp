#include "session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "response_head.hpp"

namespace webhooks::http {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

/// A body may begin slowly, then it must keep this rate; one byte every now and then is an attack.
constexpr auto body_grace = 5s;
constexpr std::size_t least_body_rate = 240;

/// After the last answer, what the client still sends is read for a while: closing at once would
/// make its system drop the answer unread.
constexpr auto linger_time = 2s;
constexpr std::size_t linger_bytes = 8 * 1024 * 1024;

}  // namespace

void Gate::pass(const std::weak_ptr<Session>& session, Response response) {
    const std::shared_lock lock(mutex_);
    const auto alive = is_open_ ? session.lock() : nullptr;
    if (!alive) return;
    // Never on the stack of the request, lest those that a client sends ahead pile up on it.
    asio::post(alive->socket_.get_executor(), [alive, response = std::move(response)]() mutable {
        if (alive->phase_ != Session::Phase::handling) return;
        alive->answer(std::move(response), alive->keep_alive_);
    });
}

Session::Session(Socket socket, const SessionContext& context)
    : socket_(std::move(socket)), context_(context), timer_(socket_.get_executor()) {}

void Session::start() {
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
        error_code error;
        self->socket_.set_option(asio::ip::tcp::no_delay(true), error);
        self->socket_.non_blocking(true, error);
        if (error) return self->close_now();
        self->phase_start_ = Clock::now();
        self->read();
    });
}

void Session::finish() {
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
        self->is_finishing_ = true;
        // A request whose head is not even here has not been heard.
        if (self->phase_ == Phase::waiting || self->phase_ == Phase::head) self->close_now();
    });
}

void Session::close() {
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] { self->close_now(); });
}

// ---- Reading

void Session::read() {
    arm(read_deadline());
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t count) {
                                self->on_read(error, count);
                            });
}

void Session::on_read(error_code error, std::size_t count) {
    if (phase_ == Phase::closed) return;
    if (is_late_) return refuse({408, "The request took too long."});
    if (error) return close_now();
    input_ = std::string_view(buffer_.data(), count);
    if (phase_ == Phase::body) body_bytes_ += count;
    process();
}

void Session::process() {
    reader_.consume(input_);
    if (reader_.state() == RequestReader::State::head_complete) {
        reader_.begin_body(context_.max_body_bytes(reader_.request()));
        reader_.consume(input_);
    }
    update_phase();
    switch (reader_.state()) {
        case RequestReader::State::head:
        case RequestReader::State::head_complete:
        case RequestReader::State::body:
            return reader_.take_wants_continue() ? send_continue() : read();
        case RequestReader::State::complete:
            return dispatch();
        case RequestReader::State::refused:
            return refuse(reader_.refusal());
    }
}

void Session::update_phase() {
    const Phase was = phase_;
    if (reader_.state() == RequestReader::State::body) {
        phase_ = Phase::body;
    } else {
        phase_ = reader_.is_idle() ? Phase::waiting : Phase::head;
    }
    if (phase_ == was) return;
    phase_start_ = Clock::now();
    body_bytes_ = 0;
}

Session::Clock::time_point Session::read_deadline() const {
    const ServerOptions& options = context_.options;
    if (phase_ == Phase::head) return phase_start_ + options.header_timeout;
    if (phase_ == Phase::body) {
        const auto earned = body_grace + std::chrono::seconds(body_bytes_ / least_body_rate);
        return phase_start_ + std::min<Clock::duration>(options.body_timeout, earned);
    }
    // Who has not said anything yet does not get a kept-alive connection's patience.
    return phase_start_ + (is_first_ ? std::min(options.header_timeout, options.idle_timeout)
                                     : options.idle_timeout);
}

void Session::send_continue() {
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    // Few bytes into an empty buffer: they go out whole, or the connection is of no use.
    socket_.async_write_some(asio::buffer(text),
                             [self = shared_from_this()](error_code error, std::size_t count) {
                                 if (error || count < text.size()) return self->close_now();
                                 self->read();
                             });
}

// ---- Answering

void Session::dispatch() {
    phase_ = Phase::handling;
    is_first_ = false;
    deadline_ = Clock::time_point::max();
    Request request = reader_.take();
    keep_alive_ = request.keep_alive;
    context_.handle(std::move(request),
                    [session = weak_from_this(), gate = context_.gate](Response response) {
                        gate->pass(session, std::move(response));
                    });
}

void Session::refuse(const Refusal& refusal) {
    answer(context_.refuse(refusal), false);
}

void Session::answer(Response response, bool keep_alive) {
    phase_ = Phase::writing;
    keep_alive_ = keep_alive && !is_finishing_;
    head_ = format_head(response, std::time(nullptr), keep_alive_);
    body_ = response.omit_body ? std::string() : std::move(response.body);
    written_ = 0;
    write();
}

/// An answer goes out at once as a rule; only the rest of a large one is waited for.
void Session::write() {
    const std::size_t of_head = std::min(written_, head_.size());
    const std::array<asio::const_buffer, 2> rest = {asio::buffer(head_) + of_head,
                                                    asio::buffer(body_) + (written_ - of_head)};
    error_code error;
    written_ += socket_.write_some(rest, error);
    if (error && error != asio::error::would_block) return close_now();
    if (written_ == head_.size() + body_.size()) return keep_alive_ ? next() : linger();
    arm(Clock::now() + context_.options.write_timeout);
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code failed) {
        if (self->phase_ == Phase::closed) return;
        failed ? self->close_now() : self->write();
    });
}

void Session::next() {
    phase_ = Phase::waiting;
    phase_start_ = Clock::now();
    body_ = std::string();
    if (is_finishing_ && input_.empty()) return close_now();
    process();
}

// ---- Ending

void Session::linger() {
    phase_ = Phase::lingering;
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    if (error) return close_now();
    arm(Clock::now() + linger_time);
    discard();
}

void Session::discard() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t count) {
                                self->discarded_ += count;
                                if (error || self->discarded_ > linger_bytes) {
                                    return self->close_now();
                                }
                                self->discard();
                            });
}

void Session::close_now() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    context_.on_closed(this);
}

// ---- Time. A timer that runs is not set anew for a later deadline: it looks again when it fires.

void Session::arm(Clock::time_point deadline) {
    deadline_ = deadline;
    if (is_timer_running_ && timer_.expiry() <= deadline) return;
    wait();
}

void Session::wait() {
    is_timer_running_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->on_deadline();
    });
}

void Session::on_deadline() {
    is_timer_running_ = false;
    if (phase_ == Phase::closed || deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < deadline_) return wait();
    if (phase_ != Phase::head && phase_ != Phase::body) return close_now();
    is_late_ = true;
    socket_.cancel();
}

}  // namespace webhooks::http
