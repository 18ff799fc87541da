#pragma once

#include <soci/sqlite3/soci-sqlite3.h>

#include <storage/sql/sqlite/statement.hpp>
#include <string>
#include <utility>

namespace webhooks::storage {

/// Undoes a failed publication; the host's transaction continues.
class Savepoint {
public:
    /// @param write any statement that writes.
    Savepoint(sqlite_api::sqlite3* connection, std::string write)
        : connection_(connection), write_(std::move(write)) {
        SqliteStatement(connection_, "SAVEPOINT webhooks_publish").execute();
    }
    Savepoint(const Savepoint&) = delete;
    Savepoint& operator=(const Savepoint&) = delete;
    ~Savepoint() {
        if (is_released_) return;
        // After some errors SQLite has rolled back the whole transaction, including the savepoint.
        if (sqlite_api::sqlite3_get_autocommit(connection_) != 0) return;
        if (execute("ROLLBACK TO webhooks_publish") && execute("RELEASE webhooks_publish")) return;
        // While a host's interrupt or progress handler aborts every statement, only SQLite itself
        // can undo anything: it rolls back the transaction of an aborted write.
        if (!execute("ROLLBACK")) execute(write_.c_str());
    }

    void release() {
        SqliteStatement(connection_, "RELEASE webhooks_publish").execute();
        is_released_ = true;
    }

private:
    bool execute(const char* text) noexcept {
        return sqlite_api::sqlite3_exec(connection_, text, nullptr, nullptr, nullptr) == SQLITE_OK;
    }

    sqlite_api::sqlite3* const connection_;
    const std::string write_;
    bool is_released_ = false;
};

/// Preserves the host's last inserted row id.
class LastRowKept {
public:
    explicit LastRowKept(sqlite_api::sqlite3* connection)
        : connection_(connection), row_(sqlite_api::sqlite3_last_insert_rowid(connection)) {}
    LastRowKept(const LastRowKept&) = delete;
    LastRowKept& operator=(const LastRowKept&) = delete;
    ~LastRowKept() { sqlite_api::sqlite3_set_last_insert_rowid(connection_, row_); }

private:
    sqlite_api::sqlite3* const connection_;
    const sqlite_api::sqlite3_int64 row_;
};

}  // namespace webhooks::storage
