#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Where and how a SQLite storage is kept.
struct SqliteOptions {
    /// The database file; made if it is missing. Beside it live `-wal`, `-shm` and `-lock`.
    std::string path;
    /// Connections for reading; writing has one of its own. 1-64.
    std::size_t readers = 4;
    /// How long a call waits for another process's write before it answers `unavailable`.
    /// 0 - 60 s; 0 does not wait.
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(5);
    /// How long a list query or statistics may take before the call answers `timed_out`.
    /// 1 ms - 1 h.
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5);
    /// Storage's time; absent: the machine's.
    std::shared_ptr<Clock> clock = {};
    /// Of the tags of workers; absent: the machine's.
    std::shared_ptr<Random> random = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Opens the file (WAL, synchronous=FULL: what is acknowledged survives loss of power) and brings
/// its schema up to date. One running service per file, by a lock of the operating system; other
/// processes may use keys and lists beside it.
/// @return unavailable when the file cannot be opened; conflict when its schema is newer than this
/// library.
Result<std::shared_ptr<Storage>> make_sqlite_storage(SqliteOptions);

}  // namespace webhooks
