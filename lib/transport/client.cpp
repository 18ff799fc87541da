#include <boost/asio/post.hpp>
#include <exception>
#include <transport/client.hpp>

namespace webhooks::transport {
namespace {

using namespace std::chrono_literals;

/// The precision of deadlines, including those of lookups: all are checked together at this
/// interval while there are any.
constexpr auto check_interval = 50ms;
/// The same for idle connections, while there is nothing else.
constexpr auto idle_check_interval = 1s;
/// Steps of TLS handshakes between two polls of established connections.
constexpr std::size_t handshakes_per_turn = 4;
/// How often a host with its own loop drives DNS lookups, which `wait_handle` does not cover.
constexpr auto lookup_interval = 5ms;
/// The maximum number of TLS sessions kept for resumption, of some kilobytes each.
constexpr std::size_t max_sessions = 2'000;

}  // namespace

HttpTransport::HttpTransport(HttpTransportOptions options, TlsContext tls, Usage usage,
                             std::shared_ptr<IdleLimit> idle)
    : options_(std::move(options)),
      tls_(std::move(tls)),
      resolver_(io_, {.dns = {.name_servers = options_.name_servers},
                      .on_finished = [this](const Resolved& resolved) { count_lookup(resolved); }}),
      parts_{.options = options_,
             .poller = poller_,
             .tls = tls_,
             .resolver = resolver_,
             .metrics = metrics_,
             .usage = usage,
             .targets = PreparedTargets(options_.user_agent, usage),
             .idle = {std::move(idle), options_.keep_alive},
             .sessions = ExpiringCache<ResumableSession>(max_sessions)} {}

void HttpTransport::start(Token token, OutgoingRequest request) {
    start(token, std::move(request), SteadyTime::clock::now());
}

void HttpTransport::start(Token token, OutgoingRequest request, SteadyTime since) {
    attempts_.try_emplace(token, token, std::move(request), since, parts_, *this);
    started_.push_back(token);
}

void HttpTransport::begin_started() {
    for (const Token token : std::exchange(started_, {})) {
        const auto found = attempts_.find(token);
        if (found != attempts_.end()) found->second.begin();
    }
}

/// Alternates with them, so that endpoints that need new connections do not delay those that have
/// one.
void HttpTransport::continue_handshakes() {
    for (std::size_t i = 0; i < handshakes_per_turn; ++i) {
        const std::optional<Token> token = parts_.handshakes.next();
        if (!token) return;
        const auto found = attempts_.find(*token);
        if (found != attempts_.end()) found->second.continue_handshake();
    }
}

/// Whether there is work to do although no socket changed.
bool HttpTransport::has_work() const noexcept {
    return poller_.has_calls() || !parts_.handshakes.is_empty();
}

void HttpTransport::run(SteadyTime until, Sink& sink) {
    while (true) {
        poller_.poll();
        io_.poll();
        begin_started();
        continue_handshakes();
        const SteadyTime now = SteadyTime::clock::now();
        if (now >= next_periodic_check()) run_periodic_checks(now);
        ended_.clear();
        metrics_.set_connections(parts_.idle.size(), attempts_.size());
        const bool was_woken = is_woken_.exchange(false);
        if (give_answers(sink) || was_woken || now >= until) return;
        if (has_work()) continue;
        poller_.interrupt_wait();
        io_.run_one_until(std::min(until, next_periodic_check()));
    }
}

SteadyTime HttpTransport::next_periodic_check() const noexcept {
    if (!attempts_.empty() || resolver_.is_busy()) return last_periodic_check_ + check_interval;
    if (parts_.idle.size() > 0) return last_periodic_check_ + idle_check_interval;
    return SteadyTime::max();
}

void HttpTransport::run_periodic_checks(SteadyTime now) {
    last_periodic_check_ = now;
    std::vector<Attempt*> overdue;
    for (auto& [token, attempt] : attempts_) {
        if (attempt.is_overdue(now)) overdue.push_back(&attempt);
    }
    for (Attempt* attempt : overdue) {
        attempt->on_overdue(now);
    }
    resolver_.process_timeouts(now);
    parts_.idle.drop_unusable(
        now, [](const std::unique_ptr<Stream>& kept) { return !kept->is_reusable(); });
}

bool HttpTransport::give_answers(Sink& sink) {
    if (answers_.empty()) return false;
    given_.clear();
    given_.swap(answers_);
    for (auto& [token, answer] : given_) {
        sink.on_answer(token, std::move(answer));
    }
    return true;
}

void HttpTransport::count_lookup(const Resolved& resolved) {
    const bool is_found = !resolved.addresses.empty();
    metrics_.count_lookup(is_found                  ? LookupResult::found
                          : resolved.is_local_error ? LookupResult::local_error
                                                    : LookupResult::failed);
}

void HttpTransport::on_ended(Attempt& attempt, TransportAnswer&& answer) {
    const Token token = attempt.token();
    answers_.emplace_back(token, std::move(answer));
    ended_.emplace_back();  // If memory runs out, it must not be destroyed here.
    ended_.back() = attempts_.extract(token);
}

void HttpTransport::wake() noexcept try {
    if (!is_woken_.exchange(true)) boost::asio::post(io_, [] {});
} catch (const std::exception&) {
    // If there is no memory for a handler, the next periodic check ends the wait.
}

SteadyTime HttpTransport::next_wake() const {
    if (!answers_.empty() || !started_.empty() || has_work()) return SteadyTime::min();
    if (!resolver_.is_busy()) return next_periodic_check();
    return std::min(next_periodic_check(), SteadyTime::clock::now() + lookup_interval);
}

void HttpTransport::cancel_all() {
    while (!attempts_.empty()) {
        attempts_.begin()->second.cancel();
    }
    started_.clear();
    parts_.handshakes.clear();
    parts_.idle.clear();
}

}  // namespace webhooks::transport
