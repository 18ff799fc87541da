#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>

namespace webhooks::storage {

/// Shared by the pools of one storage: a failure that breaks a connection of one breaks all.
struct PostgresqlLink {
    PostgresqlWatchdog watchdog;
    std::atomic<int> generation{0};
};

/// Connections, created on demand and kept while they work.
class PostgresqlPool {
public:
    /// @param response_timeout how long the server may take to respond in a transaction.
    PostgresqlPool(const PostgresqlOptions& options, PostgresqlLink& link, Planning planning,
                   std::size_t size, std::chrono::milliseconds response_timeout)
        : options_(options),
          link_(link),
          planning_(planning),
          response_timeout_(response_timeout),
          free_(size) {}

    /// @return whether to commit the transaction. May throw what SOCI throws.
    using Body = std::function<bool(PostgresqlConnection&)>;
    /// Runs a body in a transaction, and retries it on conflicts with other transactions. Throws
    /// nothing.
    /// @param begin begins the transaction; it is executed again on a new connection if it finds
    /// that the old one was lost.
    Result<> in_transaction(const char* begin, const Body& body);

private:
    class Lease;
    struct Connection {
        std::unique_ptr<PostgresqlConnection> made;  ///< Null: there is none.
        int generation = 0;                          ///< Of the link, when it was created.
    };

    void run(const char* begin, const Body& body);
    /// Waits for a free connection. @return an existing connection, or none: create one.
    Connection take();
    /// @param connection none if it was lost.
    void release(Connection connection);

    const PostgresqlOptions& options_;
    PostgresqlLink& link_;
    const Planning planning_;
    const std::chrono::milliseconds response_timeout_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t free_;  ///< The number that may be taken.
    std::vector<Connection> idle_;
};

}  // namespace webhooks::storage
