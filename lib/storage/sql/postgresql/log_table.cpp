#include <base/hex.hpp>
#include <bit>
#include <map>
#include <storage/append_decision.hpp>
#include <storage/idempotency.hpp>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/log_table.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;

// ---- Results.

/// Rows of webhooks_attempt, as arrays.
class NewAttempts {
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
        is_empty_ = false;
    }

    void send(PostgresqlConnection& connection, OnDuplicate on_duplicate) {
        static const std::string insert =
            "INSERT INTO webhooks_attempt (event_id, number, sent_at, duration_us, status_code, "
            "response, error_message, outcome) SELECT unnest($1::bigint[]), unnest($2::integer[]), "
            "unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::integer[]), "
            "unnest($6::text[]), unnest($7::text[]), unnest($8::integer[])";
        static const PreparedStatement insert_new = {"insert_attempts", insert};
        static const PreparedStatement insert_unknown = {"insert_unknown_attempts",
                                                         insert + " ON CONFLICT DO NOTHING"};
        if (is_empty_) return;
        connection.send(on_duplicate == OnDuplicate::fail ? insert_new : insert_unknown,
                        {events_.take(), numbers_.take(), sent_.take(), durations_.take(),
                         statuses_.take(), responses_.take(), errors_.take(), outcomes_.take()});
    }

private:
    PostgresqlArray events_{Element::bigint};
    PostgresqlArray numbers_{Element::integer};
    PostgresqlArray sent_{Element::bigint};
    PostgresqlArray durations_{Element::bigint};
    PostgresqlArray statuses_{Element::integer};
    PostgresqlArray responses_{Element::text};
    PostgresqlArray errors_{Element::text};
    PostgresqlArray outcomes_{Element::integer};
    bool is_empty_ = true;
};

/// The changes that a batch makes to one event.
struct Change {
    const AttemptRecord* attempt = nullptr;
    /// The row that the event has afterwards, unless it is delivered.
    std::optional<Time> due = {};  ///< Absent: it has ended.
    int attempts = 0;
    int attempts_since_reopened = 0;
    WorkerId claimed_by{};
    bool is_deferred = false;

    bool gives_it_away() const { return claimed_by == WorkerId{}; }
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
                         .due = record.due,
                         .attempts = record.attempt.number,
                         .attempts_since_reopened = record.attempts_since_reopened};
    }
    return changes;
}

/// An event that is only in the memory of the worker that appended it has neither a row nor an
/// attempt. A NOT EXISTS might be planned as a hash of all attempts in the log.
/// @param bounds of the events' ids, as in `look_up`.
std::string has_no_attempt(const std::string& bounds) {
    return "(SELECT a.number FROM webhooks_attempt a WHERE a.event_id = e.id AND a.event_id " +
           bounds + " LIMIT 1) IS NULL";
}

/// Joins each row with the one row that it refers to. A subquery with OFFSET, or with a lock,
/// remains one index lookup for each row, whatever the planner estimates for a join.
/// @param bounds of the ids, so that partitions outside are pruned when the statement starts.
std::string look_up(const std::string& columns, const std::string& table, const std::string& id,
                    const std::string& bounds, const std::string& end = "OFFSET 0") {
    return "CROSS JOIN LATERAL (SELECT " + columns + " FROM " + table + " WHERE id = " + id +
           (bounds.empty() ? "" : " AND id " + bounds) + " " + end + ") ";
}

const PreparedStatement& changes_statement() {
    // A transaction that gives an event a row locks the event, so that it is not deleted meanwhile.
    static const std::string within = "BETWEEN $16 AND $17";
    static const PreparedStatement statement = {
        "write_changes",
        "WITH change AS MATERIALIZED (SELECT * FROM unnest($2::bigint[], $3::integer[], "
        "$4::bigint[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::integer[], "
        "$10::bigint[], $11::integer[], $12::integer[], $13::bigint[], $14::integer[], "
        "$15::text[]) "
        "AS c(event_id, number, sent_at, duration_us, status_code, response, error_message, "
        "outcome, due_at, attempts, tries, claimed_by, is_deferred, details)), "
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
            "status_code, response, error_message, outcome, details) "
            "SELECT event_id, number, sent_at, duration_us, status_code, response, error_message, "
            "outcome, details FROM held WHERE number IS NOT NULL), "
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
    PostgresqlArray deferred(Element::integer);
    PostgresqlArray details(Element::text);
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
        deferred.add(change.is_deferred ? 1 : 0);
        details.add(write_details(attempt.details));
    }
    connection.send(
        changes_statement(),
        {parameter(worker.value), events.take(), numbers.take(), sent.take(), durations.take(),
         statuses.take(), responses.take(), errors.take(), outcomes.take(), dues.take(),
         attempts.take(), tries.take(), claimants.take(), deferred.take(), details.take(),
         parameter(changes.begin()->first.value), parameter(changes.rbegin()->first.value)});
}

// ---- Appends.

using KeyId = std::pair<std::string, std::string>;
struct StoredKey {
    std::string digest;  ///< Hexadecimal.
    Appended appended;

    bool operator==(const StoredKey&) const = default;
};
using StoredKeys = std::map<KeyId, StoredKey>;

StoredKey as_stored(const IdempotencyKey& given, const Appended& appended) {
    return {.digest = to_hex(given.digest), .appended = appended};
}

/// The idempotency keys of one batch.
class BatchKeys {
public:
    /// @param reserved the reserved ids of each append's events.
    BatchKeys(const std::vector<Append>& appends, const std::vector<Appended>& reserved) {
        for (std::size_t i = 0; i < appends.size(); ++i) {
            const std::optional<IdempotencyKey>& key = appends[i].idempotency;
            if (key) keys_.try_emplace({key->scope, key->key}, as_stored(*key, reserved[i]));
        }
    }

    /// Writes the new keys, each for the first append that has it, and reads the publications of
    /// the others.
    void write(PostgresqlConnection& connection, Time now) {
        if (keys_.empty()) return;
        drop_busy(connection);
        for (const KeyId& id : insert(connection, keys_, now)) {
            ours_.insert(keys_.extract(id));
        }
        if (!keys_.empty()) find(connection);
    }

    /// @return nullopt for a key that was written for this batch.
    Result<std::optional<Earlier>> find_earlier(const IdempotencyKey& given) const {
        const KeyId id{given.scope, given.key};
        if (ours_.contains(id)) return std::nullopt;
        const auto found = keys_.find(id);
        if (found == keys_.end()) {
            return Error(Errc::unavailable,
                         "another is publishing with this idempotency key; try again");
        }
        return Earlier{.has_same_content = found->second.digest == to_hex(given.digest),
                       .appended = found->second.appended};
    }

    /// If appends whose keys had been written were rejected: deletes these keys, and writes those
    /// that a later append also has for that append.
    void correct(PostgresqlConnection& connection, Time now, const std::vector<Append>& appends,
                 const std::vector<Result<Appended>>& verdicts) {
        StoredKeys right;
        for (std::size_t i = 0; i < appends.size(); ++i) {
            const std::optional<IdempotencyKey>& key = appends[i].idempotency;
            if (!key || !is_new(verdicts[i])) continue;
            const auto written = ours_.find({key->scope, key->key});
            const StoredKey wanted = as_stored(*key, *verdicts[i]);
            if (written->second == wanted) {
                ours_.erase(written);
            } else {
                right.emplace(written->first, wanted);
            }
        }
        if (ours_.empty()) return;
        remove(connection, ours_);
        if (!right.empty()) insert(connection, right, now);
    }

private:
    /// A worker does not wait for a host's transaction, which may take any time.
    void drop_busy(PostgresqlConnection& connection) {
        static const PreparedStatement select = {
            "find_busy_keys",
            "SELECT w.scope, w.key FROM unnest($1::text[], $2::text[]) AS w(scope, key) "
            "WHERE webhooks_key_lock(w.scope, w.key) IN "
            "(SELECT key FROM webhooks_advisory_lock WHERE mode = 'ExclusiveLock')"};
        const PostgresqlRows rows = connection.execute(select, names(keys_));
        for (int row = 0; row < rows.size(); ++row) {
            keys_.erase(key_id(rows, row));
        }
    }

    /// In the order of the keys, so that two batches cannot deadlock. Expired keys are replaced.
    /// @return those that were written.
    static std::vector<KeyId> insert(PostgresqlConnection& connection, const StoredKeys& keys,
                                     Time now) {
        static const PreparedStatement statement = {
            "insert_keys",
            "INSERT INTO webhooks_idempotency_key AS k "
            "(scope, key, digest, first_event_id, event_count, created_at) "
            "SELECT scope, key, digest, first_event_id, event_count, $6 "
            "FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) "
            "AS n(scope, key, digest, first_event_id, event_count) "
            "ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, "
            "first_event_id = excluded.first_event_id, event_count = excluded.event_count, "
            "created_at = excluded.created_at WHERE k.created_at <= $7 RETURNING scope, key"};
        PostgresqlArray digests(Element::text);
        PostgresqlArray first_events(Element::bigint);
        PostgresqlArray counts(Element::bigint);
        for (const auto& [id, key] : keys) {
            digests.add(key.digest);
            first_events.add(key.appended.first_event.value);
            counts.add(key.appended.count);
        }
        std::vector<Parameter> parameters = names(keys);
        parameters.insert(parameters.end(), {digests.take(), first_events.take(), counts.take(),
                                             parameter(to_micros(now)),
                                             parameter(to_micros(now - idempotency_lifetime))});
        const PostgresqlRows rows = connection.execute(statement, parameters);
        std::vector<KeyId> written;
        for (int row = 0; row < rows.size(); ++row) {
            written.push_back(key_id(rows, row));
        }
        return written;
    }

    static void remove(PostgresqlConnection& connection, const StoredKeys& keys) {
        static const PreparedStatement statement = {
            "delete_keys",
            "DELETE FROM webhooks_idempotency_key k USING unnest($1::text[], $2::text[]) "
            "AS w(scope, key) WHERE k.scope = w.scope AND k.key = w.key"};
        connection.execute(statement, names(keys));
    }

    void find(PostgresqlConnection& connection) {
        static const PreparedStatement select = {
            "find_keys",
            "SELECT k.scope, k.key, k.digest, k.first_event_id, k.event_count "
            "FROM webhooks_idempotency_key k JOIN unnest($1::text[], $2::text[]) AS w(scope, key) "
            "ON k.scope = w.scope AND k.key = w.key"};
        const PostgresqlRows rows = connection.execute(select, names(keys_));
        for (int row = 0; row < rows.size(); ++row) {
            keys_[key_id(rows, row)] = {
                .digest = std::string(rows.text(row, 2)),
                .appended = {.first_event = {rows.number(row, 3)},
                             .count = static_cast<std::uint32_t>(rows.number(row, 4))}};
        }
    }

    static std::vector<Parameter> names(const StoredKeys& stored) {
        PostgresqlArray scopes(Element::text);
        PostgresqlArray keys(Element::text);
        for (const auto& [id, key] : stored) {
            scopes.add(id.first);
            keys.add(id.second);
        }
        return {scopes.take(), keys.take()};
    }

    static KeyId key_id(const PostgresqlRows& rows, int row) {
        return {std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
    }

    StoredKeys keys_;  ///< Those that others published with.
    StoredKeys ours_;  ///< Those that were written for this batch.
};

/// The messages of one batch and their events, as arrays. They are only inserted, so they are
/// unnested in the SELECT list: for an unnest in FROM, PostgreSQL materializes a table first.
class NewEvents {
public:
    void add(const Append& append, const Appended& appended) {
        if (appended.count == 0) return;
        const std::int64_t first = appended.first_event.value;
        messages_.add(first);
        event_counts_.add(appended.count);
        event_types_.add(append.message->event_type);
        content_types_.add(append.message->content_type);
        payloads_.add(*append.message->payload);
        expiries_.add(to_micros(append.message->expires_at));
        for (std::size_t i = 0; i < append.subscriptions.size(); ++i) {
            const std::int64_t event = first + static_cast<std::int64_t>(i);
            const std::int64_t subscription = append.subscriptions[i].value;
            events_.add(event);
            subscriptions_.add(subscription);
            message_of_.add(first);
            if (!append.due) continue;
            waiting_.add(event);
            waiting_subscriptions_.add(subscription);
            dues_.add(to_micros(*append.due));
            has_waiting_ = true;
        }
        is_empty_ = false;
    }

    void send(PostgresqlConnection& connection, const WorkerContext& context) {
        static const PreparedStatement insert_messages = {
            "insert_messages",
            "INSERT INTO webhooks_message "
            "(id, event_count, event_type, content_type, payload, expires_at) "
            "SELECT unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::text[]), "
            "unnest($4::text[]), unnest($5::text[]), unnest($6::bigint[])"};
        static const PreparedStatement insert_events = {
            "insert_events",
            "INSERT INTO webhooks_event "
            "(id, subscription_id, message_id, worker_id, worker_tag, created_at) "
            "SELECT unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[]), $1, $2, $3"};
        static const PreparedStatement insert_waiting = {
            "insert_waiting",
            "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, tries, "
            "claimed_by, claim_number, is_deferred) SELECT unnest($1::bigint[]), "
            "unnest($2::bigint[]), unnest($3::bigint[]), 0, 0, 0, 0, 0"};
        if (is_empty_) return;
        connection.send(insert_messages,
                        {messages_.take(), event_counts_.take(), event_types_.take(),
                         content_types_.take(), payloads_.take(), expiries_.take()});
        connection.send(insert_events, {parameter(context.worker.id.value),
                                        parameter(std::bit_cast<std::int64_t>(context.worker.tag)),
                                        parameter(to_micros(context.now)), events_.take(),
                                        subscriptions_.take(), message_of_.take()});
        if (!has_waiting_) return;
        connection.send(insert_waiting,
                        {waiting_subscriptions_.take(), waiting_.take(), dues_.take()});
    }

private:
    PostgresqlArray messages_{Element::bigint};
    PostgresqlArray event_counts_{Element::bigint};
    PostgresqlArray event_types_{Element::text};
    PostgresqlArray content_types_{Element::text};
    PostgresqlArray payloads_{Element::text};
    PostgresqlArray expiries_{Element::bigint};
    PostgresqlArray events_{Element::bigint};
    PostgresqlArray subscriptions_{Element::bigint};
    PostgresqlArray message_of_{Element::bigint};
    PostgresqlArray waiting_{Element::bigint};
    PostgresqlArray waiting_subscriptions_{Element::bigint};
    PostgresqlArray dues_{Element::bigint};
    bool is_empty_ = true;
    bool has_waiting_ = false;
};

// ---- Reading back.

/// @pre `wanted` is not empty.
std::map<std::int64_t, std::shared_ptr<const Message>> read_messages(
    PostgresqlConnection& connection, const std::set<std::int64_t>& wanted) {
    PostgresqlArray ids(Element::bigint);
    for (const std::int64_t id : wanted) {
        ids.add(id);
    }
    static const PreparedStatement select = {
        "read_messages",
        "SELECT m.id, m.event_type, m.content_type, m.payload, m.expires_at "
        "FROM unnest($1::bigint[]) AS wanted(message) " +
            look_up("*", "webhooks_message", "wanted.message", "BETWEEN $2 AND $3") + "m"};
    std::map<std::int64_t, std::shared_ptr<const Message>> messages;
    const PostgresqlRows rows = connection.execute(
        select, {ids.take(), parameter(*wanted.begin()), parameter(*wanted.rbegin())});
    for (int row = 0; row < rows.size(); ++row) {
        auto message = std::make_shared<Message>();
        message->event_type = rows.text(row, 1);
        message->content_type = rows.text(row, 2);
        message->payload = std::make_shared<const std::string>(rows.text(row, 3));
        if (!rows.is_null(row, 4)) message->expires_at = from_micros(rows.number(row, 4));
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
/// @param rows selects and locks (subscription_id, event_id), with $1 the worker and $2 the claim.
std::string claiming(const std::string& rows, const std::string& order) {
    return "WITH taken AS MATERIALIZED (" + rows +
           "), marked AS (UPDATE webhooks_undelivered u "
           "SET claimed_by = $1, claim_number = $2, is_deferred = 0 FROM taken t "
           "WHERE u.subscription_id = t.subscription_id AND u.event_id = t.event_id "
           "RETURNING u.event_id, u.due_at, u.attempts, u.tries, u.is_requested) "
           "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, m.attempts, m.tries, 1, "
           "e.created_at, m.due_at, m.is_requested FROM marked m " +
           look_up("*", "webhooks_event", "m.event_id", "") + "e ORDER BY " + order;
}

/// The events of worker $1 after $2 that are only in its memory.
const std::string& in_memory() {
    static const std::string text =
        " FROM webhooks_event e WHERE e.id > $2 AND e.worker_id = $1 "
        "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered u "
        "WHERE u.subscription_id = e.subscription_id AND u.event_id = e.id) AND " +
        has_no_attempt("> $2") + " ORDER BY e.id LIMIT $3";
    return text;
}

}  // namespace

void send_results(PostgresqlConnection& connection, WorkerId worker, const Batch& batch,
                  OnDuplicate on_duplicate) {
    NewAttempts plain;
    for (const AttemptRecord& record : batch.attempts) {
        if (record.is_plain()) plain.add(record.event, record.attempt);
    }
    plain.send(connection, on_duplicate);
    send_changes(connection, worker, condense(batch, worker));
}

void lock_revision(PostgresqlConnection& connection) {
    static const PreparedStatement lock = {"lock_revision",
                                           "SELECT 1 FROM webhooks_state FOR UPDATE"};
    connection.execute(lock, {});
}

std::vector<Result<Appended>> append(PostgresqlConnection& connection, const WorkerContext& context,
                                     const std::vector<Append>& appends, EventId first_event) {
    const std::vector<Appended> reserved = reserve(appends, first_event);
    BatchKeys keys(appends, reserved);
    keys.write(connection, context.now);
    std::vector<Result<Appended>> verdicts = decide(
        appends, reserved, [&](const IdempotencyKey& key) { return keys.find_earlier(key); });
    keys.correct(connection, context.now, appends, verdicts);
    NewEvents new_events;
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (is_new(verdicts[i])) new_events.add(appends[i], *verdicts[i]);
    }
    new_events.send(connection, context);
    return verdicts;
}

std::vector<HeldEvent> claim(PostgresqlConnection& connection, const WorkerContext& context,
                             std::size_t limit, std::int64_t number) {
    static const PreparedStatement statement = {
        "claim", claiming("SELECT subscription_id, event_id FROM webhooks_undelivered "
                          "WHERE claimed_by = 0 AND due_at <= $3 ORDER BY due_at, event_id "
                          "LIMIT $4 FOR UPDATE SKIP LOCKED",
                          "m.due_at, e.id")};
    return read_held(
        connection,
        connection.execute(statement, {parameter(context.worker.id.value), parameter(number),
                                       parameter(to_micros(context.now)),
                                       parameter(static_cast<std::int64_t>(limit))}));
}

void read_rest(PostgresqlConnection& connection, Claim& claim) {
    static const PreparedStatement select = {
        "read_rest",
        "SELECT revision, (SELECT due_at FROM webhooks_undelivered WHERE claimed_by = 0 "
        "AND due_at IS NOT NULL ORDER BY due_at LIMIT 1) FROM webhooks_state"};
    const PostgresqlRows rows = connection.execute(select, {});
    claim.revision = rows.number(0, 0);
    if (!rows.is_null(0, 1)) claim.next_due = from_micros(rows.number(0, 1));
}

std::vector<HeldEvent> claim_reserved(PostgresqlConnection& connection, WorkerId worker,
                                      SubscriptionId subscription, std::size_t limit,
                                      std::int64_t number) {
    static const PreparedStatement statement = {
        "claim_reserved",
        claiming("SELECT subscription_id, event_id FROM webhooks_undelivered "
                 "WHERE is_deferred = 1 AND claimed_by = $1 AND subscription_id = $3 "
                 "ORDER BY event_id LIMIT $4 FOR UPDATE",
                 "e.id")};
    return read_held(connection,
                     connection.execute(statement, {parameter(worker.value), parameter(number),
                                                    parameter(subscription.value),
                                                    parameter(static_cast<std::int64_t>(limit))}));
}

void unclaim(PostgresqlConnection& connection, WorkerId worker, std::int64_t number) {
    static const PreparedStatement update = {
        "unclaim",
        "UPDATE webhooks_undelivered SET claimed_by = 0 WHERE claimed_by = $1 "
        "AND due_at IS NOT NULL AND is_deferred = 0 AND claim_number = $2"};
    connection.execute(update, {parameter(worker.value), parameter(number)});
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
    const PostgresqlRows held = connection.execute(
        change, {parameter(dead.id.value), parameter(dead.low_water.value),
                 parameter(static_cast<std::int64_t>(limit)), parameter(to_micros(now))});
    const std::int64_t recorded = held.number(0, 0);
    if (recorded > 0) dead.low_water = {held.number(0, 1)};
    const PostgresqlRows claimed = connection.execute(
        release, {parameter(dead.id.value), parameter(static_cast<std::int64_t>(limit) - recorded),
                  parameter(to_micros(now))});
    return static_cast<std::size_t>(recorded + claimed.number(0, 0));
}

}  // namespace webhooks::storage
