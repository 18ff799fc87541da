#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/pool.hpp>

namespace webhooks::storage {
namespace {

/// The maximum number of attempts for a transaction that conflicts with others.
constexpr int max_tries = 5;

}  // namespace

/// A connection while it is in use.
class PostgresqlPool::Lease {
public:
    explicit Lease(PostgresqlPool& pool) : pool_(pool), connection_(pool.take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        if (!is_ok_ && connection_.made && !connection_.made->reset()) discard();
        if (connection_.made) connection_.made->expect_nothing();
        pool_.release(std::move(connection_));
    }

    /// Executes `begin`.
    PostgresqlConnection& begin(const char* begin) {
        if (connection_.made) {
            try {
                return begun(begin);
            } catch (const soci::soci_error&) {
                if (connection_.made->reset()) throw;
                const bool timed_out = connection_.made->timed_out();
                discard();
                // The next call may have to wait for a connection; this one has already waited.
                if (timed_out) throw NoConnection("the server does not respond");
            }
        }
        const int generation = pool_.link_.generation;
        connection_ = {.made = std::make_unique<PostgresqlConnection>(
                           pool_.options_, pool_.planning_, &pool_.link_.watchdog),
                       .generation = generation};
        return begun(begin);
    }

    /// There was no failure.
    void mark_ok() { is_ok_ = true; }

private:
    PostgresqlConnection& begun(const char* begin) {
        connection_.made->arm(pool_.options_.answer_timeout);
        execute(connection_.made->sql(), begin);
        connection_.made->arm(pool_.response_timeout_);
        return *connection_.made;
    }

    void discard() {
        if (connection_.generation == pool_.link_.generation) ++pool_.link_.generation;
        connection_.made.reset();
    }

    PostgresqlPool& pool_;
    Connection connection_;
    bool is_ok_ = false;
};

Result<> PostgresqlPool::in_transaction(const char* begin, const Body& body) {
    for (int tries = 1;; ++tries) {
        try {
            run(begin, body);
            return {};
        } catch (const std::exception& failure) {
            if (tries == max_tries || !was_rolled_back(failure)) return postgresql_error(failure);
        }
    }
}

void PostgresqlPool::run(const char* begin, const Body& body) {
    Lease lease(*this);
    PostgresqlConnection& connection = lease.begin(begin);
    const bool is_wanted = body(connection);
    connection.arm(response_timeout_);
    // Together with the last statements sent, in one round trip.
    static const PreparedStatement commit = {"commit", "COMMIT"};
    static const PreparedStatement rollback = {"rollback", "ROLLBACK"};
    connection.execute(is_wanted ? commit : rollback, {});
    lease.mark_ok();
}

PostgresqlPool::Connection PostgresqlPool::take() {
    std::vector<Connection> lost;
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, options_.statement_timeout, [this] { return free_ > 0; })) {
        throw NoConnection("all connections are in use");
    }
    --free_;
    while (!idle_.empty()) {
        Connection connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection.generation == link_.generation) return connection;
        lost.push_back(std::move(connection));
    }
    return {};
}

void PostgresqlPool::release(Connection connection) {
    {
        const std::scoped_lock lock(mutex_);
        ++free_;
        if (connection.made) idle_.push_back(std::move(connection));
    }
    changed_.notify_one();
}

}  // namespace webhooks::storage
