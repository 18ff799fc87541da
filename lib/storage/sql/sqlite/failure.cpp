#include <soci/sqlite3/soci-sqlite3.h>

#include <new>
#include <storage/sql/failure_text.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/sqlite/failure.hpp>
#include <string_view>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;

/// Extended result codes with a cause of their own.
constexpr int busy_snapshot = SQLITE_BUSY | (2 << 8);

Error busy(int code, const std::string& file, const char* how_to_wait) {
    if (code == busy_snapshot) {
        return {Errc::unavailable,
                file +
                    " was written by another connection since this transaction first read; "
                    "begin such a transaction with BEGIN IMMEDIATE"};
    }
    return {Errc::unavailable, file +
                                   " is locked: another connection holds a write transaction; end "
                                   "that, or " +
                                   how_to_wait};
}

/// Tables with the library's names, but not its columns.
bool is_of_foreign_table(std::string_view words) {
    return words.ends_with(" already exists") || words.starts_with("no such column") ||
           words.find(" has no column named ") != std::string_view::npos;
}

Error describe(int code, const std::string& file, const std::string& words,
               const char* how_to_wait) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return busy(code, file, how_to_wait);
        case SQLITE_NOTADB:
            return {Errc::unavailable, file + " is not a SQLite database; name another file"};
        case SQLITE_CORRUPT:
            return {Errc::internal, file + " is damaged (" + words + "); restore it from a backup"};
        case SQLITE_CANTOPEN:
            return {Errc::unavailable,
                    file +
                        " cannot be opened; it and its folder, where -wal and -shm files lie "
                        "next to it, must be writable"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {Errc::unavailable, file +
                                           " is read-only for this process; make it and its "
                                           "folder writable"};
        case SQLITE_FULL:
            return {Errc::unavailable, "the disk of " + file + " is full"};
        case SQLITE_IOERR:
            return {Errc::unavailable, file + " cannot be read or written: " + words};
        case SQLITE_INTERRUPT:
            return query::timed_out();
        case SQLITE_NOMEM:
            return {Errc::unavailable, "SQLite has no memory left"};
        case SQLITE_CONSTRAINT:
            return {Errc::conflict, file + ": " + words};
        case SQLITE_ERROR:
            if (!is_of_foreign_table(words)) break;
            return {Errc::conflict, file +
                                        " has a table with a name of this library's that another "
                                        "program made or changed (" +
                                        words + "); name another file"};
        default:
            break;
    }
    return {Errc::internal, file + ": SQLite: " + words};
}

}  // namespace

Error sqlite_failure(const std::exception& failure, const std::string& path,
                     const char* how_to_wait) {
    const std::string file = "'" + path + "'";
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&failure)) {
        return describe(sqlite->result(), file, database_message(*sqlite), how_to_wait);
    }
    // what() would quote the bound values.
    if (const auto* soci = dynamic_cast<const soci::soci_error*>(&failure)) {
        return {Errc::internal, file + ": SQLite: " + database_message(*soci)};
    }
    if (dynamic_cast<const std::bad_alloc*>(&failure) != nullptr) {
        return {Errc::unavailable, "out of memory"};
    }
    return {Errc::internal, file + ": " + failure.what()};
}

}  // namespace webhooks::storage
