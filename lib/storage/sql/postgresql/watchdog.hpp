#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace webhooks::storage {

/// libpq waits for a response without a limit: if the peer has vanished without notice, as when a
/// firewall dropped the connection, it would never return. This class shuts down sockets on which
/// nothing has arrived for too long, so that the calls that wait for them fail.
class PostgresqlWatchdog {
public:
    PostgresqlWatchdog();
    ~PostgresqlWatchdog();
    PostgresqlWatchdog(const PostgresqlWatchdog&) = delete;
    PostgresqlWatchdog& operator=(const PostgresqlWatchdog&) = delete;

    /// The timeout of one socket. Must be destroyed before the socket is closed.
    class Watch {
    public:
        Watch(PostgresqlWatchdog& watchdog, int socket) : watchdog_(watchdog), socket_(socket) {}
        ~Watch() { expect_nothing(); }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        /// From now on data must arrive at least once in each such interval.
        void expect(std::chrono::milliseconds response_timeout);
        void expect_nothing();
        /// Whether the socket was shut down.
        bool timed_out() const noexcept { return timed_out_; }

    private:
        friend PostgresqlWatchdog;
        PostgresqlWatchdog& watchdog_;
        const int socket_;
        std::atomic<bool> timed_out_{false};
    };

private:
    using Clock = std::chrono::steady_clock;
    struct Expectation {
        std::chrono::milliseconds response_timeout{};
        Clock::time_point silent_since;
        std::uint64_t received = 0;  ///< Bytes received until then.
    };

    void run();
    /// Shuts down overdue sockets. @return when to check again.
    Clock::time_point look(Clock::time_point now);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Watch*, Expectation> expected_;
    /// When the thread checks next. Only an earlier deadline has to wake it.
    Clock::time_point looks_at_ = Clock::time_point::max();
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace webhooks::storage
