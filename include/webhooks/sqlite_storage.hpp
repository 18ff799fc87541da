#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <webhooks/clock.hpp>
#include <webhooks/encryption.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Where and how a SQLite storage is kept.
struct SqliteOptions {
    /// The database file; created if missing. `-wal`, `-shm` and `-lock` files are created next to
    /// it.
    std::string path;
    /// Connections for reading; writing uses one more. 1-64.
    std::size_t readers = 4;
    /// How long a call waits for another process's write transaction before it returns
    /// `unavailable`. 0 - 60 s; 0 does not wait.
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(5);
    /// How long a list query or statistics may take before the call returns `timed_out`. 1 ms - 1
    /// h.
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5);
    /// The storage's time; absent: the system clock.
    std::shared_ptr<Clock> clock = {};
    /// The source of worker tags; absent: the system's.
    std::shared_ptr<Random> random = {};
    EncryptionOptions encryption = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Opens the file (WAL, synchronous=FULL: acknowledged events survive a power failure) and updates
/// its schema. One running service per file, enforced by an operating system lock; other processes
/// may use keys and lists at the same time.
/// @return unavailable if the file cannot be opened; conflict if its schema is newer than this
/// library; as `EncryptionOptions::keys` if they cannot be obtained, and corrupt if they are not
/// those of this file; unsupported if the process's SQLite may be used by one thread only.
Result<std::shared_ptr<Storage>> make_sqlite_storage(SqliteOptions);

}  // namespace webhooks
