#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <webhooks/ids.hpp>

namespace sqlite_api {
struct sqlite3;
struct sqlite3_stmt;
}  // namespace sqlite_api

namespace webhooks::storage {

/// A row that a statement has found; invalid after the next step.
class SqliteRow {
public:
    explicit SqliteRow(sqlite_api::sqlite3_stmt* statement) : statement_(statement) {}

    std::int64_t number(int column) const;
    std::string_view text(int column) const;
    bool is_null(int column) const;

private:
    sqlite_api::sqlite3_stmt* const statement_;
};

/// A statement of the hot path, prepared once and executed for each row. It bypasses SOCI, which
/// takes longer for a row than SQLite does (docs/decisions/0015-hot-statements-past-soci.md).
/// Throws what SOCI throws.
class SqliteStatement {
public:
    SqliteStatement(soci::session& sql, const std::string& text);
    SqliteStatement(sqlite_api::sqlite3* connection, const std::string& text);

    /// Binds the values to the parameters in order.
    /// @return the number of changed rows.
    template <class... Values>
    int execute(const Values&... values) {
        bind_all(values...);
        return run();
    }

    /// Binds the values, and calls `read(const SqliteRow&)` with each row.
    template <class Read, class... Values>
    void for_each(Read read, const Values&... values) {
        bind_all(values...);
        const std::unique_ptr<sqlite_api::sqlite3_stmt, Reset> reset(statement_.get());
        while (step()) {
            read(SqliteRow(statement_.get()));
        }
    }

    /// The same until `read` returns false.
    template <class Read, class... Values>
    void for_each_while(Read read, const Values&... values) {
        bind_all(values...);
        const std::unique_ptr<sqlite_api::sqlite3_stmt, Reset> reset(statement_.get());
        while (step() && read(SqliteRow(statement_.get()))) {
        }
    }

    /// Binds the values, and calls `read(const SqliteRow&)` with the first row.
    /// @return whether there was one.
    template <class Read, class... Values>
    bool find(Read read, const Values&... values) {
        bind_all(values...);
        const std::unique_ptr<sqlite_api::sqlite3_stmt, Reset> reset(statement_.get());
        if (!step()) return false;
        read(SqliteRow(statement_.get()));
        return true;
    }

private:
    struct Finalize {
        void operator()(sqlite_api::sqlite3_stmt* statement) const noexcept;
    };
    /// Ends the read transaction, which otherwise keeps its snapshot of the database.
    struct Reset {
        void operator()(sqlite_api::sqlite3_stmt* statement) const noexcept;
    };

    template <class... Values>
    void bind_all(const Values&... values) {
        int place = 0;
        (bind(++place, values), ...);
    }

    void bind(int place, std::int64_t value);
    /// The text must live until the statement has been executed.
    void bind(int place, std::string_view value);
    void bind(int place, const std::string& value) { bind(place, std::string_view(value)); }
    void bind_null(int place);
    template <class Tag>
    void bind(int place, Id<Tag> id) {
        bind(place, id.value);
    }
    template <class T>
    void bind(int place, const std::optional<T>& value) {
        value ? bind(place, *value) : bind_null(place);
    }
    int run();
    /// @return whether there is a row.
    bool step();

    std::unique_ptr<sqlite_api::sqlite3_stmt, Finalize> statement_;
};

}  // namespace webhooks::storage
