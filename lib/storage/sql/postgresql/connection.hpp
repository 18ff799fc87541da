#pragma once

#include <libpq-fe.h>
#include <soci/soci.h>

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
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/postgresql_storage.hpp>

namespace webhooks::storage {

/// There is no connection to be had.
struct NoConnection : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Says what an exception of SOCI or of this file means. The text quotes no value.
Error postgresql_error(const std::exception& failure);

/// Our options and the user's connection string, as libpq and SOCI take them.
/// @return nothing where libpq does not understand the user's.
std::optional<std::string> connection_uri(const PostgresqlOptions& options);

/// Has libpq not print what the server remarks.
void ignore_notices(PGconn* connection);

/// A statement that a connection prepares when it first executes it.
struct PreparedStatement {
    const char* name;
    std::string text;
};

/// A value of a prepared statement, in PostgreSQL's binary form; absent: NULL.
using Parameter = std::optional<std::string>;
Parameter parameter(std::int64_t number);
Parameter parameter(const std::optional<std::int64_t>& number);

/// The values of a statement, as they are written down in a call or in a vector: nothing is copied.
class Parameters : public std::span<const Parameter> {
public:
    Parameters(std::initializer_list<Parameter> values) : span(values.begin(), values.size()) {}
    Parameters(const std::vector<Parameter>& values) : span(values) {}
};

/// The answer to a prepared statement.
class PostgresqlRows {
public:
    explicit PostgresqlRows(PGresult* result) : result_(result, PQclear) {}

    bool has_succeeded() const {
        const ExecStatusType status = PQresultStatus(result_.get());
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    }
    std::string error() const { return PQresultErrorMessage(result_.get()); }
    /// The SQLSTATE of an error, blanks where the connection was lost.
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

/// Whether a transaction failed because others were in its way (a deadlock, a conflict of
/// serialization): it was rolled back, and goes through when it is repeated.
bool was_rolled_back(const std::exception& failure);

/// How statements of a connection find their rows, and what it is for.
enum class Planning : std::uint8_t {
    by_cost,   ///< As PostgreSQL estimates, each time anew.
    by_index,  ///< Always by index, planned once. For statements that name the rows they want: an
               ///< estimate made while the log is small, or grows fast, reads all of it.
};

/// A connection that SOCI and libpq share.
class PostgresqlConnection {
public:
    /// Throws NoConnection, or what SOCI throws.
    /// @param watchdog null: answers are awaited for ever.
    PostgresqlConnection(const PostgresqlOptions& options, Planning planning,
                         PostgresqlWatchdog* watchdog);

    /// For SOCI. Throws what `execute` throws, of what was sent before.
    soci::session& sql();
    /// Throws what SOCI throws.
    PostgresqlRows execute(const PreparedStatement& statement, Parameters parameters);
    /// Has a statement executed with the next one that is waited for: both go in one trip (a
    /// pipeline). Its answer is of no interest; where it fails, the next one fails.
    void send(const PreparedStatement& statement, Parameters parameters);

    /// From now on the server must not be silent for so long; `execute` begins that time anew.
    void expect_answers(std::chrono::milliseconds patience);
    void expect_nothing();
    /// Whether the connection was given up because the server was silent.
    bool was_silent() const noexcept { return watch_ && watch_->was_silent(); }

    /// After a failure: ends what it left open. @return whether the connection can be used again.
    bool reset() noexcept;

private:
    PGconn* handle() const noexcept;
    PostgresqlRows receive();

    soci::session sql_;
    std::optional<PostgresqlWatchdog::Watch> watch_;
    std::chrono::milliseconds patience_{};
    std::set<const char*> prepared_;
    /// What was sent and not answered yet; of a preparation, the name of its statement.
    std::vector<const char*> unanswered_;
    std::size_t unanswered_bytes_ = 0;
};

}  // namespace webhooks::storage
