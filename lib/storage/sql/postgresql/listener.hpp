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

/// Tells those who listen to our schema, once the transaction is committed. For what is rare: its
/// commits wait for each other.
void notify(PostgresqlConnection& connection);

/// How long to wait before the next try, after so many that failed: up to 10 s, and not all at
/// once.
/// @param random 0-1.
std::chrono::milliseconds reconnect_pause(int failures, double random);

/// Listens, with a connection and a thread of its own, until it is destroyed. A lost connection is
/// replaced; each new one counts as a call, for others may have called in vain.
class PostgresqlListener {
public:
    PostgresqlListener(const PostgresqlOptions& options, std::function<void()> on_call);
    ~PostgresqlListener();
    PostgresqlListener(const PostgresqlListener&) = delete;
    PostgresqlListener& operator=(const PostgresqlListener&) = delete;

private:
    using Deadline = std::chrono::steady_clock::time_point;
    /// How a wait ended.
    enum class Wake : std::uint8_t { ready, late, stopped };

    void run();
    /// @return whether it listened, until the connection was lost.
    bool listen();
    /// Takes what has come in; `is_answered` once there is an answer. @return whether others call.
    static bool take_in(PGconn* connection, bool& is_answered);
    bool connect(PGconn* connection);
    Wake wait(int socket, short events, Deadline deadline) const;

    const std::string uri_;
    const std::string channel_;
    const std::chrono::milliseconds connect_timeout_;
    const std::chrono::milliseconds answer_timeout_;
    const std::function<void()> on_call_;
    std::mt19937 random_{std::random_device{}()};
    int stop_;  ///< An eventfd, readable once it is to end.
    std::thread thread_;
};

}  // namespace webhooks::storage
