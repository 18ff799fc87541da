#pragma once

#include <soci/soci.h>

#include <array>
#include <cstdint>
#include <optional>

namespace webhooks::storage {

/// Tells whether anything was committed to the file of a connection since an earlier look, by any
/// connection of any process. It takes no lock and makes no system call: it compares what SQLite
/// compares when a transaction begins, the header of the write-ahead log's index, which all
/// processes share in memory. A commit that has returned has changed it.
class SqliteCommitMark {
public:
    using Value = std::array<std::uint32_t, 12>;

    /// @param sql in WAL mode, and has read something. It must outlive this object.
    explicit SqliteCommitMark(soci::session& sql);

    /// Differs after each commit. @return nullopt: unknown, always.
    std::optional<Value> read() const noexcept;

private:
    const volatile std::uint32_t* header_ = nullptr;
};

}  // namespace webhooks::storage
