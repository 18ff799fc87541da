#pragma once

#include <libpq-fe.h>
#include <soci/soci.h>

#include <base/never_destroyed.hpp>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <storage/sql/postgresql/watchdog.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/postgresql_storage.hpp>

namespace webhooks::storage {

/// No connection is available.
struct NoConnection : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Converts an exception of SOCI or of this file. The text quotes no value.
Error postgresql_error(const std::exception& failure);

/// The library's options and the user's connection string, for libpq and SOCI.
/// @return nullopt if libpq cannot parse the user's string.
std::optional<std::string> connection_uri(const PostgresqlOptions& options);

/// Keeps libpq from printing the server's notices.
void ignore_notices(PGconn* connection);

/// A statement that a connection prepares when it first executes it. Made for static variables.
struct PreparedStatement {
    PreparedStatement(const char* statement_name, std::string sql)
        : name(statement_name), text(std::move(sql)) {}

    const char* name;
    NeverDestroyed<std::string> text;
};

/// A parameter of a prepared statement, in PostgreSQL's binary format; absent: NULL.
using Parameter = std::optional<std::string>;
Parameter parameter(std::int64_t number);
Parameter parameter(const std::optional<std::int64_t>& number);

/// A view of a statement's parameters, written in a call or stored in a vector: nothing is copied.
class Parameters : public std::span<const Parameter> {
public:
    Parameters(std::initializer_list<Parameter> values) : span(values.begin(), values.size()) {}
    Parameters(const std::vector<Parameter>& values) : span(values) {}
};

/// The result of a prepared statement.
class PostgresqlRows {
public:
    explicit PostgresqlRows(PGresult* result) : result_(result, PQclear) {}

    bool has_succeeded() const {
        const ExecStatusType status = PQresultStatus(result_.get());
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    }
    std::string error() const { return PQresultErrorMessage(result_.get()); }
    /// The SQLSTATE of an error, spaces if the connection was lost.
    const char* state() const {
        const char* state = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
        return state ? state : "     ";
    }
    int size() const { return PQntuples(result_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    /// Of a BIGINT or an INTEGER.
    std::int64_t number(int row, int column) const;
    std::string_view text(int row, int column) const {
        return {PQgetvalue(result_.get(), row, column),
                static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
    }

private:
    std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

/// Whether a transaction failed because of concurrent ones (a deadlock, a serialization failure):
/// it was rolled back, and can be retried.
bool was_rolled_back(const std::exception& failure);

/// How statements of a connection are planned.
enum class Planning : std::uint8_t {
    by_cost,   ///< By PostgreSQL's estimates, planned for each execution.
    by_index,  ///< Always by index, planned once. For statements that name the rows they want: an
               ///< estimate made while the log is small, or grows fast, reads all of it.
};

/// A connection that SOCI and libpq share.
class PostgresqlConnection {
public:
    /// Throws NoConnection, or what SOCI throws.
    /// @param watchdog null: waits for responses without a limit.
    PostgresqlConnection(const PostgresqlOptions& options, Planning planning,
                         PostgresqlWatchdog* watchdog);

    /// For SOCI. Throws what `execute` throws, for statements sent before.
    soci::session& sql();
    /// For a statement that SOCI executes by its name. Goes with the next one that is waited for.
    void prepare(const PreparedStatement& statement);
    /// Throws what SOCI throws.
    PostgresqlRows execute(const PreparedStatement& statement, Parameters parameters);
    /// Sends a statement to be executed together with the next one that is waited for, in one round
    /// trip (a pipeline). Its result is ignored; if it fails, the next one fails.
    void send(const PreparedStatement& statement, Parameters parameters);

    /// Sets how long the server may take to respond; `execute` restarts that time.
    void arm(std::chrono::milliseconds response_timeout);
    void expect_nothing();
    /// Whether the connection was closed because the server did not respond.
    bool timed_out() const noexcept { return watch_ && watch_->timed_out(); }

    /// After a failure: ends what is still open. @return whether the connection can be used again.
    bool reset() noexcept;

private:
    PGconn* handle() const noexcept;
    /// @param is_sent what libpq returned. @param prepared the name of a statement, or null.
    void expect(int is_sent, const char* prepared);
    PostgresqlRows receive();

    soci::session sql_;
    std::optional<PostgresqlWatchdog::Watch> watch_;
    std::chrono::milliseconds response_timeout_{};
    std::set<const char*> prepared_;
    /// Statements sent without a response so far; for a preparation, the name of its statement.
    std::vector<const char*> unanswered_;
    std::size_t unanswered_bytes_ = 0;
};

}  // namespace webhooks::storage
