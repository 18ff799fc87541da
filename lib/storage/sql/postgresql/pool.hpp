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

/// What the pools of one storage share: what breaks a connection of one, breaks all.
struct PostgresqlLink {
    PostgresqlWatchdog watchdog;
    std::atomic<int> losses{0};
};

/// Connections, made when they are needed and kept while they work.
class PostgresqlPool {
public:
    /// @param patience how long the server may be silent in a transaction.
    PostgresqlPool(const PostgresqlOptions& options, PostgresqlLink& link, Planning planning,
                   std::size_t size, std::chrono::milliseconds patience)
        : options_(options), link_(link), planning_(planning), patience_(patience), free_(size) {}

    /// @return whether the transaction is to be committed. May throw what SOCI throws.
    using Body = std::function<bool(PostgresqlConnection&)>;
    /// Runs a body in a transaction, and again where others were in its way. Throws nothing.
    /// @param begin begins the transaction; it is executed again on a new connection where it finds
    /// that the old one was lost.
    Result<> in_transaction(const char* begin, const Body& body);

private:
    class Lease;
    struct Connection {
        std::unique_ptr<PostgresqlConnection> made;  ///< Null: there is none.
        int losses = 0;                              ///< Of the link, when it was made.
    };

    void run(const char* begin, const Body& body);
    /// Waits for its turn. @return a connection that was used before, or none: make one.
    Connection take();
    /// @param connection none when it was lost.
    void give_back(Connection connection);

    const PostgresqlOptions& options_;
    PostgresqlLink& link_;
    const Planning planning_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t free_;  ///< How many may be taken.
    std::vector<Connection> idle_;
};

}  // namespace webhooks::storage
