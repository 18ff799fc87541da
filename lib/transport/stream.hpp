#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <transport/poller.hpp>
#include <transport/tls.hpp>
#include <webhooks/endpoint.hpp>
#include <webhooks/time.hpp>

namespace webhooks::transport {

/// One connection, with TLS or without. Its calls never block: they move what can be moved now,
/// and say what to wait for.
class Stream final : private Poller::Watched {
public:
    /// Who uses the connection now. It may destroy the connection in a call.
    class Owner {
    public:
        virtual void on_connected(const std::error_code& code) = 0;
        /// What was waited for may have come; also called without need.
        virtual void on_ready() = 0;

    protected:
        ~Owner() = default;
    };

    /// What came of one call.
    struct Step {
        enum class Kind { moved, wants_read, wants_write, ended, failed };
        Kind kind = Kind::failed;
        std::size_t bytes = 0;      ///< With `moved`.
        std::error_code code = {};  ///< With `failed`, where a system call was the cause.
        std::string error = {};     ///< With `failed`, where TLS was the cause.
    };
    enum class Direction { read, write };

    explicit Stream(Poller& poller) : poller_(poller) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Nobody but the owner is called; with null, nobody.
    void set_owner(Owner* owner) noexcept { owner_ = owner; }

    /// Begins to connect. @return what kept it from beginning; else `on_connected` follows.
    std::error_code connect(const IpAddress& address, std::uint16_t port);
    /// @return false when there is no memory for it.
    /// @param earlier a session with the same host to resume, or null
    bool start_tls(const TlsContext& context, const std::string& host, bool host_is_address,
                   SSL_SESSION* earlier);
    /// What a later connection to the host can resume; null when there is nothing.
    ResumableSession session() const;

    const IpAddress& address() const noexcept { return address_; }
    /// Until when the lookup that named the address holds.
    SteadyTime valid_until() const noexcept { return valid_until_; }
    void set_valid_until(SteadyTime time) noexcept { valid_until_ = time; }

    Step handshake();
    Step read(std::span<char> buffer);
    Step write(std::string_view bytes);
    /// Calls `on_ready` once it is possible to go on.
    void wait(Direction direction);

    /// Bytes wait to be read that `wait` knows nothing of.
    bool has_pending() const noexcept { return tls_ && SSL_has_pending(tls_.get()) == 1; }
    /// Nothing has arrived, the end neither: fit for another request.
    bool is_quiet() noexcept;

private:
    void on_change(bool can_read, bool can_write, bool has_hung_up) override;

    bool is_connected(std::error_code& code) const noexcept;
    Step step_of_socket(long result, Direction direction);
    Step step_of_tls(int result, std::size_t bytes);
    /// The system has nothing more; it tells when that changes.
    void note_drained(Direction direction) noexcept;

    Poller& poller_;
    int socket_ = -1;
    Poller::Place place_;
    IpAddress address_;
    SteadyTime valid_until_ = SteadyTime::max();
    TlsSession tls_;
    Owner* owner_ = nullptr;
    bool is_connecting_ = false;
    bool is_tls_up_ = false;
    bool has_hung_up_ = false;
    bool can_go_on_[2] = {false, false};  ///< By direction, as far as is known.
    bool waits_for_[2] = {false, false};
};

}  // namespace webhooks::transport
