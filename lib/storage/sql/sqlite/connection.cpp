#include <soci/sqlite3/soci-sqlite3.h>
#include <storage/sql/sqlite/connection.hpp>
#include <string>

namespace webhooks::storage {
namespace {

/// Taken as pages are read, for each connection. In a long log the events of one subscription lie
/// on a page each; to count 5,000 of them a second time, their pages must still be here.
constexpr int cache_kib = 64 * 1024;

}  // namespace

void open_connection(soci::session& sql, const SqliteOptions& options) {
    sql.open(soci::sqlite3, "dbname=\"" + options.path + "\"");
    sql << "PRAGMA busy_timeout = " + std::to_string(options.busy_timeout.count());
    sql << "PRAGMA journal_mode = WAL";
    sql << "PRAGMA synchronous = FULL";
    sql << "PRAGMA cache_size = -" + std::to_string(cache_kib);
}

Error translate(const std::exception& failure) {
    const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&failure);
    const auto* soci = dynamic_cast<const soci::soci_error*>(&failure);
    // what() would quote the values that were bound.
    const std::string text = soci ? soci->get_error_message() : failure.what();
    const int primary_code = sqlite ? sqlite->result() & 0xFF : SQLITE_OK;
    switch (primary_code) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_NOMEM:
            return {Errc::unavailable, "SQLite: " + text};
        case SQLITE_CONSTRAINT:
            return {Errc::conflict, "SQLite: " + text};
        default:
            return {Errc::internal, "SQLite: " + text};
    }
}

}  // namespace webhooks::storage
