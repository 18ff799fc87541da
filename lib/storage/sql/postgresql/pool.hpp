#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <storage/sql/postgresql/connection.hpp>
#include <vector>

namespace webhooks::storage {

/// Connections, made when they are needed and kept while they work.
class PostgresqlPool {
public:
    PostgresqlPool(const PostgresqlOptions& options, Planning planning, std::size_t size)
        : options_(options), planning_(planning), free_(size) {}

    /// @return whether the transaction is to be committed. May throw what SOCI throws.
    using Body = std::function<bool(PostgresqlConnection&)>;
    /// Runs a body in a transaction. Throws nothing.
    /// @param begin begins the transaction; it is executed again on a new connection where it finds
    /// that the old one was lost.
    Result<> in_transaction(const char* begin, const Body& body);

private:
    class Lease;
    using Connection = std::unique_ptr<PostgresqlConnection>;

    /// Waits for its turn. @return a connection that was used before, or null: make one.
    Connection take();
    /// @param connection null when it was lost.
    void give_back(Connection connection);
    void forget_idle();

    const PostgresqlOptions& options_;
    const Planning planning_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t free_;  ///< How many may be taken.
    std::vector<Connection> idle_;
};

}  // namespace webhooks::storage
