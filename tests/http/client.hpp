#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http::testing {

/// A server's response.
struct Answer {
    std::string status_line;
    std::string head;  ///< With the status line and the empty line.
    std::string body;

    int status() const;
    /// The value of a field, its name case-insensitive; empty if it is absent.
    std::string field(std::string_view name) const;
};

/// A client that sends given bytes, right or wrong. Each wait is limited to ten seconds; then the
/// test fails.
class Client {
public:
    explicit Client(std::uint16_t port);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    /// Sends all of it. @return false if the server has closed, or accepts nothing.
    bool send(std::string_view bytes);
    /// Stops sending; responses still arrive.
    void finish_sending();
    /// The next response. @param to_head it answers HEAD, and so has no body.
    Answer read(bool to_head = false);
    /// Everything that arrives until the server closes.
    std::string read_to_end();
    /// Whether nothing arrives, and the connection stays open, for this long.
    bool is_silent_for(std::chrono::milliseconds time);
    /// Whether the connection is closed, in both directions.
    bool is_closed();
    Answer exchange(std::string_view request) {
        send(request);
        return read();
    }

private:
    bool wait(short events, std::chrono::milliseconds time);
    /// @return false at the end of the connection.
    bool fill();

    int socket_ = -1;
    std::string input_;
};

}  // namespace webhooks::http::testing
