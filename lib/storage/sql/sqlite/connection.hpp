#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstdint>
#include <string>
#include <webhooks/sqlite_storage.hpp>

namespace webhooks::storage {

/// What a connection is for, which says how much it caches.
enum class ConnectionUse : std::uint8_t { reading, writing, surveying };

/// Whether this process can use SQLite, which its host may have linked or configured differently.
/// @return invalid_state in a child of a process that used it; unsupported if it may be used by one
/// thread only.
Result<> check_process(const std::string& path);

/// Opens the database and configures the connection. Throws what SOCI throws.
void open_connection(soci::session& sql, const SqliteOptions& options, ConnectionUse use);

/// The handle that SQLite's functions take.
inline sqlite_api::sqlite3* handle(soci::session& sql) {
    return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
}

/// Holds the mutex of a connection that only this thread uses for now. It is recursive: the dozens
/// of calls meanwhile need not synchronize with other threads for it.
class ConnectionLock {
public:
    explicit ConnectionLock(soci::session& sql)
        : mutex_(sqlite_api::sqlite3_db_mutex(handle(sql))) {
        sqlite_api::sqlite3_mutex_enter(mutex_);
    }
    ~ConnectionLock() { sqlite_api::sqlite3_mutex_leave(mutex_); }
    ConnectionLock(const ConnectionLock&) = delete;
    ConnectionLock& operator=(const ConnectionLock&) = delete;

private:
    sqlite_api::sqlite3_mutex* const mutex_;
};

}  // namespace webhooks::storage
