#include <soci/sqlite3/soci-sqlite3.h>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/file_lock.hpp>
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

Result<> check_process(const std::string& path) {
    // A thread of the parent may have been inside SQLite, whose mutexes then stay locked here.
    if (FileLock::was_held_at_fork()) {
        return Error(Errc::invalid_state,
                     "cannot open '" + path +
                         "': when the parent process forked this one, a service ran in it on an "
                         "SQLite database, and SQLite does not survive a fork; call exec before "
                         "this, or fork before a service is opened");
    }
    // Without support for threads, a connection has no mutex, also if it asks for one.
    sqlite_api::sqlite3* probe = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    sqlite_api::sqlite3_open_v2(":memory:", &probe, flags, nullptr);
    const bool is_safe = sqlite_api::sqlite3_threadsafe() != 0 &&
                         (probe == nullptr || sqlite_api::sqlite3_db_mutex(probe) != nullptr);
    sqlite_api::sqlite3_close(probe);
    if (is_safe) return {};
    return Error(Errc::unsupported,
                 "cannot open '" + path +
                     "': this process's SQLite supports only one thread; build it with "
                     "SQLITE_THREADSAFE 1 or 2, and do not configure it with "
                     "SQLITE_CONFIG_SINGLETHREAD");
}

void open_connection(soci::session& sql, const SqliteOptions& options, ConnectionUse use) {
    sql.open(soci::sqlite3, "dbname=\"" + options.path + "\"");
    execute(sql, "PRAGMA busy_timeout = " + std::to_string(options.busy_timeout.count()));
    execute(sql, "PRAGMA journal_mode = WAL");
    execute(sql, "PRAGMA synchronous = FULL");
    execute(sql, "PRAGMA cache_size = -" + std::to_string(cache_kib(use)));
}

}  // namespace webhooks::storage
