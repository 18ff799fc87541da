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

/// One connection, with or without TLS. Its functions never block: they transfer what is possible
/// now, and return what to wait for.
class Stream final : private Poller::Handler {
public:
    /// The current user of the connection. It may destroy the connection in a call.
    class Owner {
    public:
        virtual void on_connected(const std::error_code& code) = 0;
        /// The awaited event may have happened; may also be called spuriously.
        virtual void on_ready() = 0;

    protected:
        ~Owner() = default;
    };

    /// The result of one call.
    struct Step {
        enum class Kind { moved, wants_read, wants_write, ended, failed };
        Kind kind = Kind::failed;
        std::size_t bytes = 0;      ///< With `moved`.
        std::error_code code = {};  ///< With `failed`, if a system call was the cause.
        std::string error = {};     ///< With `failed`, if TLS was the cause.
    };
    enum class Direction { read, write };

    explicit Stream(Poller& poller) : poller_(poller) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Only the owner is called; with null, nothing is.
    void set_owner(Owner* owner) noexcept { owner_ = owner; }

    /// Starts to connect. @return why it could not start; otherwise `on_connected` follows.
    std::error_code connect(const IpAddress& address, std::uint16_t port);
    /// @return false if there is no memory for it.
    /// @param earlier a session with the same host to resume, or null
    bool start_tls(const TlsContext& context, const std::string& host, bool host_is_address,
                   SSL_SESSION* earlier);
    /// What a later connection to the host can resume; null if there is nothing.
    ResumableSession session() const;

    const IpAddress& address() const noexcept { return address_; }
    /// Until when the lookup that returned the address is valid.
    SteadyTime valid_until() const noexcept { return valid_until_; }
    void set_valid_until(SteadyTime time) noexcept { valid_until_ = time; }

    Step handshake();
    Step read(std::span<char> buffer);
    Step write(std::string_view bytes);
    /// Calls `on_ready` once progress is possible.
    void wait(Direction direction);

    /// TLS has bytes in its buffer: the socket may not become readable, so read before `wait`.
    bool has_pending() const noexcept { return tls_ && SSL_has_pending(tls_.get()) == 1; }
    /// No data and no end has arrived: usable for another request.
    bool is_reusable() noexcept;

private:
    void on_change(bool can_read, bool can_write, bool has_hung_up) override;

    bool is_connected(std::error_code& code) const noexcept;
    Step step_of_socket(long result, Direction direction);
    Step step_of_tls(int result, std::size_t bytes);
    /// The socket would block: the poller reports when it is ready again.
    void note_drained(Direction direction) noexcept;

    Poller& poller_;
    int socket_ = -1;
    Poller::Registration registration_;
    IpAddress address_;
    SteadyTime valid_until_ = SteadyTime::max();
    TlsSession tls_;
    Owner* owner_ = nullptr;
    bool is_connecting_ = false;
    bool is_tls_up_ = false;
    bool has_hung_up_ = false;
    bool can_go_on_[2] = {false, false};  ///< By direction, as far as known.
    bool waits_for_[2] = {false, false};
};

}  // namespace webhooks::transport
