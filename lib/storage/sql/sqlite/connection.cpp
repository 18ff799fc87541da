#include <soci/sqlite3/soci-sqlite3.h>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <string>

namespace webhooks::storage {
namespace {

/// Allocated as pages are read.
constexpr int cache_kib(ConnectionUse use) {
    switch (use) {
        // In a long log, each event of a subscription is on a different page; to count 5,000 of
        // them a second time, their pages must still be cached.
        case ConnectionUse::reading:
            return 64 * 1024;
        // What a batch changes, and the ends of indexes. The pages of a backlog are read once.
        case ConnectionUse::writing:
            return 16 * 1024;
        case ConnectionUse::surveying:
            break;
    }
    return 1024;
}

}  // namespace

void open_connection(soci::session& sql, const SqliteOptions& options, ConnectionUse use) {
    sql.open(soci::sqlite3, "dbname=\"" + options.path + "\"");
    execute(sql, "PRAGMA busy_timeout = " + std::to_string(options.busy_timeout.count()));
    execute(sql, "PRAGMA journal_mode = WAL");
    execute(sql, "PRAGMA synchronous = FULL");
    execute(sql, "PRAGMA cache_size = -" + std::to_string(cache_kib(use)));
}

}  // namespace webhooks::storage
