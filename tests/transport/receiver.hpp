#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace webhooks::testing {

/// A 200 response with the body "ok".
inline constexpr const char* ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The receiver's end of one connection. Calls block, and return when the receiver ends.
class Peer {
public:
    Peer(int socket, SSL_CTX* tls);
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    /// The bytes of one whole request; empty if the connection ended before it was complete.
    std::string read_request();
    /// It resumed a TLS session of an earlier connection.
    bool is_resumed() const noexcept { return tls_ && SSL_session_reused(tls_.get()) == 1; }
    /// @return false if the peer has closed.
    bool send(std::string_view bytes);
    /// Returns once the other side has closed.
    void wait_for_close();
    /// Waits this long for the other side to close. @pre it has nothing more to send
    bool is_closed_within(std::chrono::milliseconds patience);
    /// Closes with a reset instead of a regular end, whatever was read.
    void reset();
    /// Signals that no more will be sent; continues reading.
    void finish_sending();

    /// From any thread: ends all current and later calls.
    void interrupt() noexcept;

private:
    bool read_more(std::string& bytes);

    int socket_;
    std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, &SSL_free};
    bool is_usable_ = true;
};

/// An endpoint on its own loopback port that misbehaves as scripted. Each connection has its own
/// thread, which closes it when the script returns.
class Receiver {
public:
    /// @param connection Counted from 0.
    using Script = std::function<void(Peer&, int connection)>;

    /// @param tls With it connections speak TLS; it must outlive the receiver.
    explicit Receiver(Script script, SSL_CTX* tls = nullptr);
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    /// "http://127.0.0.1:PORT" + `path`.
    std::string url(std::string_view path = "/") const;
    int connections() const noexcept { return connections_; }

private:
    void accept_all();
    void serve(int socket, int number);

    const Script script_;
    SSL_CTX* const tls_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<Peer*> peers_;
    bool is_stopped_ = false;
    std::list<std::thread> threads_;
    std::thread acceptor_;
};

/// A script that answers every request of a connection with the same bytes.
Receiver::Script answer_always(std::string answer);

}  // namespace webhooks::testing
