#include <storage/sql/postgresql/pool.hpp>

namespace webhooks::storage {
namespace {

const PreparedStatement commit = {"commit", "COMMIT"};
const PreparedStatement rollback = {"rollback", "ROLLBACK"};

}  // namespace

/// A connection while it is in use.
class PostgresqlPool::Lease {
public:
    explicit Lease(PostgresqlPool& pool) : pool_(pool), connection_(pool.take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        if (!is_fine_ && connection_ && !connection_->reset()) connection_.reset();
        pool_.give_back(std::move(connection_));
    }

    /// Executes `begin`.
    PostgresqlConnection& begin(const char* begin) {
        if (connection_) {
            try {
                connection_->sql() << begin;
                return *connection_;
            } catch (const soci::soci_error&) {
                if (connection_->reset()) throw;
                connection_.reset();
                // What broke this one, broke all.
                pool_.forget_idle();
            }
        }
        connection_ = std::make_unique<PostgresqlConnection>(pool_.options_, pool_.planning_);
        connection_->sql() << begin;
        return *connection_;
    }

    /// Nothing has failed.
    void set_fine() { is_fine_ = true; }

private:
    PostgresqlPool& pool_;
    Connection connection_;
    bool is_fine_ = false;
};

Result<> PostgresqlPool::in_transaction(const char* begin, const Body& body) {
    try {
        Lease lease(*this);
        PostgresqlConnection& connection = lease.begin(begin);
        // With what was sent last, in one trip.
        connection.execute(body(connection) ? commit : rollback, {});
        lease.set_fine();
        return {};
    } catch (const std::exception& failure) {
        return postgresql_error(failure);
    }
}

PostgresqlPool::Connection PostgresqlPool::take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, options_.statement_timeout, [this] { return free_ > 0; })) {
        throw NoConnection("all connections are in use");
    }
    --free_;
    if (idle_.empty()) return nullptr;
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void PostgresqlPool::give_back(Connection connection) {
    {
        const std::scoped_lock lock(mutex_);
        ++free_;
        if (connection) idle_.push_back(std::move(connection));
    }
    changed_.notify_one();
}

void PostgresqlPool::forget_idle() {
    std::vector<Connection> lost;
    const std::scoped_lock lock(mutex_);
    lost.swap(idle_);
}

}  // namespace webhooks::storage
