#include <filter/judge.hpp>
#include <memory>
#include <optional>
#include <set>
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
    Message message = {};
};

/// The oldest that no transaction has locked.
/// @param locked the data keys that are missing
std::optional<Unmatched> take(PostgresqlConnection& connection,
                              const std::set<std::int64_t>& locked) {
    static const PreparedStatement select = {
        "take_unmatched",
        "SELECT id, event_type, content_type, payload, key_id FROM webhooks_unmatched "
        "WHERE key_id <> ALL ($1::bigint[]) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"};
    PostgresqlArray left_out(PostgresqlArray::Element::bigint);
    for (const std::int64_t key : locked) {
        left_out.add(key);
    }
    const PostgresqlRows rows = connection.execute(select, {left_out.take()});
    if (rows.size() == 0) return std::nullopt;
    return Unmatched{.id = rows.number(0, 0),
                     .message = {.event_type = std::string(rows.text(0, 1)),
                                 .content_type = std::string(rows.text(0, 2)),
                                 .payload = std::make_shared<const std::string>(rows.text(0, 3)),
                                 .key_id = rows.number(0, 4)}};
}

/// Judges the filters of now. A subscription that was deleted since gets nothing. What cannot be
/// judged because its payload was destroyed or changed goes to all, and ends as others do.
PostgresqlArray judge(PostgresqlConnection& connection, std::int64_t id, const Message& plain,
                      std::vector<SubscriptionId>& filtered) {
    static const PreparedStatement select = {
        "read_filters",
        "SELECT s.id, s.filter FROM webhooks_subscription s WHERE s.deletion = 0 AND s.id IN "
        "(SELECT unnest(u.subscriptions) FROM webhooks_unmatched u WHERE u.id = $1) ORDER BY s.id"};
    const PostgresqlRows rows = connection.execute(select, {parameter(id)});
    filter::Judge judge(plain.event_type, plain.content_type, *plain.payload);
    PostgresqlArray matching(PostgresqlArray::Element::bigint);
    for (int row = 0; row < rows.size(); ++row) {
        const std::int64_t subscription = rows.number(row, 0);
        if (plain.state != PayloadState::readable ||
            judge.lets_through(std::string(rows.text(row, 1)))) {
            matching.add(subscription);
        } else {
            filtered.push_back({subscription});
        }
    }
    return matching;
}

void append(PostgresqlConnection& connection, std::int64_t id, PostgresqlArray subscriptions) {
    static const PreparedStatement move = {
        "append_judged",
        "WITH judged AS (DELETE FROM webhooks_unmatched WHERE id = $1 RETURNING *) "
        "SELECT webhooks_append(webhooks_take_ids(cardinality($2::bigint[])), $2::bigint[], "
        "event_type, content_type, payload, expires_at, due_at, created_at, key_id) FROM judged "
        "WHERE cardinality($2::bigint[]) > 0"};
    connection.execute(move, {parameter(id), subscriptions.take()});
}

}  // namespace

std::size_t judge_unmatched(PostgresqlConnection& connection, const OpenMessage& open,
                            std::vector<SubscriptionId>& filtered,
                            std::set<std::int64_t>& missing_keys) {
    std::size_t judged = 0;
    std::size_t bytes = 0;
    while (judged < max_publications && bytes < max_payload_bytes) {
        const std::optional<Unmatched> found = take(connection, missing_keys);
        if (!found) break;
        const Message plain = open(found->message, missing_keys);
        bytes += found->message.payload->size();
        if (plain.state == PayloadState::locked) continue;
        append(connection, found->id, judge(connection, found->id, plain, filtered));
        ++judged;
    }
    return judged;
}

}  // namespace webhooks::storage
