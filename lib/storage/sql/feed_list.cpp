#include <bit>
#include <memory>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/feed_list.hpp>
#include <storage/sql/id_list.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

constexpr const char* in_feed = "subscription_id = :subscription AND id > :after AND id <= :until";

/// One event and its message.
struct FeedRow {
    static std::string select(bool is_pulled) {
        const std::string due = is_pulled ? "coalesce(m.deliver_at, 0)"
                                          : "CASE WHEN u.claimed_by = 0 AND u.attempts = 0 "
                                            "AND u.due_at > e.created_at THEN u.due_at ELSE 0 END";
        return "SELECT e.id, e.worker_tag, e.created_at, m.event_type, m.content_type, m.payload, "
               "m.expires_at, m.key_id, " +
               due +
               " FROM webhooks_event e "
               "JOIN webhooks_message m ON m.id = e.message_id LEFT JOIN webhooks_undelivered u "
               "ON u.subscription_id = e.subscription_id AND u.event_id = e.id WHERE e.id IN ";
    }

    HeldEvent event;
    std::int64_t tag = 0;
    Message message;
    std::string payload;
    Time due;

    void define(soci::statement& query) {
        query.exchange(into(event.id));
        query.exchange(into(tag));
        query.exchange(into(event.created_at));
        query.exchange(into(message.event_type));
        query.exchange(into(message.content_type));
        query.exchange(into(payload));
        query.exchange(into(message.expires_at));
        query.exchange(into(message.key_id));
        query.exchange(into(due));
    }

    HeldEvent to_event(SubscriptionId subscription) const {
        HeldEvent complete = event;
        complete.subscription = subscription;
        complete.worker_tag = std::bit_cast<std::uint64_t>(tag);
        complete.due = due;
        Message own = message;
        own.payload = std::make_shared<const std::string>(payload);
        complete.message = std::make_shared<const Message>(std::move(own));
        return complete;
    }
};

}  // namespace

std::optional<EventId> FeedList::first_after(EventId after, std::optional<Time> since) const {
    std::optional<EventId> first;
    const Time earliest = since.value_or(Time{});
    execute(sql_,
            "SELECT e.id FROM " + events_of(sql_, in_feed) +
                " WHERE e.created_at >= :earliest ORDER BY e.id LIMIT 1",
            into(first), use(subscription_, "subscription"), use(after, "after"),
            use(until_, "until"), use(earliest, "earliest"));
    return sql_.got_data() ? first : std::nullopt;
}

/// First the ids and sizes, so that no more payloads are in memory than are returned.
void FeedList::read(EventId after, const FeedRequest& request, FeedRows& rows) const {
    IdList ids;
    std::size_t count = 0;
    std::size_t bytes = 0;
    EventId id;
    std::size_t size = 0;
    const std::size_t take = request.take + 1;
    soci::statement sizes(sql_);
    sizes.exchange(into(id));
    sizes.exchange(into(size));
    sizes.exchange(use(subscription_, "subscription"));
    sizes.exchange(use(after, "after"));
    sizes.exchange(use(until_, "until"));
    sizes.exchange(use(now_, "present"));
    sizes.exchange(use(take, "take"));
    for_each_row(sizes,
                 "SELECT e.id, " + dialect_.size_of("m.payload") + " FROM " +
                     events_of(sql_, in_feed) +
                     " JOIN webhooks_message m ON m.id = e.message_id"
                     " WHERE (m.expires_at IS NULL OR m.expires_at > :present)"
                     " ORDER BY e.id LIMIT :take",
                 [&] {
                     rows.has_more = count == request.take || bytes > request.max_bytes;
                     if (rows.has_more) return false;
                     ids.add(id.value);
                     bytes += size;
                     ++count;
                     return true;
                 });
    if (ids.is_empty()) return;
    FeedRow row;
    soci::statement query(sql_);
    row.define(query);
    for_each_row(query, FeedRow::select(is_pulled_) + ids.text() + " ORDER BY e.id",
                 [&] { rows.events.push_back(row.to_event(subscription_)); });
}

std::vector<FeedChange> find_feed_changes(soci::session& sql, const std::vector<FeedWatch>& watches,
                                          EventId until) {
    if (watches.empty()) return {};
    std::string rows;
    for (const auto& [id, after] : watches) {
        rows += (rows.empty() ? "(" : ",(") + std::to_string(id.value) + "," +
                std::to_string(after.value) + ")";
    }
    std::vector<FeedChange> changes;
    FeedChange change;
    std::optional<EventId> newest;
    soci::statement query(sql);
    query.exchange(into(change.subscription));
    query.exchange(into(newest));
    const std::string last = std::to_string(until.value);
    for_each_row(query,
                 "WITH given (id, after) AS (VALUES " + rows +
                     "), watch AS MATERIALIZED (SELECT g.id, g.after, s.id AS present, "
                     "CASE WHEN s.id IS NULL THEN 0 ELSE coalesce("
                     "(SELECT min(f.first_event_id) - 1 FROM webhooks_fan_out f "
                     "WHERE f.user_id IN ('', s.user_id) AND f.first_event_id <= " +
                     last + "), " + last +
                     ") END AS until FROM given g "
                     "LEFT JOIN webhooks_subscription s ON s.id = g.id AND s.deletion = 0) "
                     "SELECT id, " +
                     std::to_string(end_of_feed.value) +
                     " FROM watch WHERE present IS NULL "
                     "UNION ALL SELECT n.id, max(n.newest) FROM (" +
                     newest_events_of(sql, "watch") + ") n GROUP BY n.id",
                 [&] {
                     if (!newest) return;
                     change.newest = *newest;
                     changes.push_back(change);
                 });
    return changes;
}

std::optional<Time> oldest_after(soci::session& sql, EventId settled) {
    std::optional<Time> created_at;
    execute(sql,
            "SELECT e.created_at FROM webhooks_event e WHERE e.id > :settled ORDER BY e.id LIMIT 1",
            into(created_at), use(settled, "settled"));
    return sql.got_data() ? created_at : std::nullopt;
}

FeedState read_feed_state(soci::session& sql) {
    FeedState state;
    std::int64_t database = 0;
    execute(sql, "SELECT tag, last_purged, purges FROM webhooks_feed", into(database),
            into(state.last_purged), into(state.purges));
    state.database = std::bit_cast<std::uint64_t>(database);
    return state;
}

void note_purge(soci::session& sql, EventId last) {
    execute(sql,
            "UPDATE webhooks_feed SET purges = purges + 1, last_purged = "
            "CASE WHEN last_purged > :last THEN last_purged ELSE :last END",
            use(last, "last"));
}

}  // namespace webhooks::storage
