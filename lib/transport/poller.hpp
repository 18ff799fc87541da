#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <system_error>
#include <vector>

namespace webhooks::transport {

/// Tells connections when their sockets can go on. The system is told once of each socket, and not
/// again at every wait, as Asio does it: a request on a kept connection costs one send, one receive
/// and a share of a look at all sockets (docs/decisions/0014-own-readiness.md). All is done on the
/// loop's one thread.
class Poller {
public:
    class Watched {
    public:
        /// What changed since it was told last. It may end any of the poller's connections.
        virtual void on_change(bool can_read, bool can_write, bool has_hung_up) = 0;

    protected:
        ~Watched() = default;
    };

    /// One socket that is watched, as long as the socket is open and this lives.
    class Place {
    public:
        Place() = default;
        Place(Place&& other) noexcept;
        Place& operator=(Place&& other) noexcept;
        ~Place();

        /// Has `on_change` be called soon, though nothing changed.
        void call() const;

    private:
        friend Poller;
        Place(Poller& poller, std::uint64_t key) noexcept : poller_(&poller), key_(key) {}

        Poller* poller_ = nullptr;
        std::uint64_t key_ = 0;
    };

    /// Throws std::system_error where there is no descriptor for it.
    explicit Poller(boost::asio::io_context& io);

    /// @return what kept the socket from being watched; else `place` is set.
    std::error_code watch(int socket, Watched& watched, Place& place);

    /// Calls those that can go on now.
    void poll();
    /// Has the loop end its wait when there is something to poll.
    void interrupt_wait();
    /// Readable when there is something to poll.
    int wait_handle() const { return handle_; }
    /// There is something to poll though no socket changed.
    bool has_calls() const noexcept { return !calls_.empty(); }

private:
    struct Slot {
        Watched* watched = nullptr;
        std::uint32_t uses = 0;  ///< Tells a connection from an earlier one in its place.
    };

    Watched* find(std::uint64_t key) const noexcept;
    void release(std::uint64_t key) noexcept;

    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
    const int handle_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint64_t> calls_;
    bool is_waited_for_ = false;
};

}  // namespace webhooks::transport
