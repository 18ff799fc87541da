#include <base/hex.hpp>
#include <bit>
#include <storage/idempotency.hpp>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/sqlite/log_writer.hpp>
#include <storage/sql/trace_text.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// Whether worker ?2 holds event ?1: only in its memory, or by the row that it has claimed.
std::string is_held() {
    return "EXISTS (SELECT 1 FROM webhooks_event e LEFT JOIN webhooks_undelivered u "
           "ON u.subscription_id = e.subscription_id AND u.event_id = e.id "
           "WHERE e.id = ?1 AND CASE WHEN u.event_id IS NOT NULL THEN u.claimed_by = ?2 "
           "ELSE e.worker_id = ?2 "
           "AND NOT EXISTS (SELECT 1 FROM webhooks_attempt a WHERE a.event_id = e.id) END)";
}

/// An existing attempt is left unchanged.
constexpr const char* insert_attempt =
    "INSERT OR IGNORE INTO webhooks_attempt (event_id, number, sent_at, duration_us, status_code, "
    "response, error_message, outcome, details, key_id) "
    "SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11";

/// @param users those whose slices are looked at
std::string select_slice(const std::string& users) {
    return "SELECT first_event_id, user_id, message_id, worker_tag, created_at, due_at, "
           "subscriptions FROM webhooks_fan_out WHERE user_id " +
           users + " ORDER BY user_id, first_event_id LIMIT 1";
}

}  // namespace

SqliteLogWriter::SqliteLogWriter(soci::session& sql, SqliteClaims& claims,
                                 SqliteEventIndexer& indexer)
    : sql_(sql),
      claims_(claims),
      indexer_(indexer),
      order_(sql),
      read_state_(sql, "SELECT revision, last_event_id FROM webhooks_state"),
      write_last_event_(sql, "UPDATE webhooks_state SET last_event_id = ?"),
      write_progress_(sql,
                      "UPDATE webhooks_worker SET low_water = max(low_water, ?), last_batch = ? "
                      "WHERE id = ?"),
      insert_message_(sql,
                      "INSERT INTO webhooks_message "
                      "(id, event_count, event_type, content_type, payload, expires_at, trace, "
                      "key_id, ordering_key, deliver_at) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?)"),
      insert_event_(sql,
                    "INSERT INTO webhooks_event "
                    "(id, subscription_id, message_id, worker_id, worker_tag, created_at) "
                    "VALUES (?, ?, ?, ?, ?, ?)"),
      insert_attempt_(sql, insert_attempt),
      insert_attempt_if_held_(sql, std::string(insert_attempt) + " WHERE " + is_held()),
      put_free_(sql,
                "INSERT OR REPLACE INTO webhooks_undelivered (event_id, claimed_by, "
                "subscription_id, due_at, attempts, tries, is_deferred, claim_number) "
                "VALUES (?, 0, ?, ?, ?, ?, 0, 0)"),
      set_custody_(
          sql,
          "INSERT OR REPLACE INTO webhooks_undelivered (event_id, claimed_by, subscription_id, "
          "due_at, attempts, tries, is_deferred, claim_number) "
          "SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, 0 WHERE " +
              is_held()),
      delete_row_(sql,
                  "DELETE FROM webhooks_undelivered WHERE subscription_id = ? AND event_id = ?"),
      insert_slice_(sql,
                    "INSERT INTO webhooks_fan_out (first_event_id, user_id, message_id, "
                    "worker_tag, created_at, due_at, event_count, subscriptions) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      next_slice_(sql, select_slice("> ?")),
      first_slice_(sql, select_slice(">= ?")),
      delete_slice_(sql, "DELETE FROM webhooks_fan_out WHERE first_event_id = ?"),
      find_delivery_(sql,
                     "SELECT delivery FROM webhooks_subscription WHERE id = ? AND deletion = 0") {}

SqliteLogWriter::State SqliteLogWriter::read_state() {
    State state;
    read_state_.find([&](const SqliteRow& row) {
        state = {.revision = row.number(0), .last_event = {row.number(1)}};
    });
    return state;
}

void SqliteLogWriter::write_last_event(EventId last_event) {
    write_last_event_.execute(last_event);
}

void SqliteLogWriter::write_progress(WorkerId worker, const Batch& batch) {
    write_progress_.execute(batch.low_water, batch.number, worker);
}

std::vector<Result<Appended>> SqliteLogWriter::append(const Batch& batch, const Worker& worker,
                                                      Time now, EventId first_event,
                                                      BatchReceipt& receipt) {
    const std::vector<Append>& appends = batch.appends;
    std::vector<Result<Appended>> verdicts = decide(
        appends, assign_ids(appends, first_event),
        [&](const IdempotencyKey& key) { return find_earlier(key, now); },
        [&](const std::string& user) { return is_full(sql_, user); });
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (!is_new(verdicts[i])) continue;
        if (appends[i].is_fanned_out) {
            fan_out(appends[i], *verdicts[i], worker, now, batch.slice_size);
        } else {
            write(appends[i], *verdicts[i], worker, now, receipt);
        }
        if (appends[i].idempotency) remember(*appends[i].idempotency, *verdicts[i], now);
    }
    return verdicts;
}

void SqliteLogWriter::enter(const Append& append, SubscriptionId subscription, EventId event,
                            WorkerId worker, Time now, BatchReceipt& receipt) {
    const EventQueue queue{.subscription = subscription, .key = append.message->ordering_key};
    const SqliteOrder::Place place = order_.enter(queue, event, worker, !append.due);
    if (append.due || place == SqliteOrder::Place::turn) return;
    if (place == SqliteOrder::Place::behind) return receipt.behind.push_back(event);
    put_free({.subscription = subscription, .event = event, .due = now});
    keep_waiting(sql_, subscription, event);
    receipt.waiting.push_back(event);
}

void SqliteLogWriter::write_message(const Message& message, const Appended& place) {
    insert_message_.execute(place.first_event, place.count, message.event_type,
                            message.content_type, *message.payload, to_micros(message.expires_at),
                            write_trace(message.trace), message.key_id, message.ordering_key,
                            to_micros(message.deliver_at));
}

void SqliteLogWriter::write(const Append& append, const Appended& place, const Worker& worker,
                            Time now, BatchReceipt& receipt) {
    const Message& message = *append.message;
    if (place.count > 0) write_message(message, place);
    EventId event = place.first_event;
    for (const SubscriptionId subscription : append.subscriptions) {
        const bool is_pulled = append.is_pulled(subscription);
        insert_event_.execute(event, subscription, place.first_event,
                              is_pulled ? WorkerId{} : worker.id,
                              std::bit_cast<std::int64_t>(worker.tag), to_micros(now));
        if (append.due && !is_pulled) {
            put_free({.subscription = subscription, .event = event, .due = append.due});
        }
        if (!message.ordering_key.empty() && !is_pulled) {
            enter(append, subscription, event, worker.id, now, receipt);
        }
        ++event.value;
    }
}

void SqliteLogWriter::fan_out(const Append& append, const Appended& place, const Worker& worker,
                              Time now, std::size_t slice_size) {
    if (place.count == 0) return;
    write_message(*append.message, place);
    for (const Slice& slice : slices_of(append, place.first_event, slice_size)) {
        insert_slice_.execute(slice.first, append.message->user_id, place.first_event,
                              std::bit_cast<std::int64_t>(worker.tag), to_micros(now),
                              to_micros(append.due.value_or(now)),
                              static_cast<std::int64_t>(slice.subscriptions.size()),
                              write_ids(slice.subscriptions));
    }
}

std::optional<SqliteLogWriter::StoredSlice> SqliteLogWriter::find_slice(SqliteStatement& select,
                                                                        const std::string& user) {
    std::optional<StoredSlice> found;
    select.find(
        [&](const SqliteRow& row) {
            found = {.slice = {.first = {row.number(0)},
                               .subscriptions = read_ids(std::string(row.text(6)))},
                     .user = std::string(row.text(1)),
                     .message = row.number(2),
                     .worker_tag = row.number(3),
                     .created_at = row.number(4),
                     .due = row.number(5)};
        },
        user);
    return found;
}

std::size_t SqliteLogWriter::continue_fan_outs(std::size_t count) {
    std::size_t made = 0;
    while (made < count) {
        std::optional<StoredSlice> stored = find_slice(next_slice_, last_user_);
        if (!stored) stored = find_slice(first_slice_, {});
        if (!stored) break;
        last_user_ = stored->user;
        delete_slice_.execute(stored->slice.first);
        make_events(*stored);
        made += stored->slice.subscriptions.size();
    }
    return made;
}

void SqliteLogWriter::make_events(const StoredSlice& stored) {
    bool is_empty = true;
    EventId event = stored.slice.first;
    for (const SubscriptionId subscription : stored.slice.subscriptions) {
        bool is_pulled = false;
        const bool is_there = find_delivery_.find(
            [&](const SqliteRow& row) { is_pulled = row.text(0) == "pull"; }, subscription);
        if (is_there) {
            is_empty = false;
            insert_event_.execute(event, subscription, stored.message, WorkerId{},
                                  stored.worker_tag, stored.created_at);
            // The range of its id may have been indexed.
            indexer_.add(event);
        }
        if (is_there && !is_pulled) {
            put_free(
                {.subscription = subscription, .event = event, .due = from_micros(stored.due)});
        }
        ++event.value;
    }
    if (is_empty) erase_message_without_events(sql_, stored.message);
}

std::optional<Earlier> SqliteLogWriter::find_earlier(const IdempotencyKey& key, Time now) {
    std::string digest;
    Appended appended;
    const Time oldest = now - idempotency_lifetime;
    execute(sql_,
            "SELECT digest, first_event_id, event_count FROM webhooks_idempotency_key "
            "WHERE scope = :scope AND key = :key AND created_at > :oldest",
            into(digest), into(appended.first_event), into(appended.count), use(key.scope, "scope"),
            use(key.key, "key"), use(oldest, "oldest"));
    if (!sql_.got_data()) return std::nullopt;
    return Earlier{.has_same_content = has_digest(key, digest), .appended = appended};
}

void SqliteLogWriter::remember(const IdempotencyKey& key, const Appended& appended, Time now) {
    const std::string digest = to_hex(key.digest);
    execute(sql_,
            "INSERT OR REPLACE INTO webhooks_idempotency_key "
            "(scope, key, digest, first_event_id, event_count, created_at) "
            "VALUES (:scope, :key, :digest, :first_event, :count, :created_at)",
            use(key.scope, "scope"), use(key.key, "key"), use(digest, "digest"),
            use(appended.first_event, "first_event"), use(appended.count, "count"),
            use(now, "created_at"));
}

void SqliteLogWriter::record(const AttemptRecord& record, WorkerId worker, Time now,
                             QueueChanges& changes) {
    const Attempt& attempt = record.attempt;
    SqliteStatement& insert = record.is_plain() ? insert_attempt_ : insert_attempt_if_held_;
    const int inserted = insert.execute(
        record.event, worker, attempt.number, to_micros(attempt.sent_at), attempt.duration.count(),
        attempt.status_code, attempt.response, attempt.error_message,
        static_cast<int>(attempt.outcome), write_details(attempt.details), attempt.key_id);
    if (inserted == 0) {
        if (record.is_ordered) order_.leave_if_deleted(record.event, now, changes);
        return;
    }
    if (attempt.outcome != Outcome::delivered) {
        put_free({.subscription = record.subscription,
                  .event = record.event,
                  .due = record.due,
                  .attempts = attempt.number,
                  .attempts_since_reopened = record.attempts_since_reopened});
    } else if (record.has_row) {
        delete_row_.execute(record.subscription, record.event);
    }
    if (record.is_ordered) {
        record.due ? put_back(sql_, record.event, now, changes)
                   : order_.leave(record.event, now, changes);
    }
}

void SqliteLogWriter::set_custody(const CustodyChange& change, WorkerId worker, Time now,
                                  QueueChanges& changes) {
    const int changed = set_custody_.execute(
        change.event, worker, change.custody == Custody::unclaimed ? WorkerId{} : worker,
        change.subscription, to_micros(change.due), change.attempts, change.attempts_since_reopened,
        change.custody == Custody::reserved ? 1 : 0);
    if (!change.is_ordered || change.custody == Custody::in_memory) return;
    if (changed == 0) return order_.leave_if_deleted(change.event, now, changes);
    change.custody == Custody::reserved ? order_.reserve(change.event, worker, now, changes)
                                        : put_back(sql_, change.event, now, changes);
}

void SqliteLogWriter::put_free(const FreeRow& row) {
    put_free_.execute(row.event, row.subscription, to_micros(row.due), row.attempts,
                      row.attempts_since_reopened);
}

std::size_t SqliteLogWriter::hand_back(WorkerId dead, EventId& low_water, Time now,
                                       std::size_t limit) {
    const std::size_t ordered = hand_back_ordered(sql_, dead, now, limit);
    if (ordered == limit) return ordered;
    limit -= ordered;
    const std::vector<HeldEvent> held = claims_.appended_after(dead, low_water, limit);
    for (const HeldEvent& event : held) {
        put_free({.subscription = event.subscription, .event = event.id, .due = now});
        low_water = event.id;
    }
    // Then the events that it had claimed; ids of claims do not bound the search.
    const std::size_t rest = limit - held.size();
    soci::statement release(sql_);
    release.exchange(use(now, "due"));
    release.exchange(use(dead, "worker"));
    release.exchange(use(rest, "rest"));
    return ordered + held.size() +
           execute(release,
                   "UPDATE webhooks_undelivered SET claimed_by = 0, is_deferred = 0, "
                   "is_requested = 0, due_at = CASE is_deferred WHEN 1 THEN due_at "
                   "ELSE min(due_at, :due) END "
                   "WHERE (subscription_id, event_id) IN (SELECT subscription_id, event_id "
                   "FROM webhooks_undelivered WHERE claimed_by = :worker "
                   "AND due_at IS NOT NULL LIMIT :rest)");
}

}  // namespace webhooks::storage
