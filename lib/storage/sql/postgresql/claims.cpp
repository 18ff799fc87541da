#include <algorithm>
#include <base/never_destroyed.hpp>
#include <bit>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <storage/claim_behind.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/claims.hpp>
#include <storage/sql/postgresql/lookup_sql.hpp>
#include <storage/sql/postgresql/order.hpp>
#include <storage/sql/trace_text.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;

/// A search for fewer always begins at the front.
constexpr std::size_t few_events = 100;

/// @pre `wanted` is not empty.
std::map<std::int64_t, std::shared_ptr<const Message>> read_messages(
    PostgresqlConnection& connection, const std::set<std::int64_t>& wanted) {
    static const NeverDestroyed<std::string> columns(
        "SELECT m.id, m.event_type, m.content_type, m.payload, m.expires_at, m.trace, m.key_id, "
        "m.ordering_key FROM ");
    static const PreparedStatement select = {
        "read_messages",
        *columns + "unnest($1::bigint[]) AS wanted(message) " +
            look_up("*", "webhooks_message", "wanted.message", "BETWEEN $2 AND $3") + "m"};
    static const PreparedStatement select_range = {
        "read_message_range", *columns + "webhooks_message m WHERE m.id BETWEEN $1 AND $2"};
    std::map<std::int64_t, std::shared_ptr<const Message>> messages;
    const Parameter first = parameter(*wanted.begin());
    const Parameter last = parameter(*wanted.rbegin());
    // Of a burst that went beyond memory, all are wanted.
    const bool is_range = *wanted.rbegin() - *wanted.begin() < std::ssize(wanted);
    PostgresqlArray ids(Element::bigint);
    if (!is_range) std::ranges::for_each(wanted, [&ids](std::int64_t id) { ids.add(id); });
    const PostgresqlRows rows = is_range ? connection.execute(select_range, {first, last})
                                         : connection.execute(select, {ids.take(), first, last});
    for (int row = 0; row < rows.size(); ++row) {
        auto message = std::make_shared<Message>();
        message->event_type = rows.text(row, 1);
        message->content_type = rows.text(row, 2);
        message->payload = std::make_shared<const std::string>(rows.text(row, 3));
        if (!rows.is_null(row, 4)) message->expires_at = from_micros(rows.number(row, 4));
        if (!rows.is_null(row, 5)) message->trace = read_trace(std::string(rows.text(row, 5)));
        message->key_id = rows.number(row, 6);
        if (!rows.is_null(row, 7)) message->ordering_key = rows.text(row, 7);
        messages[rows.number(row, 0)] = std::move(message);
    }
    return messages;
}

/// @param rows with (event, subscription, message, worker_tag, attempts, tries, has_row,
/// created_at, due_at, is_requested).
std::vector<HeldEvent> read_held(PostgresqlConnection& connection, const PostgresqlRows& rows) {
    std::vector<HeldEvent> events;
    if (rows.size() == 0) return events;
    std::set<std::int64_t> ids;
    for (int row = 0; row < rows.size(); ++row) {
        ids.insert(rows.number(row, 2));
    }
    const auto messages = read_messages(connection, ids);
    for (int row = 0; row < rows.size(); ++row) {
        events.push_back({.id = {rows.number(row, 0)},
                          .subscription = {rows.number(row, 1)},
                          .worker_tag = std::bit_cast<std::uint64_t>(rows.number(row, 3)),
                          .message = messages.at(rows.number(row, 2)),
                          .attempts = static_cast<int>(rows.number(row, 4)),
                          .attempts_since_reopened = static_cast<int>(rows.number(row, 5)),
                          .has_row = rows.number(row, 6) != 0,
                          .created_at = from_micros(rows.number(row, 7)),
                          .due = from_micros(rows.number(row, 8)),
                          .is_requested = rows.number(row, 9) != 0});
    }
    return events;
}

/// Marks rows of webhooks_undelivered as claimed, and reads them.
/// @param rows selects and locks them, by `ctid`, with $1 the worker and $2 the claim. A locked row
/// stays where it is, and is found there without an index.
/// One that was changed since the statement began is not: it is left, and claimed later.
/// @param and_then another change of the rows in `marked`, as a further part of WITH.
std::string claiming(const std::string& rows, const std::string& order,
                     const std::string& and_then = {}) {
    return "WITH taken AS MATERIALIZED (" + rows +
           "), marked AS (UPDATE webhooks_undelivered u "
           "SET claimed_by = $1, claim_number = $2, is_deferred = 0 FROM taken t "
           "WHERE u.ctid = t.ctid "
           "RETURNING u.event_id, u.due_at, u.attempts, u.tries, u.is_requested)" +
           and_then +
           " "
           "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, m.attempts, m.tries, 1, "
           "e.created_at, m.due_at, m.is_requested FROM marked m " +
           look_up("*", "webhooks_event", "m.event_id", "") + "e ORDER BY " + order;
}

/// The events of worker $1 after $2 that are only in its memory.
const std::string& in_memory() {
    static const NeverDestroyed<std::string> text(
        " FROM webhooks_event e WHERE e.id > $2 AND e.worker_id = $1 "
        "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered u "
        "WHERE u.subscription_id = e.subscription_id AND u.event_id = e.id) AND " +
        has_no_attempt("> $2") + " ORDER BY e.id LIMIT $3");
    return *text;
}

/// @param room the events that the claim may still take
std::vector<HeldEvent> claim_behind(PostgresqlConnection& connection, const WorkerContext& context,
                                    std::size_t room, std::int64_t number,
                                    const std::vector<HeldEvent>& leaders) {
    static const PreparedStatement statement = {
        "claim_behind",
        claiming("SELECT f.ctid FROM unnest($3::bigint[]) AS l(event_id) "
                 "JOIN webhooks_ordered o ON o.event_id = l.event_id CROSS JOIN LATERAL "
                 "(SELECT u.ctid FROM webhooks_ordered q "
                 "JOIN webhooks_undelivered u ON u.subscription_id = q.subscription_id "
                 "AND u.event_id = q.event_id WHERE q.subscription_id = o.subscription_id "
                 "AND q.ordering_key = o.ordering_key AND q.event_id > o.event_id "
                 "AND q.worker_id = 0 AND u.claimed_by <= 0 AND u.due_at <= $4 "
                 "ORDER BY q.event_id LIMIT $5 FOR UPDATE OF u SKIP LOCKED) f",
                 "e.id",
                 ", held AS (UPDATE webhooks_ordered o SET worker_id = $1 FROM marked m "
                 "WHERE o.event_id = m.event_id)")};
    PostgresqlArray ids(Element::bigint);
    for (const HeldEvent& event : leaders) {
        if (leads_others(event)) ids.add(event.id.value);
    }
    const std::size_t each = room_behind(room, leaders);
    if (each == 0) return {};
    return read_held(
        connection,
        connection.execute(statement, {parameter(context.worker.id.value), parameter(number),
                                       ids.take(), parameter(to_micros(context.now)),
                                       parameter(static_cast<std::int64_t>(each))}));
}

}  // namespace

Claim claim(PostgresqlConnection& connection, const WorkerContext& context, DueCursor& cursor,
            std::size_t limit, std::int64_t number) {
    static const PreparedStatement statement = {
        "claim", claiming("SELECT ctid FROM webhooks_undelivered "
                          "WHERE claimed_by = 0 AND due_at <= $3 AND (due_at, event_id) > ($5, $6) "
                          "ORDER BY due_at, event_id LIMIT $4 FOR UPDATE SKIP LOCKED",
                          "m.due_at, e.id")};
    const DueCursor::Place from = cursor.begin(std::chrono::steady_clock::now());
    send_due_locks(connection, context.now, from, limit);
    std::vector<HeldEvent> events = read_held(
        connection, connection.execute(
                        statement, {parameter(context.worker.id.value), parameter(number),
                                    parameter(to_micros(context.now)),
                                    parameter(static_cast<std::int64_t>(limit)),
                                    parameter(to_micros(from.due)), parameter(from.event.value)}));
    if (events.size() == limit && limit >= few_events) {
        cursor.advance({events.back().due, events.back().id});
    } else {
        cursor.reset();
    }
    const std::size_t room = limit - std::min(events.size(), limit);
    take_turns(connection, context, events);
    std::vector<HeldEvent> behind = claim_behind(connection, context, room, number, events);
    return {.events = std::move(events), .behind = std::move(behind)};
}

std::optional<Time> read_rest(PostgresqlConnection& connection, DueCursor& cursor, Time now,
                              Claim& claim) {
    static const PreparedStatement select = {
        "read_rest",
        "SELECT revision, (SELECT due_at FROM webhooks_undelivered WHERE claimed_by = 0 "
        "AND due_at IS NOT NULL AND (due_at, event_id) > ($1, $2) "
        "ORDER BY due_at, event_id LIMIT 1), "
        "(SELECT created_at FROM webhooks_unmatched ORDER BY id LIMIT 1) FROM webhooks_state"};
    const auto read_behind = [&](const DueCursor::Place& place) {
        return connection.execute(select,
                                  {parameter(to_micros(place.due)), parameter(place.event.value)});
    };
    const DueCursor::Place from = cursor.begin(std::chrono::steady_clock::now());
    PostgresqlRows rows = read_behind(from);
    if (!from.is_front() && (rows.is_null(0, 1) || rows.number(0, 1) > to_micros(now))) {
        rows = read_behind({});
    }
    claim.revision = rows.number(0, 0);
    if (!rows.is_null(0, 1)) claim.next_due = from_micros(rows.number(0, 1));
    return rows.is_null(0, 2) ? std::nullopt : std::optional(from_micros(rows.number(0, 2)));
}

std::vector<HeldEvent> claim_reserved(PostgresqlConnection& connection, WorkerId worker,
                                      SubscriptionId subscription, std::size_t limit,
                                      std::int64_t number) {
    static const PreparedStatement statement = {
        "claim_reserved",
        claiming("SELECT ctid FROM webhooks_undelivered "
                 "WHERE is_deferred = 1 AND claimed_by = $1 AND subscription_id = $3 "
                 "ORDER BY event_id LIMIT $4 FOR UPDATE",
                 "e.id")};
    return read_held(connection,
                     connection.execute(statement, {parameter(worker.value), parameter(number),
                                                    parameter(subscription.value),
                                                    parameter(static_cast<std::int64_t>(limit))}));
}

void unclaim(PostgresqlConnection& connection, WorkerId worker, std::int64_t number, Time now) {
    static const PreparedStatement update = {
        "unclaim",
        "UPDATE webhooks_undelivered SET claimed_by = 0 WHERE claimed_by = $1 "
        "AND due_at IS NOT NULL AND is_deferred = 0 AND claim_number = $2"};
    const std::vector<EventId> ordered = claimed_in_order(connection.sql(), worker, number);
    lock_queues(connection.sql(), ordered);
    connection.execute(update, {parameter(worker.value), parameter(number)});
    QueueChanges unused;
    for (const EventId event : ordered) {
        put_back(connection.sql(), event, now, unused);
    }
}

std::vector<HeldEvent> appended_after(PostgresqlConnection& connection, WorkerId worker,
                                      EventId after, std::size_t limit) {
    static const PreparedStatement select = {
        "appended_after",
        "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, 0, 0, 0, e.created_at, "
        "e.created_at, 0" +
            in_memory()};
    return read_held(connection,
                     connection.execute(select, {parameter(worker.value), parameter(after.value),
                                                 parameter(static_cast<std::int64_t>(limit))}));
}

std::size_t hand_back(PostgresqlConnection& connection, DeadWorker& dead, Time now,
                      std::size_t limit) {
    static const PreparedStatement change = {
        "hand_back_memory", "WITH found AS MATERIALIZED (SELECT e.id, e.subscription_id" +
                                in_memory() +
                                " FOR KEY SHARE OF e), "
                                "moved AS (INSERT INTO webhooks_undelivered (subscription_id, "
                                "event_id, due_at, attempts, tries, claimed_by, claim_number, "
                                "is_deferred) SELECT subscription_id, id, $4, 0, 0, 0, 0, 0 "
                                "FROM found RETURNING event_id) "
                                "SELECT count(*), max(event_id) FROM moved"};
    static const PreparedStatement release = {
        "hand_back_claimed",
        "WITH found AS MATERIALIZED (SELECT subscription_id, event_id FROM webhooks_undelivered "
        "WHERE claimed_by = $1 AND due_at IS NOT NULL ORDER BY event_id LIMIT $2 FOR UPDATE), "
        "moved AS (UPDATE webhooks_undelivered u SET claimed_by = 0, is_deferred = 0, is_requested "
        "= 0, "
        "due_at = CASE is_deferred WHEN 1 THEN due_at ELSE least(due_at, $3) END FROM found f "
        "WHERE u.subscription_id = f.subscription_id AND u.event_id = f.event_id RETURNING 1) "
        "SELECT count(*) FROM moved"};
    const std::size_t ordered = hand_back_ordered(connection.sql(), dead.id, now, limit);
    if (ordered == limit) return ordered;
    limit -= ordered;
    const PostgresqlRows held = connection.execute(
        change, {parameter(dead.id.value), parameter(dead.low_water.value),
                 parameter(static_cast<std::int64_t>(limit)), parameter(to_micros(now))});
    const std::int64_t recorded = held.number(0, 0);
    if (recorded > 0) dead.low_water = {held.number(0, 1)};
    const PostgresqlRows claimed = connection.execute(
        release, {parameter(dead.id.value), parameter(static_cast<std::int64_t>(limit) - recorded),
                  parameter(to_micros(now))});
    return ordered + static_cast<std::size_t>(recorded + claimed.number(0, 0));
}

}  // namespace webhooks::storage
