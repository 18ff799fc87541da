#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace webhooks::testing {

/// A network between clients and a server that fails as configured. Thread-safe.
class TcpProxy {
public:
    /// What happens to a connection once its client has sent a certain text.
    enum class Fate : std::uint8_t {
        reply_cut,    ///< The server gets the text; instead of its reply the connection ends.
        reply_lost,   ///< The server gets the text; its reply and everything after it is dropped.
        never_there,  ///< Everything is dropped from that text on, which the server never gets.
    };

    /// @param server the path of a Unix socket, or a port of 127.0.0.1.
    /// @param address the local address that clients connect to.
    explicit TcpProxy(std::string server, const std::string& address = "127.0.0.1");
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    /// The number of clients that have connected.
    int connections() const noexcept { return connections_; }

    /// Half-open: from now on everything that either side sends is dropped, also on new
    /// connections, and none of them is closed.
    void swallow();
    /// New connections work again. Those that dropped data continue to do so.
    void heal();
    /// Applies it to each `every`-th occurrence of this text, from now on. An empty text stops it.
    void on_text(const std::string& text, int every, Fate fate);
    /// How often that has happened.
    int struck() const noexcept { return struck_; }

private:
    struct Connection {
        int client = -1;
        int server = -1;
        bool is_swallowing = false;
        bool ends_with_reply = false;
        bool swallows_replies = false;
    };

    void serve();
    void accept_one();
    /// @return false if the connection has ended.
    bool pass_on(Connection& connection, bool from_client);
    bool is_struck(const char* bytes, std::size_t size);

    const std::string server_;
    int listener_ = -1;
    int stop_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<int> struck_{0};

    std::mutex mutex_;
    std::map<int, Connection> open_;
    bool is_swallowing_ = false;
    std::string text_;
    Fate fate_ = Fate::reply_cut;
    int every_ = 1;
    int seen_ = 0;

    std::thread thread_;
};

}  // namespace webhooks::testing
