#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/time_budget.hpp>

namespace webhooks::storage {
namespace {

/// The number of steps of SQLite's virtual machine between two checks of the clock. One step may
/// search a payload of a megabyte.
constexpr int steps_between_looks = 100;

}  // namespace

TimeBudget::TimeBudget(soci::session& sql, std::chrono::milliseconds budget)
    : sql_(sql), end_(std::chrono::steady_clock::now() + budget) {
    sqlite_api::sqlite3_progress_handler(handle(sql_), steps_between_looks, &is_used_up, this);
}

TimeBudget::~TimeBudget() {
    sqlite_api::sqlite3_progress_handler(handle(sql_), 0, nullptr, nullptr);
}

int TimeBudget::is_used_up(void* budget) {
    return std::chrono::steady_clock::now() >= static_cast<TimeBudget*>(budget)->end_ ? 1 : 0;
}

}  // namespace webhooks::storage
