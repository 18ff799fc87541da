#include <filter/judge.hpp>
#include <optional>
#include <storage/sql/postgresql/array.hpp>
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
};

/// The oldest that no transaction has locked.
std::optional<Unmatched> take(PostgresqlConnection& connection) {
    static const PreparedStatement select = {
        "take_unmatched",
        "SELECT id, event_type, content_type, payload FROM webhooks_unmatched "
        "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"};
    const PostgresqlRows rows = connection.execute(select, {});
    if (rows.size() == 0) return std::nullopt;
    return Unmatched{.id = rows.number(0, 0),
                     .event_type = std::string(rows.text(0, 1)),
                     .content_type = std::string(rows.text(0, 2)),
                     .payload = std::string(rows.text(0, 3))};
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
        "event_type, content_type, payload, expires_at, due_at, created_at) FROM judged "
        "WHERE cardinality($2::bigint[]) > 0"};
    connection.execute(move, {parameter(publication.id), subscriptions.take()});
}

}  // namespace

std::size_t judge_unmatched(PostgresqlConnection& connection,
                            std::vector<SubscriptionId>& filtered) {
    std::size_t judged = 0;
    std::size_t bytes = 0;
    while (judged < max_publications && bytes < max_payload_bytes) {
        const std::optional<Unmatched> publication = take(connection);
        if (!publication) break;
        append(connection, *publication, judge(connection, *publication, filtered));
        bytes += publication->payload.size();
        ++judged;
    }
    return judged;
}

}  // namespace webhooks::storage
