// The part of PostgresqlStorage that deletes old events.

#include <algorithm>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/postgresql_storage.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A partition of the log is used for an eighth of the retention, or at least this long.
constexpr std::chrono::seconds min_partition_period = std::chrono::hours(1);

}  // namespace

std::size_t PostgresqlStorage::expire(soci::session& sql, Time now, const Maintenance& maintenance,
                                      RetentionCursor& cursor) {
    const std::chrono::seconds keep_for = maintenance.keep_events_for;
    const std::chrono::seconds period = std::max(keep_for / 8, min_partition_period);
    const std::chrono::microseconds kept = keep_for;
    const std::chrono::microseconds used = period;
    std::size_t erased = 0;
    execute(sql, "SELECT webhooks_tend_partitions(:present, :kept, :used, :most)", into(erased),
            use(now, "present"), use(kept, "kept"), use(used, "used"),
            use(maintenance.limit, "most"));
    // A transaction that dropped a partition holds locks that publishers wait for.
    if (erased >= maintenance.limit || keep_for.count() == 0) return erased;
    // Partitions are dropped at an age of up to one more period. Events that are older by another
    // period are in a partition that must stay, because some of its events wait.
    return erased + SqlStorage::expire(
                        sql, now,
                        {.limit = maintenance.limit, .keep_events_for = keep_for + 2 * period},
                        cursor);
}

}  // namespace webhooks::storage
