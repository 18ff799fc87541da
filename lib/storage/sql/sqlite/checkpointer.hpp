#pragma once

#include <soci/soci.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <webhooks/sqlite_storage.hpp>

namespace sqlite_api {
struct sqlite3;
}

namespace webhooks::storage {

/// Moves what was committed from the write-ahead log to its place in the file. SQLite would do that
/// within a commit, every four megabytes: whoever publishes then waits for it, and a page that
/// changes often is moved often. This does it later, on a thread of its own; the writer moves only
/// the rest, which was committed meanwhile, so that the log can begin anew
/// (docs/decisions/0017-checkpoints-aside.md).
class SqliteCheckpointer {
public:
    /// From now on, looks after the log that `writer` writes. Throws what SOCI and std::thread
    /// throw.
    /// @param writer outlives this, but executes nothing while this is destroyed.
    SqliteCheckpointer(soci::session& writer, const SqliteOptions& options);
    ~SqliteCheckpointer();
    SqliteCheckpointer(const SqliteCheckpointer&) = delete;
    SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

private:
    enum class State { idle, wanted, moved };

    static int on_commit(void* self, sqlite_api::sqlite3* writer, const char* name, int pages);
    /// @return whether the writer is to move the rest.
    bool note(int pages) noexcept;
    void run();

    soci::session& writer_;
    soci::session sql_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::idle;
    int pages_ = 0;    ///< Of the log, when it was last written.
    int next_at_ = 0;  ///< How long the log may become before something is moved again.
    bool stops_ = false;
    std::thread thread_;
};

}  // namespace webhooks::storage
