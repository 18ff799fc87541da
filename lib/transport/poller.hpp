#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <system_error>
#include <vector>

namespace webhooks::transport {

/// Notifies connections when their sockets are ready. Each socket is registered with the system
/// once, and not again for every wait, as in Asio: a request on a kept connection costs one send,
/// one receive and a share of one poll of all sockets (docs/decisions/0014-own-readiness.md).
/// Everything runs on the loop's one thread.
class Poller {
public:
    class Handler {
    public:
        /// What changed since the last call. It may destroy any of the poller's connections.
        virtual void on_change(bool can_read, bool can_write, bool has_hung_up) = 0;

    protected:
        ~Handler() = default;
    };

    /// The registration of one socket, for as long as the socket is open and this object lives.
    class Registration {
    public:
        Registration() = default;
        Registration(Registration&& other) noexcept;
        Registration& operator=(Registration&& other) noexcept;
        ~Registration();

        /// Makes `on_change` be called soon, although nothing changed.
        void schedule() const;

    private:
        friend Poller;
        Registration(Poller& poller, std::uint64_t key) noexcept : poller_(&poller), key_(key) {}

        Poller* poller_ = nullptr;
        std::uint64_t key_ = 0;
    };

    /// Throws boost::system::system_error if no descriptor is available.
    explicit Poller(boost::asio::io_context& io);

    /// @return why the socket could not be registered; otherwise `place` is set.
    std::error_code watch(int socket, Handler& handler, Registration& place);

    /// Calls the handlers that are ready.
    void poll();
    /// Ends the loop's wait when there is something to poll.
    void interrupt_wait();
    /// Readable when there is something to poll.
    int wait_handle() const { return handle_; }
    /// There is something to poll although no socket changed.
    bool has_calls() const noexcept { return !calls_.empty(); }

private:
    struct Slot {
        Handler* watched = nullptr;
        std::uint32_t uses = 0;  ///< Distinguishes successive connections in the same slot.
    };

    Handler* find(std::uint64_t key) const noexcept;
    void release(std::uint64_t key) noexcept;

    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
    const int handle_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint64_t> calls_;
    bool is_waited_for_ = false;
};

}  // namespace webhooks::transport
