// The part of PostgresqlStorage for feeds and for notifications.

#include <storage/sql/exchange.hpp>
#include <storage/sql/feed_list.hpp>
#include <storage/sql/postgresql/postgresql_storage.hpp>

namespace webhooks::storage {

using soci::into;

namespace {

/// For how long a question about feeds has others notify of events. A fraction of them renews it.
constexpr std::chrono::microseconds watched_for = std::chrono::minutes(1);

/// The last thing in a transaction: it locks a row.
void watch(PostgresqlConnection& connection, Time now) {
    static const PreparedStatement update = {
        "watch_feeds",
        "UPDATE webhooks_feed SET watched_until = $1::bigint + $2::bigint "
        "WHERE watched_until < $1::bigint + $2::bigint / 2"};
    connection.execute(update, {parameter(to_micros(now)), parameter(watched_for.count())});
}

}  // namespace

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
            watch(connection, now(connection.sql()));
            return true;
        });
    if (!done) return done.error();
    return changes;
}

void PostgresqlStorage::set_listener(std::function<void()> listener) {
    const std::scoped_lock lock(listener_mutex_);
    listener_.reset();
    if (!listener) return;
    const auto on_events = [feed = feed_listener_] {
        const std::scoped_lock held(feed->mutex);
        // A copy: the call may remove it, or destroy the storage.
        if (const std::function<void()> call = feed->call) call();
    };
    listener_.emplace(
        options_, sender_,
        PostgresqlListener::Calls{.on_change = std::move(listener), .on_events = on_events});
}

void PostgresqlStorage::set_feed_listener(std::function<void()> listener) {
    const std::scoped_lock lock(feed_listener_->mutex);
    feed_listener_->call = std::move(listener);
}

}  // namespace webhooks::storage
