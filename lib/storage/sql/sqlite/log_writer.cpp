#include <base/hex.hpp>
#include <bit>
#include <map>
#include <storage/idempotency.hpp>
#include <storage/sql/sqlite/log_writer.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

std::shared_ptr<const Message> read_message(soci::session& sql, long long id) {
    auto message = std::make_shared<Message>();
    std::string payload;
    sql << "SELECT event_type, content_type, payload FROM webhooks_message WHERE id = :id",
        into(message->event_type), into(message->content_type), into(payload), use(id, "id");
    message->payload = std::make_shared<const std::string>(std::move(payload));
    return message;
}

}  // namespace

SqliteLogWriter::InsertMessage::InsertMessage(soci::session& sql)
    : statement((sql.prepare << "INSERT INTO webhooks_message "
                                "(id, event_count, event_type, content_type, payload) "
                                "VALUES (:id, :event_count, :event_type, :content_type, :payload)",
                 use(id, "id"), use(event_count, "event_count"), use(event_type, "event_type"),
                 use(content_type, "content_type"), use(payload, "payload"))) {}

SqliteLogWriter::InsertEvent::InsertEvent(soci::session& sql)
    : statement((sql.prepare << "INSERT INTO webhooks_event "
                                "(id, subscription_id, message_id, worker_id, worker_tag, "
                                "created_at) VALUES (:id, :subscription_id, :message_id, "
                                ":worker_id, :worker_tag, :created_at)",
                 use(id, "id"), use(subscription_id, "subscription_id"),
                 use(message_id, "message_id"), use(worker_id, "worker_id"),
                 use(worker_tag, "worker_tag"), use(created_at, "created_at"))) {}

SqliteLogWriter::InsertAttempt::InsertAttempt(soci::session& sql)
    : statement((sql.prepare << "INSERT INTO webhooks_attempt "
                                "(event_id, number, sent_at, duration_us, status_code, response, "
                                "error_message, outcome) "
                                "SELECT :event_id, :number, :sent_at, :duration_us, :status_code, "
                                ":response, :error_message, :outcome "
                                "WHERE EXISTS (SELECT 1 FROM webhooks_event WHERE id = :event_id)",
                 use(event_id, "event_id"), use(number, "number"), use(sent_at, "sent_at"),
                 use(duration_us, "duration_us"),
                 use(status_code.value, status_code.indicator, "status_code"),
                 use(response.value, response.indicator, "response"),
                 use(error_message.value, error_message.indicator, "error_message"),
                 use(outcome, "outcome"))) {}

SqliteLogWriter::UpsertRetry::UpsertRetry(soci::session& sql)
    : statement((sql.prepare << "INSERT INTO webhooks_retry "
                                "(event_id, due_at, attempts, claimed_by) "
                                "SELECT :event_id, :due_at, :attempts, 0 "
                                "WHERE EXISTS (SELECT 1 FROM webhooks_event WHERE id = :event_id) "
                                "ON CONFLICT (event_id) DO UPDATE SET due_at = excluded.due_at, "
                                "attempts = excluded.attempts, claimed_by = 0",
                 use(event_id, "event_id"), use(due_at, "due_at"), use(attempts, "attempts"))) {}

SqliteLogWriter::DeleteRetry::DeleteRetry(soci::session& sql)
    : statement((sql.prepare << "DELETE FROM webhooks_retry WHERE event_id = :event_id",
                 use(event_id, "event_id"))) {}

SqliteLogWriter::SqliteLogWriter(soci::session& sql)
    : sql_(sql),
      insert_message_(sql),
      insert_event_(sql),
      insert_attempt_(sql),
      upsert_retry_(sql),
      delete_retry_(sql) {}

Result<Appended> SqliteLogWriter::append(const Append& append, const Worker& worker, Time now,
                                         std::int64_t& next_id) {
    if (append.idempotency) {
        if (auto replay = find_replay(*append.idempotency, now)) return *std::move(replay);
    }
    const Appended appended{.first_event = {next_id},
                            .count = static_cast<std::uint32_t>(append.subscriptions.size())};
    if (appended.count > 0) {
        insert_message_.id = next_id;
        insert_message_.event_count = appended.count;
        insert_message_.event_type = append.message->event_type;
        insert_message_.content_type = append.message->content_type;
        insert_message_.payload = *append.message->payload;
        insert_message_.statement.execute(true);
    }
    for (const SubscriptionId subscription : append.subscriptions) {
        insert_event_.id = next_id++;
        insert_event_.subscription_id = subscription.value;
        insert_event_.message_id = appended.first_event.value;
        insert_event_.worker_id = worker.id.value;
        insert_event_.worker_tag = std::bit_cast<long long>(worker.tag);
        insert_event_.created_at = to_micros(now);
        insert_event_.statement.execute(true);
        if (append.is_parked) wait({insert_event_.id}, now, 0);
    }
    if (append.idempotency) remember(*append.idempotency, appended, now);
    return appended;
}

std::optional<Result<Appended>> SqliteLogWriter::find_replay(const IdempotencyKey& key, Time now) {
    std::string digest;
    long long first_event = 0;
    long long count = 0;
    const long long oldest = to_micros(now - idempotency_lifetime);
    sql_ << "SELECT digest, first_event_id, event_count FROM webhooks_idempotency_key "
            "WHERE scope = :scope AND key = :key AND created_at > :oldest",
        into(digest), into(first_event), into(count), use(key.scope, "scope"), use(key.key, "key"),
        use(oldest, "oldest");
    if (!sql_.got_data()) return std::nullopt;
    if (digest != to_hex(key.digest)) {
        return Error(Errc::conflict,
                     "the idempotency key was used for other content within 24 hours");
    }
    return Appended{.first_event = {first_event},
                    .count = static_cast<std::uint32_t>(count),
                    .is_replay = true};
}

void SqliteLogWriter::remember(const IdempotencyKey& key, const Appended& appended, Time now) {
    const std::string digest = to_hex(key.digest);
    const long long first_event = appended.first_event.value;
    const long long count = appended.count;
    const long long created_at = to_micros(now);
    sql_ << "INSERT OR REPLACE INTO webhooks_idempotency_key "
            "(scope, key, digest, first_event_id, event_count, created_at) "
            "VALUES (:scope, :key, :digest, :first_event, :count, :created_at)",
        use(key.scope, "scope"), use(key.key, "key"), use(digest, "digest"),
        use(first_event, "first_event"), use(count, "count"), use(created_at, "created_at");
}

void SqliteLogWriter::record(const AttemptRecord& record) {
    const Attempt& attempt = record.attempt;
    insert_attempt_.event_id = record.event.value;
    insert_attempt_.number = attempt.number;
    insert_attempt_.sent_at = to_micros(attempt.sent_at);
    insert_attempt_.duration_us = attempt.duration.count();
    insert_attempt_.status_code.set(attempt.status_code);
    insert_attempt_.response.set(attempt.response);
    insert_attempt_.error_message.set(attempt.error_message);
    insert_attempt_.outcome = static_cast<int>(attempt.outcome);
    insert_attempt_.statement.execute(true);
    if (record.due) {
        wait(record.event, *record.due, attempt.number);
    } else if (record.has_retry_row) {
        delete_retry_.event_id = record.event.value;
        delete_retry_.statement.execute(true);
    }
}

void SqliteLogWriter::park(const Park& park) {
    wait(park.event, park.due, park.attempts);
}

void SqliteLogWriter::wait(EventId event, Time due, int attempts) {
    upsert_retry_.event_id = event.value;
    upsert_retry_.due_at = to_micros(due);
    upsert_retry_.attempts = attempts;
    upsert_retry_.statement.execute(true);
}

std::vector<HeldEvent> SqliteLogWriter::claim(WorkerId worker, Time now, std::size_t limit) {
    long long id = 0;
    long long subscription = 0;
    long long message = 0;
    long long tag = 0;
    int attempts = 0;
    const long long due = to_micros(now);
    const long long take = static_cast<long long>(limit);
    const long long self = worker.value;
    std::vector<HeldEvent> events;
    std::map<long long, std::shared_ptr<const Message>> messages;
    soci::statement query(sql_);
    query.exchange(into(id));
    query.exchange(into(subscription));
    query.exchange(into(message));
    query.exchange(into(tag));
    query.exchange(into(attempts));
    query.exchange(use(due, "due"));
    query.exchange(use(take, "take"));
    for_each_row(query,
                 "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, r.attempts "
                 "FROM webhooks_retry r JOIN webhooks_event e ON e.id = r.event_id "
                 "WHERE r.claimed_by = 0 AND r.due_at <= :due "
                 "ORDER BY r.due_at, r.event_id LIMIT :take",
                 [&] {
                     std::shared_ptr<const Message>& shared = messages[message];
                     if (!shared) shared = read_message(sql_, message);
                     events.push_back({.id = {id},
                                       .subscription = {subscription},
                                       .worker_tag = std::bit_cast<std::uint64_t>(tag),
                                       .message = shared,
                                       .attempts = attempts,
                                       .has_retry_row = true});
                 });
    soci::statement mark = (sql_.prepare << "UPDATE webhooks_retry SET claimed_by = :self "
                                            "WHERE event_id = :id",
                            use(self, "self"), use(id, "id"));
    for (const HeldEvent& event : events) {
        id = event.id.value;
        mark.execute(true);
    }
    return events;
}

std::optional<Time> SqliteLogWriter::next_due() {
    Nullable<long long> due;
    sql_ << "SELECT min(due_at) FROM webhooks_retry WHERE claimed_by = 0",
        into(due.value, due.indicator);
    return due.get() ? std::optional(from_micros(due.value)) : std::nullopt;
}

std::size_t SqliteLogWriter::hand_back(WorkerId dead, EventId& low_water, Time now,
                                       std::size_t limit) {
    long long id = 0;
    const long long worker = dead.value;
    const long long after = low_water.value;
    const long long take = static_cast<long long>(limit);
    std::vector<EventId> held;
    soci::statement query(sql_);
    query.exchange(into(id));
    query.exchange(use(after, "after"));
    query.exchange(use(worker, "worker"));
    query.exchange(use(take, "take"));
    for_each_row(query,
                 "SELECT e.id FROM webhooks_event e WHERE e.id > :after AND e.worker_id = :worker "
                 "AND NOT EXISTS (SELECT 1 FROM webhooks_retry r WHERE r.event_id = e.id) "
                 "AND NOT EXISTS (SELECT 1 FROM webhooks_attempt a "
                 "WHERE a.event_id = e.id AND a.outcome <> 2) ORDER BY e.id LIMIT :take",
                 [&] { held.push_back({id}); });
    for (const EventId event : held) {
        wait(event, now, 0);
        low_water = event;
    }
    // Then what it had claimed; ids of claims are no bound for anything.
    const long long due = to_micros(now);
    const long long rest = static_cast<long long>(limit - held.size());
    soci::statement release =
        (sql_.prepare << "UPDATE webhooks_retry SET claimed_by = 0, due_at = :due "
                         "WHERE event_id IN (SELECT event_id FROM webhooks_retry "
                         "WHERE claimed_by = :worker LIMIT :rest)",
         use(due, "due"), use(worker, "worker"), use(rest, "rest"));
    release.execute(true);
    return held.size() + static_cast<std::size_t>(release.get_affected_rows());
}

}  // namespace webhooks::storage
