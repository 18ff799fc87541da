#include <algorithm>
#include <base/never_destroyed.hpp>
#include <exception>
#include <transport/attempt.hpp>
#include <transport/request_head.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

using Kind = Stream::Step::Kind;

/// The maximum number of a name's addresses that are tried; all are checked.
constexpr std::size_t max_dialled = 8;
/// A certificate is verified again after this time at the latest.
constexpr std::chrono::seconds max_session_life = std::chrono::hours(1);

Result<> check_all(const std::vector<IpAddress>& addresses, const EndpointPolicy* policy) {
    static const NeverDestroyed<EndpointPolicy> strict;
    for (const IpAddress& address : addresses) {
        auto checked = check_address(address, policy != nullptr ? *policy : *strict);
        if (!checked) return checked;
    }
    return {};
}

bool is_failure(const TransportAnswer& answer) {
    if (answer.kind == TransportAnswer::Kind::answered) return answer.status_code / 100 != 2;
    return answer.kind == TransportAnswer::Kind::failed;
}

std::chrono::milliseconds timeout_of(const OutgoingRequest& request,
                                     std::chrono::milliseconds own) {
    if (request.timeout.count() > 0) return request.timeout;
    return request.max_timeout.count() > 0 ? std::min(request.max_timeout, own) : own;
}

}  // namespace

Attempt::Attempt(Transport::Token token, OutgoingRequest request, SteadyTime started,
                 TransportParts& parts, Listener& listener)
    : token_(token),
      request_(std::move(request)),
      timeout_(timeout_of(request_, parts.options.attempt_timeout)),
      deadline_(started + timeout_),
      parts_(parts),
      listener_(listener),
      reader_(parts.options.max_header_bytes, parts.usage == Usage::document
                                                  ? AnswerReader::max_body_bytes
                                                  : AnswerReader::max_kept_bytes),
      step_deadline_(deadline_) {}

/// No exception may leave; only running out of memory can cause one here.
template <class Function>
void Attempt::guard(Function function) {
    try {
        if (!has_ended_) function();
    } catch (const std::exception&) {
        if (!has_ended_) end(not_sent("out of memory"));
    }
}

void Attempt::begin() {
    guard([this] {
        prepared_ = parts_.targets.prepare(request_.target);
        if (!prepared_->error.empty()) return end(failed(FailureReason::other, prepared_->error));
        Result<std::string> bytes = request_bytes(prepared_->head, request_, parts_.usage);
        if (!bytes) return end(failed(FailureReason::other, bytes.error().detail()));
        bytes_ = std::move(*bytes);
        send_or_connect();
    });
}

void Attempt::send_or_connect() {
    const SteadyTime now = SteadyTime::clock::now();
    while (auto kept = parts_.idle.take(prepared_->key)) {
        if (!(*kept)->is_reusable()) continue;
        if (now >= (*kept)->valid_until()) {
            kept_ = std::move(*kept);
            return resolve();
        }
        use(std::move(*kept));
        is_kept_connection_ = true;
        return exchange(now);
    }
    connect();
}

void Attempt::use(std::unique_ptr<Stream> stream) {
    stream_ = std::move(stream);
    if (stream_) stream_->set_owner(this);
}

void Attempt::connect() {
    use(nullptr);
    is_kept_connection_ = false;
    resolve();
}

void Attempt::resolve() {
    const SteadyTime now = SteadyTime::clock::now();
    connect_deadline_ = std::min(deadline_, now + parts_.options.connect_timeout);
    step_deadline_ = connect_deadline_;
    progress_.enter(Phase::resolving, now);
    const EndpointUrl& url = request_.target->url;
    if (!url.host_is_address()) {
        lookup_ =
            parts_.resolver.resolve(std::string(url.host()), now,
                                    [this](const Resolved& resolved) { on_resolved(resolved); });
        return;
    }
    const Result<IpAddress> address = IpAddress::parse(url.host());
    if (!address) return end(failed(FailureReason::address, address.error().detail()));
    on_resolved({.addresses = {*address}});
}

void Attempt::on_resolved(const Resolved& resolved) {
    guard([&] {
        lookup_.reset();
        if (resolved.is_local_error) {
            if (std::exchange(kept_, nullptr) || parts_.idle.drop_oldest()) return connect();
            return end(not_sent(resolved.error));
        }
        if (resolved.addresses.empty()) return end(failed(FailureReason::lookup, resolved.error));
        const auto checked = check_all(resolved.addresses, request_.target->policy.get());
        if (!checked) return end(failed(FailureReason::address, checked.error().detail()));
        if (use_kept(resolved)) return exchange(SteadyTime::clock::now());
        addresses_ = resolved.addresses;
        addresses_.resize(std::min(addresses_.size(), max_dialled));
        addresses_valid_until_ = resolved.valid_until;
        next_address_ = 0;
        dial_next();
    });
}

/// When its lookup has expired, a connection is reused only if a new lookup still returns its
/// address.
bool Attempt::use_kept(const Resolved& resolved) {
    std::unique_ptr<Stream> kept = std::exchange(kept_, nullptr);
    if (!kept || !kept->is_reusable()) return false;
    if (std::ranges::find(resolved.addresses, kept->address()) == resolved.addresses.end()) {
        return false;
    }
    kept->set_valid_until(resolved.valid_until);
    use(std::move(kept));
    is_kept_connection_ = true;
    return true;
}

/// Each address gets an equal share of the remaining time, so that one that does not respond leaves
/// time for the others.
void Attempt::dial_next() {
    const SteadyTime now = SteadyTime::clock::now();
    progress_.enter(Phase::connecting, now);
    const auto left = static_cast<int>(addresses_.size() - next_address_);
    step_deadline_ = now + (connect_deadline_ - now) / left;
    if (const auto code = dial(addresses_[next_address_++])) after_failed_dial(code);
}

/// Scarce resources are for connections in use, before idle ones.
std::error_code Attempt::dial(const IpAddress& address) {
    while (true) {
        use(std::make_unique<Stream>(parts_.poller));
        progress_.connects_to(address);
        const auto code = stream_->connect(address, request_.target->url.port());
        stream_->set_valid_until(addresses_valid_until_);
        if (!is_local_error(code) || !parts_.idle.drop_oldest()) return code;
    }
}

void Attempt::after_failed_dial(const std::error_code& code) {
    if (next_address_ == addresses_.size() || is_local_error(code)) {
        return end(failed(Phase::connecting, code));
    }
    dial_next();
}

void Attempt::on_connected(const std::error_code& code) {
    guard([&] {
        if (code) return after_failed_dial(code);
        step_deadline_ = connect_deadline_;
        if (!request_.target->url.is_https()) return exchange(SteadyTime::clock::now());
        start_tls();
    });
}

void Attempt::start_tls() {
    const SteadyTime now = SteadyTime::clock::now();
    progress_.enter(Phase::handshaking, now);
    const EndpointUrl& url = request_.target->url;
    const ResumableSession earlier = parts_.sessions.find(std::string(url.origin()), now);
    if (!stream_->start_tls(parts_.tls, std::string(url.host()), url.host_is_address(),
                            earlier.get())) {
        return end(not_sent("out of memory"));
    }
    await_handshake_turn(true);
}

/// Half of the time that is left remains for the peer.
void Attempt::await_handshake_turn(bool is_first) {
    if (waits_for_turn_since_) return;
    const SteadyTime now = SteadyTime::clock::now();
    waits_for_turn_since_ = now;
    step_deadline_ = now + (deadline_ - now) / 2;
    parts_.handshakes.add(token_, is_first);
}

void Attempt::continue_handshake() {
    guard([this] {
        if (!waits_for_turn_since_) return;
        const auto waited = SteadyTime::clock::now() - *std::exchange(waits_for_turn_since_, {});
        connect_deadline_ = std::min(deadline_, connect_deadline_ + waited);
        step_deadline_ = connect_deadline_;
        handshake();
    });
}

void Attempt::handshake() {
    const Stream::Step step = stream_->handshake();
    switch (step.kind) {
        case Kind::moved:
            return exchange(SteadyTime::clock::now());
        case Kind::wants_read:
            return stream_->wait(Stream::Direction::read);
        case Kind::wants_write:
            return stream_->wait(Stream::Direction::write);
        case Kind::ended:
        case Kind::failed:
            break;
    }
    // The session may be what the peer rejected.
    parts_.sessions.drop(std::string(request_.target->url.origin()));
    if (step.kind == Kind::ended)
        return end(failed(FailureReason::tls, "connection closed in the TLS handshake"));
    end(step.code ? failed(progress_.phase(), step.code) : failed(FailureReason::tls, step.error));
}

/// A process that was suspended notices that a connection is ready before its time is checked. By
/// then another worker may have sent the event, and the next one of its order.
void Attempt::exchange(SteadyTime now) {
    if (now >= deadline_) return end(timed_out(progress_.phase(), timeout_));
    progress_.enter(Phase::exchanging, now);
    const bool is_new = !is_kept_connection_;
    progress_.connects_to(stream_->address());
    if (is_new) parts_.metrics.count_connection(request_.target->url.is_https());
    step_deadline_ = deadline_;
    written_ = 0;
    can_write_ = true;
    write_more();
    // No response can be here yet, but TLS may have buffered more than its handshake.
    if (stream_->has_pending()) return read_more();
    stream_->wait(Stream::Direction::read);
}

void Attempt::on_ready() {
    guard([this] {
        if (progress_.phase() == Phase::handshaking) return await_handshake_turn(false);
        write_more();
        read_more();
    });
}

/// A peer may respond before it has read everything and then close. So a failed write does not end
/// the attempt: the following read finds the response, or the end of the connection.
void Attempt::write_more() {
    while (can_write_ && written_ < bytes_.size()) {
        const Stream::Step step = stream_->write(std::string_view(bytes_).substr(written_));
        if (step.kind == Kind::wants_write) return stream_->wait(Stream::Direction::write);
        if (step.kind == Kind::wants_read) return;  // Reading is always waited for.
        can_write_ = step.kind == Kind::moved;
        written_ += step.bytes;
    }
}

void Attempt::read_more() {
    while (true) {
        const Stream::Step step = stream_->read(parts_.input);
        switch (step.kind) {
            case Kind::moved: {
                const SteadyTime now = SteadyTime::clock::now();
                if (reader_.is_untouched()) progress_.note_first_byte(now);
                if (!reader_.feed({parts_.input.data(), step.bytes})) return finish(now);
                limit_body(now);
                break;
            }
            case Kind::wants_write:
                stream_->wait(Stream::Direction::write);
                [[fallthrough]];
            case Kind::wants_read:
                return stream_->wait(Stream::Direction::read);
            case Kind::ended:
            case Kind::failed:
                return on_broken(step);
        }
    }
}

/// With status and headers the outcome is known, and the body is only for the log.
void Attempt::limit_body(SteadyTime now) {
    if (!reader_.has_answer() || progress_.phase() == Phase::reading_body) return;
    progress_.enter(Phase::reading_body, now);
    step_deadline_ = std::min(deadline_, now + parts_.options.body_timeout);
}

void Attempt::on_broken(const Stream::Step& step) {
    if (reader_.is_untouched() && is_kept_connection_) return connect();
    if (reader_.is_untouched() && step.kind == Kind::failed) {
        return end(step.code ? failed(progress_.phase(), step.code)
                             : failed(FailureReason::reset, step.error));
    }
    reader_.end();
    finish(SteadyTime::clock::now());
}

/// Once a response is here, so are the tickets that TLS 1.3 sends for resumption.
void Attempt::keep_session(SteadyTime now) {
    if (!stream_ || is_kept_connection_) return;
    if (ResumableSession session = stream_->session()) {
        const auto life = std::min(max_session_life,
                                   std::chrono::seconds(SSL_SESSION_get_timeout(session.get())));
        parts_.sessions.put(std::string(request_.target->url.origin()), std::move(session),
                            now + life);
    }
}

void Attempt::finish(SteadyTime now) {
    keep_session(now);
    const bool may_reuse = reader_.may_reuse_connection() && written_ == bytes_.size();
    if (may_reuse) {
        stream_->set_owner(nullptr);
        parts_.idle.put(prepared_->key, std::exchange(stream_, nullptr), now);
    }
    end(reader_.take());
}

void Attempt::on_overdue(SteadyTime now) {
    guard([&] {
        const bool has_more_addresses = next_address_ < addresses_.size();
        if (progress_.phase() == Phase::connecting && has_more_addresses &&
            now < connect_deadline_) {
            return dial_next();
        }
        if (waits_for_turn_since_) {
            return end(
                not_sent("this process has too little CPU time, or too few delivery_threads, "
                         "for all TLS handshakes"));
        }
        if (!reader_.has_answer()) return end(timed_out(progress_.phase(), timeout_));
        reader_.end();
        finish(now);
    });
}

void Attempt::cancel() {
    guard([this] { end(not_sent("cancelled")); });
}

void Attempt::end(TransportAnswer&& answer) {
    has_ended_ = true;
    if (is_failure(answer)) answer.details = progress_.details(reader_.take_headers());
    lookup_.reset();
    kept_.reset();
    use(nullptr);
    listener_.on_ended(*this, std::move(answer));
}

}  // namespace webhooks::transport
