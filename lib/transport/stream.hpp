#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <transport/tls.hpp>

namespace webhooks::transport {

/// One connection, with TLS or without. Its calls never block: they move what can be moved now,
/// and say what to wait for. Always held by a shared_ptr; what is under way keeps it alive.
class Stream final : public std::enable_shared_from_this<Stream> {
public:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    /// Who uses the connection now.
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

    explicit Stream(boost::asio::io_context& io) : socket_(io) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Nobody but the owner is called; with null, nobody.
    void set_owner(Owner* owner) noexcept { owner_ = owner; }
    void close() noexcept;

    /// Begins to connect. @return what kept it from beginning; else `on_connected` follows.
    std::error_code connect(const Endpoint& endpoint);
    /// @return false when there is no memory for it.
    bool start_tls(const TlsContext& context, const std::string& host, bool host_is_address);

    Step handshake();
    Step read(std::span<char> buffer);
    Step write(std::string_view bytes);
    /// Calls `on_ready` once it is possible to go on.
    void wait(Direction direction);

    /// Bytes wait to be read that `wait` knows nothing of.
    bool has_pending() const noexcept { return tls_ && SSL_has_pending(tls_.get()) == 1; }
    /// Nothing has arrived, the end neither: fit for another request.
    bool is_quiet() const noexcept;

private:
    using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                    boost::asio::io_context::executor_type>;

    Step step_of_socket(long result, Direction direction);
    Step step_of_tls(int result, std::size_t bytes);

    Socket socket_;
    TlsSession tls_;  // After the socket that it uses: it goes first.
    Owner* owner_ = nullptr;
    bool waits_for_[2] = {false, false};
    bool is_tls_up_ = false;
};

}  // namespace webhooks::transport
