// The part of PostgresqlStorage for feeds.

#include <storage/sql/exchange.hpp>
#include <storage/sql/feed_list.hpp>
#include <storage/sql/postgresql/postgresql_storage.hpp>

namespace webhooks::storage {

using soci::into;

Result<std::optional<EventId>> PostgresqlStorage::last_settled_event() {
    std::optional<EventId> last;
    const Result<> done = in_transaction(Purpose::read, {}, [&](soci::session& sql) {
        execute(sql, "SELECT webhooks_settled_id()", into(last));
        return true;
    });
    if (!done) return done.error();
    return last;
}

/// A worker asks, who must not wait for a connection that long-running lists have in use.
Result<std::vector<FeedChange>> PostgresqlStorage::feed_changes(
    const std::vector<FeedWatch>& watches) {
    std::vector<FeedChange> changes;
    const Result<> done =
        worker_pool_.in_transaction("BEGIN", [&](PostgresqlConnection& connection) {
            // Before the snapshot of the statement that follows.
            EventId settled;
            execute(connection.sql(), "SELECT webhooks_settled_id()", into(settled));
            changes = find_feed_changes(connection.sql(), watches, settled);
            return true;
        });
    if (!done) return done.error();
    return changes;
}

}  // namespace webhooks::storage
