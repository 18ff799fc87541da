#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <storage/sql/sqlite/kept_statements.hpp>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;

/// That of a page takes 16 KiB.
constexpr std::size_t max_kept = 32;
/// That of a page has half of it, but a filter may be long.
constexpr std::size_t max_text_bytes = 2048;

soci::sqlite3_statement_backend& backend_of(soci::statement& statement) {
    return *static_cast<soci::sqlite3_statement_backend*>(statement.get_backend());
}

}  // namespace

void KeptStatements::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void KeptStatements::prepare(soci::statement& statement, const std::string& text) {
    soci::sqlite3_statement_backend& backend = backend_of(statement);
    const auto found = std::ranges::find(free_, text, &Kept::text);
    if (found != free_.end()) {
        in_use_.splice(in_use_.begin(), free_, found);
        backend.stmt_ = found->statement.get();
        backend.databaseReady_ = true;
        return;
    }
    statement.prepare(text, soci::details::st_one_time_query);
    if (text.size() > max_text_bytes) return;
    in_use_.push_front({.text = text, .statement = nullptr});
    in_use_.front().statement.reset(backend.stmt_);
}

void KeptStatements::put_back(soci::statement& statement) noexcept {
    soci::sqlite3_statement_backend& backend = backend_of(statement);
    const auto used = std::ranges::find_if(
        in_use_, [&](const Kept& kept) { return kept.statement.get() == backend.stmt_; });
    if (used == in_use_.end()) return;
    sqlite3_reset(backend.stmt_);
    sqlite3_clear_bindings(backend.stmt_);
    backend.stmt_ = nullptr;
    backend.databaseReady_ = false;
    free_.splice(free_.begin(), in_use_, used);
    if (free_.size() > max_kept) free_.pop_back();
}

}  // namespace webhooks::storage
