#include <algorithm>
#include <map>
#include <storage/sql/exchange.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/lookup_sql.hpp>
#include <storage/sql/postgresql/order.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;

/// An event whose queue another transaction is changing is looked at again after this time.
constexpr std::chrono::milliseconds time_to_change{20};

/// What the results of a batch mean to an event with an ordering key.
enum class Step : std::uint8_t {
    returned,  ///< The worker no longer has it.
    ended,
    reserved,  ///< It gives way to an earlier one, if there is one.
};

/// As in `condense`: what follows after the worker has released an event is skipped.
std::map<EventId, Step> find_steps(const Batch& batch) {
    std::map<EventId, Step> steps;
    const auto add = [&steps](EventId event, Step step) {
        const auto [place, is_new] = steps.try_emplace(event, step);
        if (!is_new && place->second == Step::reserved) place->second = step;
    };
    for (const CustodyChange& change : batch.custody_changes) {
        if (!change.is_ordered) continue;
        if (change.custody == Custody::unclaimed) add(change.event, Step::returned);
        if (change.custody == Custody::reserved) add(change.event, Step::reserved);
        const auto found = steps.find(change.event);
        if (change.custody == Custody::in_memory && found != steps.end() &&
            found->second == Step::reserved) {
            steps.erase(found);
        }
    }
    for (const AttemptRecord& record : batch.attempts) {
        if (record.is_ordered) add(record.event, record.due ? Step::returned : Step::ended);
    }
    return steps;
}

std::string in_queue_of(const std::string& event) {
    return "q.subscription_id = " + event + ".subscription_id AND q.ordering_key = " + event +
           ".ordering_key";
}

/// Joins each row with the place of an event in its queue. The table is often empty: to the
/// planner, searching the index of ids then costs as much as reading the whole index of queues, in
/// which the id comes last. Only the order excludes that.
std::string look_up_place(const std::string& event) {
    return "CROSS JOIN LATERAL (SELECT * FROM webhooks_ordered WHERE event_id BETWEEN " + event +
           " AND " + event + " ORDER BY event_id LIMIT 1) ";
}

/// @return those of a column of ids, ascending
std::vector<EventId> read_ids(const PostgresqlRows& rows) {
    std::vector<EventId> ids;
    for (int row = 0; row < rows.size(); ++row) {
        ids.push_back({rows.number(row, 0)});
    }
    std::ranges::sort(ids);
    return ids;
}

/// What happens to another event of a queue.
enum class Follows : std::uint8_t { turn, returned, released };

/// A queue whose event with the turn has a step passes it on to the next event that the worker
/// holds, if the step is an end and that event is the first one. Otherwise what the worker holds is
/// returned, and the first event can be claimed. An event that was deleted meanwhile ends now.
std::string order_sql() {
    const std::string held = "SELECT q.event_id, q.subscription_id FROM webhooks_ordered q WHERE ";
    return "WITH step AS MATERIALIZED (SELECT o.event_id, o.subscription_id, o.ordering_key, "
           "s.step, s.step = 1 OR "
           "(SELECT e.id FROM webhooks_event e WHERE e.id = o.event_id) IS NULL AS has_ended, "
           "(SELECT q.event_id FROM webhooks_ordered q WHERE " +
           in_queue_of("o") +
           " AND q.worker_id <> 0 AND q.event_id < o.event_id LIMIT 1) IS NULL AS had_turn "
           "FROM unnest($2::bigint[], $3::integer[]) AS s(event_id, step) " +
           look_up_place("s.event_id") +
           "o WHERE o.worker_id = $1), "
           "queue AS MATERIALIZED (SELECT t.*, n.event_id AS first, n.worker_id = $1 "
           "AND n.event_id NOT IN (SELECT event_id FROM step) AS is_held FROM step t "
           "LEFT JOIN LATERAL (SELECT q.event_id, q.worker_id FROM webhooks_ordered q WHERE " +
           in_queue_of("t") +
           " AND q.event_id NOT IN (SELECT event_id FROM step WHERE has_ended) "
           "ORDER BY q.event_id LIMIT 1) n ON true WHERE t.had_turn), "
           "stopped AS MATERIALIZED (SELECT * FROM queue "
           "WHERE first IS NOT NULL AND NOT (has_ended AND is_held)), "
           "returned AS MATERIALIZED (SELECT h.* FROM stopped s CROSS JOIN LATERAL (" +
           held + in_queue_of("s") +
           " AND q.worker_id <> 0 AND q.event_id NOT IN (SELECT event_id FROM step) OFFSET 0) h), "
           "given AS (INSERT INTO webhooks_undelivered AS u (subscription_id, event_id, due_at, "
           "attempts, tries, claimed_by, claim_number, is_deferred) "
           "SELECT p.subscription_id, p.event_id, $4::bigint, 0, 0, -1, 0, 0 FROM returned p " +
           look_up("id", "webhooks_event", "p.event_id", "", "FOR KEY SHARE") +
           "e ON CONFLICT (subscription_id, event_id) DO UPDATE SET claimed_by = -1), "
           "released AS (UPDATE webhooks_undelivered u SET claimed_by = 0 FROM stopped s "
           "WHERE u.subscription_id = s.subscription_id AND u.event_id = s.first "
           "AND u.claimed_by = -1 RETURNING u.event_id), "
           "freed AS (UPDATE webhooks_undelivered u SET claimed_by = 0, is_deferred = 0 "
           "FROM queue s WHERE s.step = 2 AND s.first <> s.event_id "
           "AND u.subscription_id = s.subscription_id AND u.event_id = s.event_id), "
           "gone AS (DELETE FROM webhooks_ordered o USING step s "
           "WHERE o.event_id = s.event_id AND s.has_ended), "
           "unheld AS (UPDATE webhooks_ordered o SET worker_id = 0 FROM (SELECT event_id FROM "
           "returned UNION ALL SELECT event_id FROM step WHERE NOT has_ended AND (step = 0 "
           "OR event_id IN (SELECT event_id FROM queue WHERE first <> event_id))) p "
           "WHERE o.event_id = p.event_id) "
           "SELECT first, 0 FROM queue WHERE has_ended AND is_held "
           "UNION ALL SELECT event_id, 1 FROM returned UNION ALL SELECT event_id, 2 FROM released";
}

PostgresqlArray as_array(const std::vector<EventId>& events) {
    PostgresqlArray ids(Element::bigint);
    for (const EventId event : events) {
        ids.add(event.value);
    }
    return ids;
}

/// Tries to lock queues. It must not wait: this transaction holds locks of rows, for which the
/// holder of a queue's lock may be waiting. @return the events of the queues that are locked now,
/// which are those in which no host publishes
std::vector<EventId> try_locks(PostgresqlConnection& connection,
                               const std::vector<const HeldEvent*>& events) {
    static const PreparedStatement statement = {
        "try_queue_locks",
        "SELECT c.event_id FROM unnest($1::bigint[], $2::text[]) AS c(event_id, ordering_key) "
        "WHERE pg_try_advisory_xact_lock(" +
            queue_lock("c.ordering_key") + ") AND NOT " + is_open("c.ordering_key")};
    PostgresqlArray ids(Element::bigint);
    PostgresqlArray keys(Element::text);
    for (const HeldEvent* event : events) {
        ids.add(event->id.value);
        keys.add(event->message->ordering_key);
    }
    return read_ids(connection.execute(statement, {ids.take(), keys.take()}));
}

std::vector<EventId> take(PostgresqlConnection& connection, WorkerId worker,
                          const std::vector<EventId>& locked) {
    static const PreparedStatement statement = {
        "take_turns",
        "UPDATE webhooks_ordered o SET worker_id = $1 WHERE o.event_id = ANY ($2::bigint[]) "
        "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered q WHERE " +
            in_queue_of("o") +
            " AND q.event_id < o.event_id) "
            "AND NOT EXISTS (SELECT 1 FROM webhooks_ordered q WHERE " +
            in_queue_of("o") + " AND q.worker_id <> 0) RETURNING o.event_id"};
    return read_ids(
        connection.execute(statement, {parameter(worker.value), as_array(locked).take()}));
}

}  // namespace

void send_queue_locks(PostgresqlConnection& connection, const Batch& batch) {
    static const PreparedStatement statement = {
        "lock_queues", "SELECT pg_advisory_xact_lock(l.id) FROM (SELECT DISTINCT " +
                           queue_lock("k.ordering_key") +
                           " AS id FROM (SELECT unnest($1::text[]) AS ordering_key UNION ALL "
                           "SELECT o.ordering_key FROM unnest($2::bigint[]) AS s(event_id) " +
                           look_up_place("s.event_id") + "o) k ORDER BY id) l"};
    PostgresqlArray keys(Element::text);
    PostgresqlArray events(Element::bigint);
    bool is_empty = true;
    for (const Append& append : batch.appends) {
        if (append.message->ordering_key.empty()) continue;
        keys.add(append.message->ordering_key);
        is_empty = false;
    }
    for (const auto& [event, step] : find_steps(batch)) {
        events.add(event.value);
        is_empty = false;
    }
    if (!is_empty) connection.send(statement, {keys.take(), events.take()});
}

void write_order(PostgresqlConnection& connection, const WorkerContext& context, const Batch& batch,
                 BatchReceipt& receipt) {
    static_assert(static_cast<int>(Step::ended) == 1 && static_cast<int>(Step::reserved) == 2);
    static const PreparedStatement statement = {"write_order", order_sql()};
    PostgresqlArray events(Element::bigint);
    PostgresqlArray numbers(Element::integer);
    const std::map<EventId, Step> steps = find_steps(batch);
    if (steps.empty()) return;
    for (const auto& [event, step] : steps) {
        events.add(event.value);
        numbers.add(static_cast<int>(step));
    }
    const PostgresqlRows rows =
        connection.execute(statement, {parameter(context.worker.id.value), events.take(),
                                       numbers.take(), parameter(to_micros(context.now))});
    for (int row = 0; row < rows.size(); ++row) {
        const EventId event{rows.number(row, 0)};
        switch (static_cast<Follows>(rows.number(row, 1))) {
            case Follows::turn:
                receipt.turns.push_back(event);
                break;
            case Follows::returned:
                receipt.returned.push_back(event);
                break;
            case Follows::released:
                ++receipt.released;
        }
    }
}

void NewOrdered::add(const Append& append, SubscriptionId subscription, EventId event) {
    if (append.message->ordering_key.empty()) return;
    entries_.push_back({.event = event, .subscription = subscription, .append = &append});
}

std::set<std::string> NewOrdered::find_open_keys(PostgresqlConnection& connection) const {
    static const PreparedStatement statement = {
        "find_open_keys",
        "SELECT DISTINCT k.ordering_key FROM unnest($1::text[]) AS k(ordering_key) WHERE " +
            is_open("k.ordering_key")};
    PostgresqlArray keys(Element::text);
    for (const Entry& entry : entries_) {
        keys.add(entry.append->message->ordering_key);
    }
    const PostgresqlRows rows = connection.execute(statement, {keys.take()});
    std::set<std::string> open;
    for (int row = 0; row < rows.size(); ++row) {
        open.emplace(rows.text(row, 0));
    }
    return open;
}

void NewOrdered::write(PostgresqlConnection& connection, const WorkerContext& context,
                       BatchReceipt& receipt) {
    // A NOT EXISTS would be planned as a hash of all queues. Scheduled events have rows already,
    // and belong to no worker. If a host is publishing into a queue, a later claim decides whether
    // its first event may be sent. What the worker has reserved is not in its memory, and it may
    // not know of what was deleted.
    static const PreparedStatement statement = {
        "enter_queues",
        "WITH entry AS MATERIALIZED (SELECT n.*, l.event_id IS NULL AS is_empty, "
        "l.worker_id = $1 AND coalesce(l.is_deferred, 0) = 0 AND l.deleted_at IS NULL AS is_held, "
        "row_number() OVER queue = 1 AS is_first, "
        "bool_or(n.is_due = 1 OR n.is_open = 1) OVER queue AS must_wait "
        "FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::integer[], $7::integer[]) "
        "AS n(event_id, subscription_id, ordering_key, is_due, is_open) "
        "LEFT JOIN LATERAL (SELECT q.event_id, q.worker_id, q.deleted_at, (SELECT u.is_deferred "
        "FROM webhooks_undelivered u WHERE u.subscription_id = q.subscription_id "
        "AND u.event_id = q.event_id) AS is_deferred FROM webhooks_ordered q WHERE " +
            in_queue_of("n") +
            " ORDER BY q.event_id DESC LIMIT 1) l ON true "
            "WINDOW queue AS (PARTITION BY n.subscription_id, n.ordering_key ORDER BY n.event_id "
            "ROWS UNBOUNDED PRECEDING)), "
            "placed AS MATERIALIZED (SELECT *, NOT must_wait AND (is_empty OR is_held) AS is_taken "
            "FROM entry), "
            "entered AS (INSERT INTO webhooks_ordered "
            "(event_id, subscription_id, ordering_key, worker_id) "
            "SELECT event_id, subscription_id, ordering_key, CASE WHEN is_taken "
            "THEN $1::bigint ELSE 0 END FROM placed), "
            "waiting AS (INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
            "attempts, tries, claimed_by, claim_number, is_deferred) "
            "SELECT subscription_id, event_id, $6::bigint, 0, 0, CASE WHEN is_empty AND is_first "
            "THEN 0 ELSE -1 END, 0, 0 FROM placed WHERE is_due = 0 AND NOT is_taken) "
            "SELECT event_id, CASE WHEN is_taken THEN 1 ELSE 0 END FROM placed "
            "WHERE is_due = 0 AND NOT (is_taken AND is_empty AND is_first) ORDER BY event_id"};
    if (entries_.empty()) return;
    const std::set<std::string> open = find_open_keys(connection);
    PostgresqlArray events(Element::bigint);
    PostgresqlArray subscriptions(Element::bigint);
    PostgresqlArray keys(Element::text);
    PostgresqlArray dues(Element::integer);
    PostgresqlArray opens(Element::integer);
    for (const Entry& entry : entries_) {
        events.add(entry.event.value);
        subscriptions.add(entry.subscription.value);
        keys.add(entry.append->message->ordering_key);
        dues.add(entry.append->due ? 1 : 0);
        opens.add(open.contains(entry.append->message->ordering_key) ? 1 : 0);
    }
    const PostgresqlRows rows = connection.execute(
        statement, {parameter(context.worker.id.value), events.take(), subscriptions.take(),
                    keys.take(), dues.take(), parameter(to_micros(context.now)), opens.take()});
    for (int row = 0; row < rows.size(); ++row) {
        (rows.number(row, 1) == 1 ? receipt.behind : receipt.waiting)
            .push_back({rows.number(row, 0)});
    }
}

void send_due_locks(PostgresqlConnection& connection, Time now, const DueCursor::Place& behind,
                    std::size_t limit) {
    static const PreparedStatement statement = {
        "lock_due_queues",
        "SELECT pg_advisory_xact_lock(l.id) FROM (SELECT DISTINCT " + queue_lock("o.ordering_key") +
            " AS id FROM (SELECT event_id FROM webhooks_undelivered "
            "WHERE claimed_by = 0 AND due_at <= $1 AND (due_at, event_id) > ($3, $4) "
            "AND EXISTS (SELECT 1 FROM webhooks_ordered) ORDER BY due_at, event_id LIMIT $2) u " +
            look_up_place("u.event_id") + "o ORDER BY id) l"};
    connection.send(statement,
                    {parameter(to_micros(now)), parameter(static_cast<std::int64_t>(limit)),
                     parameter(to_micros(behind.due)), parameter(behind.event.value)});
}

void take_turns(PostgresqlConnection& connection, const WorkerContext& context,
                std::vector<HeldEvent>& events) {
    static const PreparedStatement release = {
        "release_claimed",
        "UPDATE webhooks_undelivered u SET claimed_by = g.claimed_by, due_at = CASE g.claimed_by "
        "WHEN 0 THEN greatest(u.due_at, $4::bigint) ELSE u.due_at END "
        "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) "
        "AS g(subscription_id, event_id, claimed_by) "
        "WHERE u.subscription_id = g.subscription_id AND u.event_id = g.event_id"};
    std::vector<const HeldEvent*> ordered;
    for (const HeldEvent& event : events) {
        if (!event.message->ordering_key.empty()) ordered.push_back(&event);
    }
    if (ordered.empty()) return;
    const std::vector<EventId> locked = try_locks(connection, ordered);
    const std::vector<EventId> taken = take(connection, context.worker.id, locked);
    const auto contains = [](const std::vector<EventId>& ids, EventId id) {
        return std::ranges::binary_search(ids, id);
    };
    PostgresqlArray subscriptions(Element::bigint);
    PostgresqlArray ids(Element::bigint);
    PostgresqlArray claimants(Element::bigint);
    const std::size_t released = std::erase_if(events, [&](const HeldEvent& event) {
        if (event.message->ordering_key.empty() || contains(taken, event.id)) return false;
        subscriptions.add(event.subscription.value);
        ids.add(event.id.value);
        claimants.add(contains(locked, event.id) ? -1 : 0);
        return true;
    });
    if (released == 0) return;
    connection.send(release, {subscriptions.take(), ids.take(), claimants.take(),
                              parameter(to_micros(context.now + time_to_change))});
}

}  // namespace webhooks::storage
