#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http::testing {

/// What a server answered.
struct Answer {
    std::string status_line;
    std::string head;  ///< With the status line and the empty line.
    std::string body;

    int status() const;
    /// The value of a field, its name in any case; empty when it is absent.
    std::string field(std::string_view name) const;
};

/// A client that sends bytes as it is told, right or wrong. Whatever it waits for, it waits for
/// ten seconds at most; the test fails then.
class Client {
public:
    explicit Client(std::uint16_t port);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    /// Sends all of it. @return false if the server has gone, or takes nothing.
    bool send(std::string_view bytes);
    /// Ends sending; answers still arrive.
    void finish_sending();
    /// The next answer. @param to_head that it answers HEAD, and so has no body.
    Answer read(bool to_head = false);
    /// Whatever arrives until the server closes.
    std::string read_to_end();
    /// Whether nothing arrives, and the connection stays, for this long.
    bool is_silent_for(std::chrono::milliseconds time);
    /// Whether the connection is gone, in both directions.
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
