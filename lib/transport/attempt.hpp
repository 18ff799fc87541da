#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <transport/answer_reader.hpp>
#include <transport/expiring_cache.hpp>
#include <transport/failure.hpp>
#include <transport/handshake_turns.hpp>
#include <transport/idle_pool.hpp>
#include <transport/prepared_target.hpp>
#include <transport/progress.hpp>
#include <transport/resolver.hpp>
#include <transport/stream.hpp>
#include <transport/transport_metrics.hpp>
#include <vector>
#include <webhooks/http_transport.hpp>

namespace webhooks::transport {

/// Shared by all attempts of one transport, on its one thread.
struct TransportParts {
    using Pool = IdlePool<PoolKey, std::unique_ptr<Stream>, PoolKeyHash>;

    const HttpTransportOptions& options;
    Poller& poller;
    const TlsContext& tls;
    Resolver& resolver;
    TransportMetrics& metrics;
    Usage usage;
    PreparedTargets targets;
    Pool idle;
    ExpiringCache<ResumableSession> sessions;  ///< By origin.
    std::array<char, 16 * 1024> input{};
    HandshakeTurns handshakes{};
};

/// One attempt, from DNS lookup to response: resolve, connect, TLS, write, read. It has one
/// deadline, and within it one for establishing a connection; neither is ever extended.
class Attempt final : private Stream::Owner {
public:
    class Listener {
    public:
        /// Called once; the attempt does nothing more.
        virtual void on_ended(Attempt& attempt, TransportAnswer&& answer) = 0;

    protected:
        ~Listener() = default;
    };

    Attempt(Transport::Token token, OutgoingRequest request, SteadyTime started,
            TransportParts& parts, Listener& listener);
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    Transport::Token token() const noexcept { return token_; }
    void begin();
    /// Makes the handshake step for which it is in `TransportParts::handshakes`.
    void continue_handshake();
    bool is_overdue(SteadyTime now) const noexcept { return now >= step_deadline_; }
    /// @pre is_overdue(now)
    void on_overdue(SteadyTime now);
    void cancel();

private:
    void on_connected(const std::error_code& code) override;
    void on_ready() override;

    void send_or_connect();
    void use(std::unique_ptr<Stream> stream);
    void connect();
    void resolve();
    void on_resolved(const Resolved& resolved);
    bool use_kept(const Resolved& resolved);
    void dial_next();
    std::error_code dial(const IpAddress& address);
    void after_failed_dial(const std::error_code& code);
    void start_tls();
    void await_handshake_turn(bool is_first);
    void handshake();
    void exchange(SteadyTime now);
    void write_more();
    void read_more();
    void limit_body(SteadyTime now);
    void on_broken(const Stream::Step& step);
    void keep_session(SteadyTime now);
    void finish(SteadyTime now);
    void end(TransportAnswer&& answer);
    template <class Function>
    void guard(Function function);

    const Transport::Token token_;
    const OutgoingRequest request_;
    const std::chrono::milliseconds timeout_;
    const SteadyTime deadline_;
    TransportParts& parts_;
    Listener& listener_;

    std::shared_ptr<const PreparedTarget> prepared_;
    std::string bytes_;
    std::size_t written_ = 0;
    bool can_write_ = true;
    AnswerReader reader_;

    Progress progress_;
    SteadyTime connect_deadline_;
    /// Its next handshake step is not made yet: this thread is the cause, not the peer.
    std::optional<SteadyTime> waits_for_turn_since_;
    SteadyTime step_deadline_;  ///< What is_overdue() compares: the next of all deadlines.
    Resolver::LookupHandle lookup_;
    std::vector<IpAddress> addresses_;
    SteadyTime addresses_valid_until_{};
    /// Reused if a new lookup still returns its address.
    std::unique_ptr<Stream> kept_;
    std::size_t next_address_ = 0;
    std::unique_ptr<Stream> stream_;
    bool is_kept_connection_ = false;
    bool has_ended_ = false;
};

}  // namespace webhooks::transport
