#include <base/bucket.hpp>
#include <filter/judge.hpp>
#include <map>
#include <optional>
#include <storage/sql/order_table.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/order.hpp>
#include <storage/sql/postgresql/rollups.hpp>
#include <storage/sql/postgresql/unmatched.hpp>
#include <string>

namespace webhooks::storage {
namespace {

/// Heartbeats wait for what one transaction judges.
constexpr std::size_t max_publications = 100;
constexpr std::size_t max_payload_bytes = 4 * 1024 * 1024;

struct Unmatched {
    std::int64_t id = 0;
    std::string event_type = {};
    std::string content_type = {};
    std::string payload = {};
    bool is_ordered = false;
};

const std::string& reading() {
    static const std::string text =
        "SELECT u.id, u.event_type, u.content_type, u.payload, "
        "CASE WHEN u.ordering_key IS NULL THEN 0 ELSE 1 END FROM webhooks_unmatched u WHERE ";
    return text;
}

Unmatched read(const PostgresqlRows& rows, int row) {
    return {.id = rows.number(row, 0),
            .event_type = std::string(rows.text(row, 1)),
            .content_type = std::string(rows.text(row, 2)),
            .payload = std::string(rows.text(row, 3)),
            .is_ordered = rows.number(row, 4) != 0};
}

/// The oldest after this one that no transaction has locked. Where a host still publishes with an
/// ordering key, others with it wait.
std::optional<Unmatched> take(PostgresqlConnection& connection, std::int64_t after) {
    static const PreparedStatement select = {
        "take_unmatched", reading() + "u.id > $1 AND (u.ordering_key IS NULL OR NOT " +
                              is_open("u.ordering_key") +
                              ") ORDER BY u.id LIMIT 1 FOR UPDATE OF u SKIP LOCKED"};
    const PostgresqlRows rows = connection.execute(select, {parameter(after)});
    return rows.size() == 0 ? std::nullopt : std::optional(read(rows, 0));
}

/// Whether a publication is the first one with its ordering key, and stays so until the transaction
/// ends.
bool is_next(PostgresqlConnection& connection, std::int64_t publication) {
    static const PreparedStatement lock = {"try_unmatched_lock",
                                           "SELECT 1 FROM webhooks_unmatched u WHERE u.id = $1 "
                                           "AND pg_try_advisory_xact_lock(" +
                                               queue_lock("u.ordering_key") + ")"};
    static const PreparedStatement select = {
        "find_earlier_unmatched",
        "SELECT 1 FROM webhooks_unmatched u JOIN webhooks_unmatched q "
        "ON q.ordering_key = u.ordering_key AND q.place < u.place WHERE u.id = $1 LIMIT 1"};
    return connection.execute(lock, {parameter(publication)}).size() > 0 &&
           connection.execute(select, {parameter(publication)}).size() == 0;
}

/// Judges the filters of now. A subscription that was deleted since gets nothing.
PostgresqlArray judge(PostgresqlConnection& connection, const Unmatched& publication,
                      std::vector<SubscriptionId>& filtered) {
    static const PreparedStatement select = {
        "read_filters",
        "SELECT s.id, s.filter FROM webhooks_subscription s WHERE s.deletion = 0 AND s.id IN "
        "(SELECT unnest(u.subscriptions) FROM webhooks_unmatched u WHERE u.id = $1) ORDER BY s.id"};
    const PostgresqlRows rows = connection.execute(select, {parameter(publication.id)});
    filter::Judge judge(publication.event_type, publication.content_type, publication.payload);
    PostgresqlArray matching(PostgresqlArray::Element::bigint);
    for (int row = 0; row < rows.size(); ++row) {
        const std::int64_t id = rows.number(row, 0);
        if (judge.lets_through(std::string(rows.text(row, 1)))) {
            matching.add(id);
        } else {
            filtered.push_back({id});
        }
    }
    return matching;
}

void append(PostgresqlConnection& connection, const Unmatched& publication,
            PostgresqlArray subscriptions) {
    static const PreparedStatement move = {
        "append_judged",
        "WITH judged AS (DELETE FROM webhooks_unmatched WHERE id = $1 RETURNING *) "
        "SELECT webhooks_append(webhooks_take_ids(cardinality($2::bigint[])), $2::bigint[], "
        "event_type, content_type, payload, expires_at, due_at, created_at, ordering_key) "
        "FROM judged "
        "WHERE cardinality($2::bigint[]) > 0"};
    connection.execute(move, {parameter(publication.id), subscriptions.take()});
}

}  // namespace

std::vector<SubscriptionId> judge_ordered(PostgresqlConnection& connection, const Batch& batch) {
    static const PreparedStatement select = {
        "take_unmatched_of_keys",
        reading() + "u.ordering_key = ANY ($1::text[]) ORDER BY u.place FOR UPDATE OF u"};
    PostgresqlArray keys(PostgresqlArray::Element::text);
    bool is_empty = true;
    for (const Append& append : batch.appends) {
        if (append.message->ordering_key.empty()) continue;
        keys.add(append.message->ordering_key);
        is_empty = false;
    }
    std::vector<SubscriptionId> filtered;
    if (is_empty) return filtered;
    const PostgresqlRows rows = connection.execute(select, {keys.take()});
    for (int row = 0; row < rows.size(); ++row) {
        const Unmatched publication = read(rows, row);
        append(connection, publication, judge(connection, publication, filtered));
    }
    return filtered;
}

void send_filtered(PostgresqlConnection& connection, WorkerId worker,
                   const std::vector<SubscriptionId>& filtered, Time now) {
    std::map<SubscriptionId, Rollup> rollups;
    const auto add = [&](SubscriptionId subscription) {
        Rollup& rollup = rollups[subscription];
        rollup.subscription = subscription;
        rollup.bucket.start = bucket_of(now, rollup_width);
        ++rollup.bucket.counts.filtered;
    };
    for (const SubscriptionId subscription : filtered) {
        add(subscription);
        add({});
    }
    std::vector<Rollup> rows;
    for (const auto& [subscription, rollup] : rollups) {
        rows.push_back(rollup);
    }
    send_rollups(connection, worker, rows);
}

std::size_t judge_unmatched(PostgresqlConnection& connection,
                            std::vector<SubscriptionId>& filtered) {
    std::size_t judged = 0;
    std::size_t bytes = 0;
    std::int64_t last = 0;
    for (std::size_t seen = 0; seen < max_publications && bytes < max_payload_bytes; ++seen) {
        const std::optional<Unmatched> publication = take(connection, last);
        if (!publication) break;
        last = publication->id;
        if (publication->is_ordered && !is_next(connection, publication->id)) continue;
        append(connection, *publication, judge(connection, *publication, filtered));
        bytes += publication->payload.size();
        ++judged;
    }
    return judged;
}

}  // namespace webhooks::storage
