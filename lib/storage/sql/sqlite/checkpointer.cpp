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
/// Much has been committed during the first round, little during the second: the writer's share.
constexpr int rounds = 2;

/// Does not block. Pages that cannot be moved now, for example because the disk is full, are safe
/// in the log.
void move_pages(sqlite3* connection) {
    sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

/// SQLite flushes moved pages to the disk only if it has moved all. The connection that moves the
/// rest would wait for these as well. @return false if the disk failed.
bool flush_moved(sqlite3* connection) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return file == nullptr || file->pMethods == nullptr ||
           file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(soci::session& writer, const SqliteOptions& options)
    : writer_(writer), next_at_(pages_between) {
    open_connection(sql_, options, ConnectionUse::writing);
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
    // The log has restarted.
    if (pages < pages_) next_at_ = pages_between;
    pages_ = pages;
    if (state_ == State::moved) {
        // While a reader needs old pages, the log cannot restart.
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
            // A disk reports a failure only once. The log, which is complete, must not restart: it
            // grows until the file is opened again.
            if (!flush_moved(handle(sql_))) return;
        }
        lock.lock();
        state_ = State::moved;
    }
}

}  // namespace webhooks::storage
