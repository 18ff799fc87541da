#include <atomic>
#include <storage/sql/sqlite/commit_mark.hpp>
#include <storage/sql/sqlite/connection.hpp>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;

/// SQLite maps the index in regions of this size, which is part of the format of the file.
constexpr int region_bytes = 32 * 1024;

}  // namespace

SqliteCommitMark::SqliteCommitMark(soci::session& sql) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(handle(sql), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return;
    // Mapped already, and until the connection is closed.
    void volatile* region = nullptr;
    if (file->pMethods->xShmMap(file, 0, region_bytes, 0, &region) != SQLITE_OK) return;
    header_ = static_cast<const volatile std::uint32_t*>(region);
}

/// The header is stored twice; a commit writes this copy last. One that is half written differs
/// from the one before, or was still the one before when its last words were read.
std::optional<SqliteCommitMark::Value> SqliteCommitMark::read() const noexcept {
    if (header_ == nullptr) return std::nullopt;
    Value value{};
    for (std::size_t i = 0; i < value.size(); ++i) {
        value[i] = __atomic_load_n(header_ + i, __ATOMIC_RELAXED);
    }
    // What is read afterwards is not older.
    std::atomic_thread_fence(std::memory_order_acquire);
    return value;
}

}  // namespace webhooks::storage
