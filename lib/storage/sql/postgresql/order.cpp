#include <algorithm>
#include <map>
#include <storage/sql/exchange.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/postgresql/array.hpp>
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

/// @return those of a column of ids, ascending
std::vector<EventId> read_ids(const PostgresqlRows& rows) {
    std::vector<EventId> ids;
    for (int row = 0; row < rows.size(); ++row) {
        ids.push_back({rows.number(row, 0)});
    }
    std::ranges::sort(ids);
    return ids;
}

PostgresqlArray as_array(const std::vector<EventId>& events) {
    PostgresqlArray ids(Element::bigint);
    for (const EventId event : events) {
        ids.add(event.value);
    }
    return ids;
}

/// Tries to lock queues. It must not wait: this transaction holds locks of rows, for which the holder
/// of a queue's lock may be waiting. @return the events of the queues that are locked now, which are
/// those in which no host publishes
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
                           "SELECT o.ordering_key FROM webhooks_ordered o "
                           "WHERE o.event_id = ANY ($2::bigint[])) k ORDER BY id) l"};
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

void send_order(PostgresqlConnection& connection, WorkerId worker, const Batch& batch) {
    // One that was deleted meanwhile ends now. The next one is the first of those that remain.
    static_assert(static_cast<int>(Step::ended) == 1 && static_cast<int>(Step::reserved) == 2);
    static const PreparedStatement statement = {
        "write_order",
        "WITH passed AS MATERIALIZED (SELECT o.event_id, o.subscription_id, o.ordering_key, "
        "s.step, s.step = 1 OR "
        "(SELECT e.id FROM webhooks_event e WHERE e.id = o.event_id) IS NULL AS has_ended "
        "FROM unnest($2::bigint[], $3::integer[]) AS s(event_id, step) "
        "JOIN webhooks_ordered o ON o.event_id = s.event_id WHERE o.worker_id = $1 "
        "AND (s.step <> 2 OR EXISTS (SELECT 1 FROM webhooks_ordered q WHERE " +
            in_queue_of("o") +
            " AND q.event_id < o.event_id))), "
            "released AS (UPDATE webhooks_undelivered u SET claimed_by = 0 FROM passed p "
            "CROSS JOIN LATERAL (SELECT q.event_id FROM webhooks_ordered q WHERE " +
            in_queue_of("p") +
            " AND NOT (p.has_ended AND q.event_id = p.event_id) ORDER BY q.event_id LIMIT 1) n "
            "WHERE u.subscription_id = p.subscription_id AND u.event_id = n.event_id "
            "AND u.claimed_by = -1), "
            "freed AS (UPDATE webhooks_undelivered u SET claimed_by = 0, is_deferred = 0 "
            "FROM passed p WHERE p.step = 2 AND u.subscription_id = p.subscription_id "
            "AND u.event_id = p.event_id), "
            "gone AS (DELETE FROM webhooks_ordered o USING passed p "
            "WHERE o.event_id = p.event_id AND p.has_ended) "
            "UPDATE webhooks_ordered o SET worker_id = 0 FROM passed p "
            "WHERE o.event_id = p.event_id AND NOT p.has_ended"};
    PostgresqlArray events(Element::bigint);
    PostgresqlArray numbers(Element::integer);
    const std::map<EventId, Step> steps = find_steps(batch);
    if (steps.empty()) return;
    for (const auto& [event, step] : steps) {
        events.add(event.value);
        numbers.add(static_cast<int>(step));
    }
    connection.send(statement, {parameter(worker.value), events.take(), numbers.take()});
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

std::vector<EventId> NewOrdered::write(PostgresqlConnection& connection,
                                       const WorkerContext& context) {
    // A NOT EXISTS would be planned as a hash of all queues. Scheduled events have rows already, and
    // belong to no worker. If a host is publishing into a queue, a later claim decides whether its
    // first event may be sent.
    static const PreparedStatement statement = {
        "enter_queues",
        "WITH entry AS MATERIALIZED (SELECT n.*, n.is_due = 0 AND "
        "(SELECT q.event_id FROM webhooks_ordered q WHERE " +
            in_queue_of("n") +
            " LIMIT 1) IS NULL AND row_number() OVER (PARTITION BY n.subscription_id, "
            "n.ordering_key "
            "ORDER BY n.event_id) = 1 AS is_first "
            "FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::integer[], $7::integer[]) "
            "AS n(event_id, subscription_id, ordering_key, is_due, is_open)), "
            "entered AS (INSERT INTO webhooks_ordered "
            "(event_id, subscription_id, ordering_key, worker_id) "
            "SELECT event_id, subscription_id, ordering_key, CASE WHEN is_first AND is_open = 0 "
            "THEN $1::bigint ELSE 0 END "
            "FROM entry), "
            "waiting AS (INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
            "attempts, tries, claimed_by, claim_number, is_deferred) "
            "SELECT subscription_id, event_id, $6::bigint, 0, 0, CASE WHEN is_first THEN 0 ELSE -1 "
            "END, 0, 0 FROM entry "
            "WHERE is_due = 0 AND NOT (is_first AND is_open = 0)) "
            "SELECT event_id FROM entry WHERE is_due = 0 AND NOT (is_first AND is_open = 0)"};
    if (entries_.empty()) return {};
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
    return read_ids(connection.execute(
        statement, {parameter(context.worker.id.value), events.take(), subscriptions.take(),
                    keys.take(), dues.take(), parameter(to_micros(context.now)), opens.take()}));
}

void send_due_locks(PostgresqlConnection& connection, Time now, const DueCursor::Place& behind,
                    std::size_t limit) {
    static const PreparedStatement statement = {
        "lock_due_queues",
        "SELECT pg_advisory_xact_lock(l.id) FROM (SELECT DISTINCT " + queue_lock("o.ordering_key") +
            " AS id FROM (SELECT event_id FROM webhooks_undelivered "
            "WHERE claimed_by = 0 AND due_at <= $1 AND (due_at, event_id) > ($3, $4) "
            "AND EXISTS (SELECT 1 FROM webhooks_ordered) ORDER BY due_at, event_id LIMIT $2) u "
            "CROSS JOIN LATERAL (SELECT ordering_key "
            "FROM webhooks_ordered WHERE event_id = u.event_id OFFSET 0) o ORDER BY id) l"};
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
