#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/time_budget.hpp>

namespace webhooks::storage {
namespace {

/// The number of steps of SQLite's virtual machine between two checks of the clock. One step may
/// search a payload of a megabyte.
constexpr int steps_between_looks = 100;

}  // namespace

TimeBudget::TimeBudget(soci::session& sql, query::Budget budget)
    : sql_(sql), budget_(std::move(budget)) {
    sqlite_api::sqlite3_progress_handler(handle(sql_), steps_between_looks, &is_used_up, this);
}

TimeBudget::~TimeBudget() {
    sqlite_api::sqlite3_progress_handler(handle(sql_), 0, nullptr, nullptr);
}

int TimeBudget::is_used_up(void* budget) {
    return static_cast<TimeBudget*>(budget)->budget_.is_used_up() ? 1 : 0;
}

}  // namespace webhooks::storage
