#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace webhooks::storage {

/// libpq waits for an answer for ever: where the peer is gone and nothing tells, as behind a
/// firewall that forgot the connection, so would we. This shuts down sockets on which nothing has
/// come in for too long, and whoever waits for them fails.
class PostgresqlWatchdog {
public:
    PostgresqlWatchdog();
    ~PostgresqlWatchdog();
    PostgresqlWatchdog(const PostgresqlWatchdog&) = delete;
    PostgresqlWatchdog& operator=(const PostgresqlWatchdog&) = delete;

    /// What is expected of one socket. Goes before the socket is closed.
    class Watch {
    public:
        Watch(PostgresqlWatchdog& watchdog, int socket) : watchdog_(watchdog), socket_(socket) {}
        ~Watch() { expect_nothing(); }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        /// From now on something must come in within so long, again and again.
        void expect(std::chrono::milliseconds patience);
        void expect_nothing();
        /// Whether the socket was shut down.
        bool was_silent() const noexcept { return was_silent_; }

    private:
        friend PostgresqlWatchdog;
        PostgresqlWatchdog& watchdog_;
        const int socket_;
        std::atomic<bool> was_silent_{false};
    };

private:
    using Clock = std::chrono::steady_clock;
    struct Expectation {
        std::chrono::milliseconds patience{};
        Clock::time_point silent_since;
        std::uint64_t received = 0;  ///< Bytes until then.
    };

    void run();
    /// Shuts down what is overdue. @return when to look again.
    Clock::time_point look(Clock::time_point now);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Watch*, Expectation> expected_;
    /// When the thread looks next. What is expected no sooner need not wake it.
    Clock::time_point looks_at_ = Clock::time_point::max();
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace webhooks::storage
