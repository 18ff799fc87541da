#pragma once

#include <functional>
#include <memory>
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
    /// They may destroy the listener.
    struct Calls {
        std::function<void()> on_change;
        std::function<void()> on_events;  ///< As `notify_of_events`, by others.
    };
    /// @param self the `sender` whose notifications of events are ignored.
    PostgresqlListener(const PostgresqlOptions& options, std::string self, Calls calls);
    /// Returns when no call is running, except for one that it is called from.
    ~PostgresqlListener();
    PostgresqlListener(const PostgresqlListener&) = delete;
    PostgresqlListener& operator=(const PostgresqlListener&) = delete;

private:
    class Listening;

    const std::shared_ptr<Listening> listening_;  ///< The thread owns it as well.
    std::thread thread_;
};

}  // namespace webhooks::storage
