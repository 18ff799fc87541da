#include <base/never_destroyed.hpp>
#include <map>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/lookup_sql.hpp>
#include <storage/sql/postgresql/results.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;

/// Rows of webhooks_attempt for events that were delivered, as arrays.
class Delivered {
public:
    void add(EventId event, const Attempt& attempt) {
        events_.add(event.value);
        numbers_.add(attempt.number);
        sent_.add(to_micros(attempt.sent_at));
        durations_.add(attempt.duration.count());
        statuses_.add(attempt.status_code);
        responses_.add(attempt.response);
        errors_.add(attempt.error_message);
        outcomes_.add(static_cast<int>(attempt.outcome));
        keys_.add(attempt.key_id);
        is_empty_ = false;
    }

    /// Of events without rows.
    void send(PostgresqlConnection& connection, OnDuplicate on_duplicate) {
        static const NeverDestroyed<std::string> insert(insert_attempts() + unnested());
        static const PreparedStatement insert_new = {"insert_attempts", *insert};
        static const PreparedStatement insert_unknown = {"insert_unknown_attempts",
                                                         *insert + " ON CONFLICT DO NOTHING"};
        if (is_empty_) return;
        connection.send(
            on_duplicate == OnDuplicate::fail ? insert_new : insert_unknown,
            {events_.take(), numbers_.take(), sent_.take(), durations_.take(), statuses_.take(),
             responses_.take(), errors_.take(), outcomes_.take(), keys_.take()});
    }

    /// Of events with rows that the worker holds. @param subscriptions theirs
    void send_held(PostgresqlConnection& connection, WorkerId worker,
                   PostgresqlArray& subscriptions) {
        static const PreparedStatement statement = {
            "end_held",
            "WITH ended AS (DELETE FROM webhooks_undelivered u USING (" + unnested() +
                ", unnest($10::bigint[]) AS subscription_id) h "
                "WHERE u.subscription_id = h.subscription_id AND u.event_id = h.event_id "
                "AND u.claimed_by = $11 RETURNING h.*) " +
                insert_attempts() +
                "SELECT event_id, number, sent_at, duration_us, status_code, response, "
                "error_message, outcome, key_id FROM ended"};
        if (is_empty_) return;
        connection.send(statement,
                        {events_.take(), numbers_.take(), sent_.take(), durations_.take(),
                         statuses_.take(), responses_.take(), errors_.take(), outcomes_.take(),
                         keys_.take(), subscriptions.take(), parameter(worker.value)});
    }

private:
    static std::string insert_attempts() {
        return "INSERT INTO webhooks_attempt (event_id, number, sent_at, duration_us, status_code, "
               "response, error_message, outcome, key_id) ";
    }
    static std::string unnested() {
        return "SELECT unnest($1::bigint[]) AS event_id, unnest($2::integer[]) AS number, "
               "unnest($3::bigint[]) AS sent_at, unnest($4::bigint[]) AS duration_us, "
               "unnest($5::integer[]) AS status_code, unnest($6::text[]) AS response, "
               "unnest($7::text[]) AS error_message, unnest($8::integer[]) AS outcome, "
               "unnest($9::bigint[]) AS key_id";
    }

    PostgresqlArray events_{Element::bigint};
    PostgresqlArray numbers_{Element::integer};
    PostgresqlArray sent_{Element::bigint};
    PostgresqlArray durations_{Element::bigint};
    PostgresqlArray statuses_{Element::integer};
    PostgresqlArray responses_{Element::text};
    PostgresqlArray errors_{Element::text};
    PostgresqlArray outcomes_{Element::integer};
    PostgresqlArray keys_{Element::bigint};
    bool is_empty_ = true;
};

/// The changes that a batch makes to one event.
struct Change {
    const AttemptRecord* attempt = nullptr;
    bool is_only = true;  ///< The batch has no other change of the event.
    /// The row that the event has afterwards, unless it is delivered.
    std::optional<Time> due = {};  ///< Absent: it has ended.
    int attempts = 0;
    int attempts_since_reopened = 0;
    WorkerId claimed_by{};
    bool is_deferred = false;

    bool gives_it_away() const { return claimed_by == WorkerId{}; }
    /// It was delivered, and had its row before the batch.
    bool ends_held() const {
        return is_only && attempt != nullptr && attempt->has_row &&
               attempt->attempt.outcome == Outcome::delivered;
    }
};

/// One change for each event, with the same result as writing custody_changes and then attempts one
/// by one: entries after the worker has released an event are skipped.
std::map<EventId, Change> condense(const Batch& batch, WorkerId worker) {
    std::map<EventId, Change> changes;
    for (const CustodyChange& change : batch.custody_changes) {
        const auto [place, is_new] = changes.try_emplace(change.event);
        if (!is_new && place->second.gives_it_away()) continue;
        place->second = {.due = change.due,
                         .attempts = change.attempts,
                         .attempts_since_reopened = change.attempts_since_reopened,
                         .claimed_by = change.custody == Custody::unclaimed ? WorkerId{} : worker,
                         .is_deferred = change.custody == Custody::reserved};
    }
    for (const AttemptRecord& record : batch.attempts) {
        if (record.is_plain()) continue;
        const auto [place, is_new] = changes.try_emplace(record.event);
        if (!is_new && place->second.gives_it_away()) continue;
        place->second = {.attempt = &record,
                         .is_only = is_new,
                         .due = record.due,
                         .attempts = record.attempt.number,
                         .attempts_since_reopened = record.attempts_since_reopened};
    }
    return changes;
}

const PreparedStatement& changes_statement() {
    // A transaction that gives an event a row locks the event, so that it is not deleted meanwhile.
    constexpr const char* within = "BETWEEN $17 AND $18";
    static const PreparedStatement statement = {
        "write_changes",
        "WITH change AS MATERIALIZED (SELECT * FROM unnest($2::bigint[], $3::integer[], "
        "$4::bigint[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::integer[], "
        "$10::bigint[], $11::integer[], $12::integer[], $13::bigint[], $14::integer[], "
        "$15::text[], $16::bigint[]) "
        "AS c(event_id, number, sent_at, duration_us, status_code, response, error_message, "
        "outcome, due_at, attempts, tries, claimed_by, is_deferred, details, key_id)), "
        "held AS MATERIALIZED (SELECT c.*, e.subscription_id, u.event_id IS NOT NULL AS has_row "
        "FROM change c " +
            look_up("id, subscription_id, worker_id", "webhooks_event", "c.event_id", within) +
            "e LEFT JOIN webhooks_undelivered u "
            "ON u.subscription_id = e.subscription_id AND u.event_id = e.id "
            "WHERE CASE WHEN u.event_id IS NOT NULL THEN u.claimed_by = $1 "
            "ELSE e.worker_id = $1 AND " +
            has_no_attempt(within) +
            " END), "
            "attempt AS (INSERT INTO webhooks_attempt (event_id, number, sent_at, duration_us, "
            "status_code, response, error_message, outcome, details, key_id) "
            "SELECT event_id, number, sent_at, duration_us, status_code, response, error_message, "
            "outcome, details, key_id FROM held WHERE number IS NOT NULL), "
            "delivered AS (DELETE FROM webhooks_undelivered u USING held h "
            "WHERE h.outcome = 1 AND h.has_row "
            "AND u.subscription_id = h.subscription_id AND u.event_id = h.event_id), "
            "kept AS MATERIALIZED (SELECT h.* FROM (SELECT * FROM held "
            "WHERE outcome IS DISTINCT FROM 1 ORDER BY event_id) h " +
            look_up("id", "webhooks_event", "h.event_id", within, "FOR KEY SHARE") +
            "e) "
            "INSERT INTO webhooks_undelivered AS u (subscription_id, event_id, due_at, attempts, "
            "tries, claimed_by, claim_number, is_deferred) "
            "SELECT subscription_id, event_id, due_at, attempts, tries, claimed_by, 0, is_deferred "
            "FROM kept ON CONFLICT (subscription_id, event_id) DO UPDATE SET "
            "due_at = excluded.due_at, attempts = excluded.attempts, tries = excluded.tries, "
            "claimed_by = excluded.claimed_by, claim_number = 0, is_requested = 0, "
            "is_deferred = excluded.is_deferred WHERE u.claimed_by = $1"};
    return statement;
}

void send_changes(PostgresqlConnection& connection, WorkerId worker,
                  const std::map<EventId, Change>& changes) {
    if (changes.empty()) return;
    PostgresqlArray events(Element::bigint);
    PostgresqlArray numbers(Element::integer);
    PostgresqlArray sent(Element::bigint);
    PostgresqlArray durations(Element::bigint);
    PostgresqlArray statuses(Element::integer);
    PostgresqlArray responses(Element::text);
    PostgresqlArray errors(Element::text);
    PostgresqlArray outcomes(Element::integer);
    PostgresqlArray dues(Element::bigint);
    PostgresqlArray attempts(Element::integer);
    PostgresqlArray tries(Element::integer);
    PostgresqlArray claimants(Element::bigint);
    PostgresqlArray reserved(Element::integer);
    PostgresqlArray details(Element::text);
    PostgresqlArray keys(Element::bigint);
    const Attempt none{};
    for (const auto& [event, change] : changes) {
        const Attempt& attempt = change.attempt ? change.attempt->attempt : none;
        const auto of_attempt = [is_there = change.attempt != nullptr](std::int64_t value) {
            return is_there ? std::optional(value) : std::nullopt;
        };
        events.add(event.value);
        numbers.add(of_attempt(attempt.number));
        sent.add(of_attempt(to_micros(attempt.sent_at)));
        durations.add(of_attempt(attempt.duration.count()));
        statuses.add(attempt.status_code);
        responses.add(attempt.response);
        errors.add(attempt.error_message);
        outcomes.add(of_attempt(static_cast<int>(attempt.outcome)));
        dues.add(to_micros(change.due));
        attempts.add(change.attempts);
        tries.add(change.attempts_since_reopened);
        claimants.add(change.claimed_by.value);
        reserved.add(change.is_deferred ? 1 : 0);
        details.add(write_details(attempt.details));
        keys.add(of_attempt(attempt.key_id));
    }
    connection.send(
        changes_statement(),
        {parameter(worker.value), events.take(), numbers.take(), sent.take(), durations.take(),
         statuses.take(), responses.take(), errors.take(), outcomes.take(), dues.take(),
         attempts.take(), tries.take(), claimants.take(), reserved.take(), details.take(),
         keys.take(), parameter(changes.begin()->first.value),
         parameter(changes.rbegin()->first.value)});
}

}  // namespace

void send_results(PostgresqlConnection& connection, WorkerId worker, const Batch& batch,
                  OnDuplicate on_duplicate) {
    Delivered plain;
    for (const AttemptRecord& record : batch.attempts) {
        if (record.is_plain()) plain.add(record.event, record.attempt);
    }
    plain.send(connection, on_duplicate);
    Delivered held;
    PostgresqlArray subscriptions(Element::bigint);
    std::map<EventId, Change> changes = condense(batch, worker);
    std::erase_if(changes, [&](const auto& change) {
        if (!change.second.ends_held()) return false;
        held.add(change.first, change.second.attempt->attempt);
        subscriptions.add(change.second.attempt->subscription.value);
        return true;
    });
    send_changes(connection, worker, changes);
    held.send_held(connection, worker, subscriptions);
}

}  // namespace webhooks::storage
