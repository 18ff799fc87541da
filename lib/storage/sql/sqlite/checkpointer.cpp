#include <soci/sqlite3/soci-sqlite3.h>

#include <base/thread.hpp>
#include <storage/sql/sqlite/checkpointer.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;

/// 32 MiB.
constexpr int pages_between = 8192;
/// In the first of them much is committed, in the second little: the writer's share.
constexpr int rounds = 2;

/// Waits for nobody. What cannot be moved now, as when the disk is full, is safe where it is.
void move_pages(sqlite3* connection) {
    sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

/// SQLite flushes moved pages to the disk only where it has moved all. Whoever moves the rest would
/// wait for these, too. @return false where the disk failed.
bool flush_moved(sqlite3* connection) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return file == nullptr || file->pMethods == nullptr ||
           file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(soci::session& writer, const SqliteOptions& options)
    : writer_(writer), next_at_(pages_between) {
    open_connection(sql_, options);
    thread_ = start_thread("webhooks-wal", [this] { run(); });
    sqlite3_wal_hook(handle(writer_), on_commit, this);
}

SqliteCheckpointer::~SqliteCheckpointer() {
    sqlite3_wal_hook(handle(writer_), nullptr, nullptr);
    {
        const std::scoped_lock lock(mutex_);
        stops_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

int SqliteCheckpointer::on_commit(void* self, sqlite3* writer, const char* /*name*/, int pages) {
    if (static_cast<SqliteCheckpointer*>(self)->note(pages)) move_pages(writer);
    return SQLITE_OK;
}

bool SqliteCheckpointer::note(int pages) noexcept {
    const std::scoped_lock lock(mutex_);
    // It has begun anew.
    if (pages < pages_) next_at_ = pages_between;
    pages_ = pages;
    if (state_ == State::moved) {
        // As long as somebody reads what is old, the log cannot begin anew.
        next_at_ = pages + pages_between;
        state_ = State::idle;
        return true;
    }
    if (state_ == State::idle && pages >= next_at_) {
        state_ = State::wanted;
        changed_.notify_one();
    }
    return false;
}

void SqliteCheckpointer::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stops_ || state_ == State::wanted; });
        if (stops_) return;
        lock.unlock();
        for (int round = 0; round < rounds; ++round) {
            move_pages(handle(sql_));
            // A disk tells of a failure once. The log, which has everything, must not begin anew:
            // it grows until the file is opened again.
            if (!flush_moved(handle(sql_))) return;
        }
        lock.lock();
        state_ = State::moved;
    }
}

}  // namespace webhooks::storage
