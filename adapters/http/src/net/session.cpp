#include "session.hpp"

#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <ctime>
#include <utility>

#include "response_head.hpp"

namespace webhooks::http {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

/// A body may start slowly, but must then keep this rate: one byte now and then is an attack.
constexpr auto body_grace = 5s;
constexpr std::size_t min_body_rate = 240;

/// After the last response, what the client still sends is read for a while: closing at once would
/// make its system drop the response unread.
constexpr auto linger_time = 2s;
/// Twice the largest body: some clients read nothing before they have sent all of theirs.
constexpr std::size_t linger_bytes = 32 * 1024 * 1024;

/// How often the connection of a query's client is checked: less often if it takes long, because it
/// may wait for events.
constexpr auto first_look_interval = 250ms;
constexpr auto longest_look_interval = 2s;

constexpr std::size_t small_body = 16 * 1024;

/// How much of a response is converted into TLS records at once.
constexpr std::size_t max_piece = 64 * 1024;

}  // namespace

void ResponseChannel::close() {
    const std::unique_lock lock(mutex_);
    is_open_ = false;
}

void ResponseChannel::post(const std::weak_ptr<Session>& session, Response response) {
    const std::shared_lock lock(mutex_);
    const auto alive = is_open_ ? session.lock() : nullptr;
    if (!alive) return;
    // Never on the stack of the request: pipelined requests would pile up on it.
    asio::post(alive->socket_.get_executor(), [alive, response = std::move(response)]() mutable {
        if (alive->phase_ != Session::Phase::handling) return;
        alive->answer(std::move(response), alive->keep_alive_);
    });
}

Session::Session(Socket socket, std::string address, const SessionContext& context)
    : socket_(std::move(socket)),
      address_(std::move(address)),
      context_(context),
      last_active_(Clock::now().time_since_epoch().count()),
      timer_(socket_.get_executor()) {}

Session::~Session() {
    context_.budget.release(budgeted_);
}

Session::Clock::time_point Session::last_active() const noexcept {
    return Clock::time_point(Clock::duration(last_active_.load()));
}

void Session::start() {
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
        error_code error;
        self->socket_.set_option(asio::ip::tcp::no_delay(true), error);
        self->socket_.non_blocking(true, error);
        if (error) return self->close_now();
        TlsCertificate* const certificate = self->context_.certificate;
        if (certificate) self->tls_ = std::make_unique<TlsFilter>(certificate->current());
        self->phase_start_ = Clock::now();
        self->read();
    });
}

// Posted: the caller may be a handler of this connection, and holds what closing it needs.

void Session::finish() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->is_finishing_ = true;
        // A request whose head is incomplete will not be answered.
        if (self->phase_ == Phase::waiting || self->phase_ == Phase::head) self->close_now();
    });
}

void Session::close() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close_now(); });
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
    if (is_late_) return reject({408, "The request took too long."});
    if (error) return close_now();
    last_active_ = Clock::now().time_since_epoch().count();
    input_ = std::string_view(buffer_.data(), count);
    if (phase_ == Phase::body) body_bytes_ += count;
    if (tls_ && !decrypt()) return close_now();
    process();
}

/// @return false if TLS has failed or ended. Sends what TLS has to say, as in a handshake.
bool Session::decrypt() {
    auto text = tls_->receive(input_);
    const bool is_written = write_now(tls_->take_output());
    if (!text || !is_written) return false;
    plain_ = *std::move(text);
    input_ = plain_;
    return true;
}

/// A few bytes into an empty buffer: they are sent completely, or the connection is useless.
bool Session::write_now(std::string_view bytes) {
    error_code error;
    return bytes.empty() || socket_.write_some(asio::buffer(bytes), error) == bytes.size();
}

void Session::process() {
    reader_.consume(input_);
    if (reader_.state() == RequestReader::State::head_complete && !admit()) return;
    update_phase();
    switch (reader_.state()) {
        case RequestReader::State::head:
        case RequestReader::State::head_complete:
        case RequestReader::State::body:
            return reader_.take_wants_continue() ? send_continue() : read();
        case RequestReader::State::complete:
            return dispatch();
        case RequestReader::State::rejected:
            return reject(reader_.error());
    }
}

/// Checks the head before any of the body is stored. @return false if it was rejected.
bool Session::admit() {
    Request& request = reader_.request();
    keep_alive_ = request.keep_alive;
    request.head.peer.address = address_;
    auto admitted = context_.api.admit(std::move(request.head));
    if (auto* rejected = std::get_if<Response>(&admitted)) {
        phase_ = Phase::handling;
        // A body that is not read would be taken for the next request.
        keep_alive_ = keep_alive_ && !request.has_body;
        reader_.take();
        context_.channel->post(weak_from_this(), std::move(*rejected));
        return false;
    }
    admission_ = std::get<Api::Admission>(std::move(admitted));
    if (admission_->is_authenticated()) is_authenticated_ = true;
    reader_.begin_body(admission_->max_body_bytes());
    reader_.consume(input_);
    return true;
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
        const auto earned = body_grace + std::chrono::seconds(body_bytes_ / min_body_rate);
        return phase_start_ + std::min<Clock::duration>(options.body_timeout, earned);
    }
    // A client that has not sent anything yet has less time than a kept-alive connection.
    return phase_start_ + (is_first_ ? std::min(options.header_timeout, options.idle_timeout)
                                     : options.idle_timeout);
}

void Session::send_continue() {
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    if (tls_ && !tls_->send(text)) return close_now();
    if (!write_now(tls_ ? tls_->take_output() : std::string(text))) return close_now();
    read();
}

// ---- Responding

void Session::dispatch() {
    phase_ = Phase::handling;
    is_first_ = false;
    deadline_ = Clock::time_point::max();
    Request request = reader_.take();
    Api::Admission admission = *std::exchange(admission_, std::nullopt);
    const Respond respond = [session = weak_from_this(), channel = context_.channel](
                                Response response) { channel->post(session, std::move(response)); };
    if (!admission.is_query()) {
        return context_.api.answer(std::move(admission), std::move(request.body), respond);
    }
    query(std::move(admission), std::move(request.body), respond);
}

/// A query does not start, or ends early, if its client has disconnected.
void Session::query(Api::Admission admission, std::string body, const Respond& respond) {
    query_ = std::stop_source();
    look_interval_ = first_look_interval;
    arm(Clock::now() + look_interval_);
    struct Query {
        Api::Admission admission;
        std::string body;
    };
    const auto query = std::make_shared<Query>(Query{std::move(admission), std::move(body)});
    const std::string user = query->admission.user_id();
    const Continue resume = [channel = context_.channel, queries = &context_.queries,
                             user](std::function<void()> rest) {
        channel->run_if_open([&] { queries->post(user, std::move(rest)); });
    };
    context_.queries.post(
        user, [&api = context_.api, query, respond, resume, stop = query_->get_token()] {
            if (stop.stop_requested()) return;
            api.answer(std::move(query->admission), std::move(query->body), respond, stop, resume);
        });
}

/// Whether the peer has ended the connection, even if unread bytes precede the end.
bool Session::is_abandoned() {
    pollfd look{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&look, 1, 0) > 0;
}

void Session::reject(const RequestError& error) {
    answer(Api::reject(error.status, error.message), false);
}

void Session::answer(Response response, bool keep_alive) {
    phase_ = Phase::writing;
    query_.reset();
    keep_alive_ = keep_alive && !is_finishing_;
    take_budget(response);
    head_ = format_head(response, std::time(nullptr), keep_alive_);
    body_ = response.omit_body ? std::string() : std::move(response.body);
    written_ = 0;
    write();
}

/// Small responses are always sent: there is at most one for each connection.
void Session::take_budget(Response& response) {
    if (response.omit_body || response.body.size() <= small_body) return;
    if (context_.budget.take(response.body.size())) {
        budgeted_ = response.body.size();
    } else {
        response = Api::reject(503, "Too many large responses wait to be read. Try again later.");
    }
}

/// A response is usually written at once; only the rest of a large one has to wait.
void Session::write() {
    error_code error;
    const std::size_t left = tls_ ? write_records(error) : write_plain(error);
    if (error && error != asio::error::would_block) return close_now();
    if (left == 0) return on_written();
    arm(Clock::now() + context_.options.write_timeout);
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code failed) {
        if (self->phase_ == Phase::closed) return;
        failed ? self->close_now() : self->write();
    });
}

/// @return the number of bytes of the response that are left.
std::size_t Session::write_plain(error_code& error) {
    const std::size_t of_head = std::min(written_, head_.size());
    const std::array<asio::const_buffer, 2> rest = {asio::buffer(head_) + of_head,
                                                    asio::buffer(body_) + (written_ - of_head)};
    written_ += socket_.write_some(rest, error);
    return head_.size() + body_.size() - written_;
}

/// As `write_plain`. Records are made piece by piece, because the whole response would be in memory
/// twice.
std::size_t Session::write_records(error_code& error) {
    if (written_ == 0) body_.insert(0, std::exchange(head_, std::string()));
    while (!error) {
        if (records_written_ == records_.size()) {
            const auto piece = std::string_view(body_).substr(written_, max_piece);
            if (piece.empty()) break;
            if (!tls_->send(piece)) {
                error = asio::error::broken_pipe;
                break;
            }
            written_ += piece.size();
            records_ = tls_->take_output();
            records_written_ = 0;
        }
        records_written_ += socket_.write_some(asio::buffer(records_) + records_written_, error);
    }
    return body_.size() - written_ + records_.size() - records_written_;
}

void Session::on_written() {
    context_.budget.release(std::exchange(budgeted_, 0));
    body_ = std::string();
    if (!keep_alive_) return linger();
    phase_ = Phase::waiting;
    phase_start_ = Clock::now();
    last_active_ = phase_start_.time_since_epoch().count();
    if (is_finishing_ && input_.empty()) return close_now();
    process();
}

// ---- Ending

void Session::linger() {
    phase_ = Phase::lingering;
    if (tls_) {
        tls_->finish();
        static_cast<void>(write_now(tls_->take_output()));
    }
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
    if (query_) query_->request_stop();
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    context_.on_closed(this);
}

// ---- Time. A running timer is not restarted for a later deadline: it checks when it expires.

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
    if (query_ && !is_abandoned()) {
        look_interval_ = std::min<Clock::duration>(look_interval_ * 2, longest_look_interval);
        return arm(Clock::now() + look_interval_);
    }
    if (phase_ != Phase::head && phase_ != Phase::body) return close_now();
    is_late_ = true;
    socket_.cancel();
}

}  // namespace webhooks::http
