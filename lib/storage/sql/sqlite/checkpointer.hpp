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

/// Copies committed pages from the write-ahead log into the database file. SQLite would do this
/// inside a commit, every four megabytes: publishers would wait for it, and pages that change often
/// would be copied often. This class does it later, on a thread of its own; the writer copies only
/// the rest, which was committed meanwhile, so that the log can restart
/// (docs/decisions/0017-checkpoints-aside.md).
class SqliteCheckpointer {
public:
    /// Maintains the log that `writer` writes from now on. Throws what SOCI and std::thread throw.
    /// @param writer outlives this object, but executes nothing during the destructor.
    SqliteCheckpointer(soci::session& writer, const SqliteOptions& options);
    ~SqliteCheckpointer();
    SqliteCheckpointer(const SqliteCheckpointer&) = delete;
    SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

private:
    enum class State { idle, wanted, moved };

    static int on_commit(void* self, sqlite_api::sqlite3* writer, const char* name, int pages);
    /// @return whether the writer should copy the rest.
    bool note(int pages) noexcept;
    void run();

    soci::session& writer_;
    soci::session sql_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::idle;
    int pages_ = 0;    ///< Length of the log at the last write.
    int next_at_ = 0;  ///< The length of the log at which the next checkpoint starts.
    bool stops_ = false;
    std::thread thread_;
};

}  // namespace webhooks::storage
