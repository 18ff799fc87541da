#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace webhooks::testing {

/// A 200 response with the body "ok".
inline constexpr const char* ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// How an endpoint treats its clients. By default it answers 200.
struct Manner {
    enum class Then : std::uint8_t {
        wait,     ///< For another request.
        close,    ///< The connection.
        reset,    ///< The connection, with RST instead of FIN.
        endless,  ///< Sends `filler` again and again.
    };

    std::string bytes = ok;              ///< Sent for each request; nothing: silent.
    Then then = Then::wait;              ///< What follows.
    std::string filler = {};             ///< With `endless`.
    std::chrono::milliseconds delay{0};  ///< Before the first byte.
    std::chrono::milliseconds pace{0};   ///< Not 0: one byte at a time, with this between two.
    bool heeds_requests = true;          ///< False: does all this as soon as a client connects.
};

/// A request as received.
struct Arrival {
    std::chrono::steady_clock::time_point at;
    std::string webhook_id;
    std::string body;
};

/// Endpoints that misbehave as configured, thousands of connections on one thread. Each has its own
/// port, and is a separate host at every address of 127.0.0.0/8. Thread-safe.
class HostileServer {
public:
    using Port = std::uint16_t;

    HostileServer();
    ~HostileServer();
    HostileServer(const HostileServer&) = delete;
    HostileServer& operator=(const HostileServer&) = delete;

    /// Opens an endpoint. @return its port
    Port open(Manner manner);
    /// From the next request on (or the next connection, if it ignores requests).
    void set(Port port, Manner manner);

    /// All requests to a port, in order.
    std::vector<Arrival> arrivals(Port port) const;
    /// Waits until a port has received this many requests. @return whether it has
    bool wait_for_arrivals(Port port, std::size_t count, std::chrono::milliseconds patience) const;
    /// Connections to a port that are open now.
    std::size_t connections(Port port) const;
    /// The maximum number of simultaneous connections to a port since the last call.
    std::size_t take_max_connections(Port port);

private:
    using Id = std::uint64_t;
    using Time = std::chrono::steady_clock::time_point;
    enum class Verdict : std::uint8_t { goes_on, is_over };

    struct Endpoint {
        int socket = -1;
        std::shared_ptr<const Manner> manner = {};
        std::vector<Arrival> arrivals = {};
        std::size_t connections = 0;
        std::size_t max_connections = 0;
    };
    struct Connection {
        int socket = -1;
        Port port = 0;
        std::string input = {};
        std::string output = {};
        std::shared_ptr<const Manner> manner = {};  ///< Of the answer in flight; null: none is.
    };

    // All of these are called by the thread, with the lock held.
    void serve();
    void accept_all(Port port);
    void on_ready(Id id, std::uint32_t events);
    void on_due(Time now);
    Verdict read(Connection& connection);
    /// Starts to answer the next request, if there is one.
    void take_request(Id id, Connection& connection);
    void begin_answer(Id id, Connection& connection);
    Verdict go_on(Id id, Connection& connection);
    Verdict finish_answer(Id id, Connection& connection);
    void watch(Id id, const Connection& connection, bool for_writing);
    void close(Id id);

    int epoll_ = -1;
    int stop_ = -1;
    mutable std::mutex mutex_;
    mutable std::condition_variable arrived_;
    std::map<Port, Endpoint> endpoints_;
    /// Ids of connections start after the ports.
    Id last_id_ = 65'536;
    std::map<Id, Connection> connections_;
    std::multimap<Time, Id> due_;
    std::thread thread_;
};

}  // namespace webhooks::testing
