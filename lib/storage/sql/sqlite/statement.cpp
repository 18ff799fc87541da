#include <soci/sqlite3/soci-sqlite3.h>

#include <storage/sql/sqlite/statement.hpp>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;

[[noreturn]] void fail(sqlite_api::sqlite3* connection, int code) {
    // Works even if the connection does not return extended codes.
    const int extended = sqlite3_extended_errcode(connection);
    throw soci::sqlite3_soci_error(sqlite3_errmsg(connection),
                                   (extended & 0xFF) == (code & 0xFF) ? extended : code);
}

void check(sqlite3_stmt* statement, int code) {
    if (code != SQLITE_OK) fail(sqlite3_db_handle(statement), code);
}

}  // namespace

std::int64_t SqliteRow::number(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string_view SqliteRow::text(int column) const {
    const auto* const bytes =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool SqliteRow::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

SqliteStatement::SqliteStatement(soci::session& sql, const std::string& text)
    : SqliteStatement(static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_, text) {
}

SqliteStatement::SqliteStatement(sqlite_api::sqlite3* connection, const std::string& text) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection, text.c_str(), static_cast<int>(text.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (code != SQLITE_OK) fail(connection, code);
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void SqliteStatement::Reset::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_reset(statement);
}

void SqliteStatement::bind(int place, std::int64_t value) {
    check(statement_.get(), sqlite3_bind_int64(statement_.get(), place, value));
}

void SqliteStatement::bind(int place, std::string_view value) {
    // For an empty text a null pointer would mean NULL.
    const char* const bytes = value.empty() ? "" : value.data();
    check(statement_.get(), sqlite3_bind_text64(statement_.get(), place, bytes, value.size(),
                                                SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteStatement::bind_null(int place) {
    check(statement_.get(), sqlite3_bind_null(statement_.get(), place));
}

int SqliteStatement::run() {
    const int stepped = sqlite3_step(statement_.get());
    // Returns the result of the step again; afterwards no values remain bound.
    const int code = sqlite3_reset(statement_.get());
    if (stepped != SQLITE_DONE) {
        fail(sqlite3_db_handle(statement_.get()), stepped == SQLITE_ROW ? SQLITE_MISUSE : code);
    }
    return sqlite3_changes(sqlite3_db_handle(statement_.get()));
}

bool SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        fail(sqlite3_db_handle(statement_.get()), code);
    }
    return code == SQLITE_ROW;
}

}  // namespace webhooks::storage
