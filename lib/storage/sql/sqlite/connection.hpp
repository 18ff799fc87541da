#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <webhooks/sqlite_storage.hpp>

namespace webhooks::storage {

/// Opens the database and configures the connection. Throws what SOCI throws.
void open_connection(soci::session& sql, const SqliteOptions& options);

/// The handle that SQLite's functions take.
inline sqlite_api::sqlite3* handle(soci::session& sql) {
    return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
}

}  // namespace webhooks::storage
