#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <storage/sql/postgresql/connection.hpp>
#include <string>
#include <thread>

namespace webhooks::storage {

/// Notifies the listeners of the schema once the transaction is committed. Only for rare events,
/// because such commits are serialized.
void notify(PostgresqlConnection& connection);

/// Notifies those who wait for feeds, if there are any: of events that are appended.
/// @param sender not empty. Sent with what follows.
void notify_of_events(PostgresqlConnection& connection, Time now, const std::string& sender);

/// How long to wait before the next attempt, after this many failures: up to 10 s, with jitter.
/// @param random 0-1.
std::chrono::milliseconds reconnect_pause(int failures, double random);

/// Listens, with a connection and a thread of its own, until it is destroyed. A lost connection is
/// replaced; each new connection counts as a notification, because some may have been missed.
class PostgresqlListener {
public:
    struct Calls {
        std::function<void()> on_change;
        std::function<void()> on_events;  ///< As `notify_of_events`, by others.
    };
    /// @param self the `sender` whose notifications of events are ignored.
    PostgresqlListener(const PostgresqlOptions& options, std::string self, Calls calls);
    ~PostgresqlListener();
    PostgresqlListener(const PostgresqlListener&) = delete;
    PostgresqlListener& operator=(const PostgresqlListener&) = delete;

private:
    using Deadline = std::chrono::steady_clock::time_point;
    /// How a wait ended.
    enum class Wake : std::uint8_t { ready, late, stopped };

    void run();
    /// @return whether it was listening before the connection was lost.
    bool listen();
    struct Heard {
        bool change = false;
        bool events = false;
    };
    /// Reads input; sets `is_answered` on a response.
    Heard take_in(PGconn* connection, bool& is_answered) const;
    bool connect(PGconn* connection);
    Wake wait(int socket, short events, Deadline deadline) const;

    const std::string uri_;
    const std::string channel_;
    const std::chrono::milliseconds connect_timeout_;
    const std::chrono::milliseconds answer_timeout_;
    const std::string self_;
    const Calls calls_;
    std::mt19937 random_{std::random_device{}()};
    int stop_;  ///< An eventfd that is readable once the thread should end.
    std::thread thread_;
};

}  // namespace webhooks::storage
