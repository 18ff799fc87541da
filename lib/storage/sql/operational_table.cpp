#include <algorithm>
#include <bit>
#include <map>
#include <publication/pattern.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/operational_table.hpp>
#include <storage/sql/subscription_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

bool is_exhausted(const AttemptRecord& record) {
    return record.attempt.outcome == Outcome::exhausted;
}

struct ExhaustedGroup {
    ExhaustedEvent latest;
    std::int64_t count = 0;
};

/// By subscription. An event that the worker did not hold has no such attempt, and one that was
/// deleted is not there. Test events do not count.
std::map<SubscriptionId, ExhaustedGroup> group_exhausted(soci::session& sql, const Batch& batch) {
    std::map<long long, const AttemptRecord*> records;
    IdList wanted;
    for (const AttemptRecord& record : batch.attempts) {
        if (!is_exhausted(record)) continue;
        records[record.event.value] = &record;
        wanted.add(record.event.value);
    }
    std::map<SubscriptionId, ExhaustedGroup> groups;
    if (wanted.is_empty()) return groups;
    long long id = 0;
    long long subscription = 0;
    long long tag = 0;
    long long created_at = 0;
    std::string type;
    int number = 0;
    long long sent_at = 0;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(subscription));
    query.exchange(into(tag));
    query.exchange(into(created_at));
    query.exchange(into(type));
    query.exchange(into(number));
    query.exchange(into(sent_at));
    for_each_row(query,
                 "SELECT e.id, e.subscription_id, e.worker_tag, e.created_at, m.event_type, "
                 "a.number, a.sent_at FROM webhooks_event e "
                 "JOIN webhooks_message m ON m.id = e.message_id "
                 "JOIN webhooks_attempt a ON a.event_id = e.id "
                 "WHERE a.outcome = 3 AND e.id IN " +
                     wanted.text() + " ORDER BY e.id",
                 [&] {
                     const Attempt& attempt = records.at(id)->attempt;
                     const bool is_recorded =
                         attempt.number == number && to_micros(attempt.sent_at) == sent_at;
                     if (!is_recorded || type == test_event_type) return;
                     ExhaustedGroup& group = groups[{subscription}];
                     ++group.count;
                     group.latest = {.id = {id},
                                     .worker_tag = std::bit_cast<std::uint64_t>(tag),
                                     .event_type = type,
                                     .created_at = from_micros(created_at)};
                 });
    return groups;
}

}  // namespace

std::vector<SubscriptionId> SqlOperationalTable::recipients(const std::string& type,
                                                            const std::string& owner) {
    // The conditions are those of two partial indexes.
    static const std::string select =
        "SELECT id, event_type FROM webhooks_subscription WHERE deletion = 0 AND user_id = :owner "
        "AND substr(event_type, 1, 8) = 'webhook.' AND operator_scope = 0 AND is_active = 1 "
        "UNION ALL SELECT id, event_type FROM webhooks_subscription "
        "WHERE deletion = 0 AND operator_scope = 1 AND is_active = 1 ORDER BY id";
    long long id = 0;
    std::string pattern;
    std::vector<SubscriptionId> found;
    soci::statement query(sql_);
    query.exchange(into(id));
    query.exchange(into(pattern));
    query.exchange(use(owner, "owner"));
    for_each_row(query, select, [&] {
        if (pattern_matches(pattern, type)) found.push_back({id});
    });
    return found;
}

void SqlOperationalTable::append(const Message& message,
                                 const std::vector<SubscriptionId>& subscriptions, Time now) {
    const NewEventIds ids = reserve_(sql_, subscriptions.size());
    const long long first = ids.first.value;
    const auto count = static_cast<long long>(subscriptions.size());
    const auto tag = std::bit_cast<long long>(ids.tag);
    const long long present = to_micros(now);
    sql_ << "INSERT INTO webhooks_message (id, event_count, event_type, content_type, payload) "
            "VALUES (:id, :count, :type, :content_type, :payload)",
        use(first, "id"), use(count, "count"), use(message.event_type, "type"),
        use(message.content_type, "content_type"), use(*message.payload, "payload");
    long long id = first;
    for (const SubscriptionId& subscription : subscriptions) {
        const long long reached = subscription.value;
        sql_ << "INSERT INTO webhooks_event (id, subscription_id, message_id, worker_id, "
                "worker_tag, created_at) VALUES (:id, :subscription, :message, 0, :tag, :present)",
            use(id, "id"), use(reached, "subscription"), use(first, "message"), use(tag, "tag"),
            use(present, "present");
        sql_ << "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, "
                "tries, claimed_by, claim_number, is_deferred) "
                "VALUES (:subscription, :id, :present, 0, 0, 0, 0, 0)",
            use(reached, "subscription"), use(id, "id"), use(present, "present");
        ++id;
    }
}

std::vector<PendingFact> SqlOperationalTable::select_pending(soci::statement& query,
                                                             const std::string& condition) {
    long long subscription = 0;
    std::string type;
    Nullable<std::string> owner;
    std::string subject;
    std::string details;
    long long count = 0;
    long long since = 0;
    long long due = 0;
    query.exchange(into(subscription));
    query.exchange(into(type));
    query.exchange(into(owner.value, owner.indicator));
    query.exchange(into(subject));
    query.exchange(into(details));
    query.exchange(into(count));
    query.exchange(into(since));
    query.exchange(into(due));
    std::vector<PendingFact> found;
    for_each_row(query,
                 "SELECT subscription_id, event_type, owner, subject, details, count, since, "
                 "due_at FROM webhooks_operational WHERE " +
                     condition,
                 [&] {
                     found.push_back({.fact = {.type = type,
                                               .subscription = {subscription},
                                               .owner = owner.get(),
                                               .subject = subject,
                                               .details = details,
                                               .count = count},
                                      .since = from_micros(since),
                                      .due = from_micros(due)});
                 });
    return found;
}

std::optional<PendingFact> SqlOperationalTable::find_pending(SubscriptionId subscription,
                                                             const std::string& type) {
    const long long id = subscription.value;
    soci::statement query(sql_);
    query.exchange(use(id, "id"));
    query.exchange(use(type, "type"));
    const std::vector<PendingFact> found =
        select_pending(query, "subscription_id = :id AND event_type = :type");
    return found.empty() ? std::nullopt : std::optional(found.front());
}

void SqlOperationalTable::put_pending(const PendingFact& pending) {
    const Fact& fact = pending.fact;
    const long long id = fact.subscription.value;
    const long long count = fact.count;
    const long long since = to_micros(pending.since);
    const long long due = to_micros(pending.due);
    Nullable<std::string> owner;
    owner.set(fact.owner);
    sql_ << "INSERT INTO webhooks_operational (subscription_id, event_type, owner, subject, "
            "details, count, since, due_at) "
            "VALUES (:id, :type, :owner, :subject, :details, :count, :since, :due) "
            "ON CONFLICT (subscription_id, event_type) DO UPDATE SET owner = excluded.owner, "
            "subject = excluded.subject, details = excluded.details, count = excluded.count, "
            "since = excluded.since, due_at = excluded.due_at",
        use(id, "id"), use(fact.type, "type"), use(owner.value, owner.indicator, "owner"),
        use(fact.subject, "subject"), use(fact.details, "details"), use(count, "count"),
        use(since, "since"), use(due, "due");
}

void SqlOperationalTable::erase_pending(const PendingFact& pending) {
    const long long id = pending.fact.subscription.value;
    sql_ << "DELETE FROM webhooks_operational WHERE subscription_id = :id AND event_type = :type",
        use(id, "id"), use(pending.fact.type, "type");
}

std::vector<PendingFact> SqlOperationalTable::due_pending(Time now, std::size_t limit) {
    const long long present = to_micros(now);
    const auto take = static_cast<long long>(limit);
    soci::statement query(sql_);
    query.exchange(use(present, "present"));
    query.exchange(use(take, "take"));
    return select_pending(
        query, "due_at <= :present ORDER BY due_at, subscription_id, event_type LIMIT :take");
}

MinuteCount SqlOperationalTable::minute_count() {
    long long minute = 0;
    long long events = 0;
    sql_ << "SELECT operational_minute, operational_events FROM webhooks_state", into(minute),
        into(events);
    return {.minute = minute, .events = events};
}

void SqlOperationalTable::set_minute_count(const MinuteCount& count) {
    const long long minute = count.minute;
    const long long events = count.events;
    sql_ << "UPDATE webhooks_state SET operational_minute = :minute, operational_events = :events",
        use(minute, "minute"), use(events, "events");
}

bool has_due_pending(soci::session& sql, Time now) {
    const long long present = to_micros(now);
    int found = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM webhooks_operational WHERE due_at <= :present)",
        into(found), use(present, "present");
    return found != 0;
}

bool has_exhausted(const Batch& batch) {
    return std::ranges::any_of(batch.attempts, is_exhausted);
}

void write_exhausted(soci::session& sql, const Batch& batch, OperationalWriter& writer) {
    for (const auto& [id, group] : group_exhausted(sql, batch)) {
        const std::optional<Subscription> found =
            find_subscription(sql, Principal::administrator({}), id);
        if (found) writer.write(exhausted(*found, group.latest, group.count));
    }
}

std::size_t count_waiting_events(soci::session& sql, SubscriptionId subscription) {
    const long long id = subscription.value;
    const auto max = static_cast<long long>(max_counted_events);
    long long count = 0;
    sql << "SELECT count(*) FROM (SELECT 1 FROM webhooks_undelivered WHERE subscription_id = :id "
           "AND due_at IS NOT NULL LIMIT :max) counted",
        into(count), use(id, "id"), use(max, "max");
    return static_cast<std::size_t>(count);
}

std::size_t count_recoverable_events(soci::session& sql, SubscriptionId subscription) {
    const long long id = subscription.value;
    const auto max = static_cast<long long>(max_counted_events);
    long long count = 0;
    sql << "SELECT count(*) FROM (SELECT 1 FROM webhooks_undelivered WHERE subscription_id = :id "
           "AND attempts > 0 AND (claimed_by = 0 OR is_deferred = 1) LIMIT :max) counted",
        into(count), use(id, "id"), use(max, "max");
    return static_cast<std::size_t>(count);
}

}  // namespace webhooks::storage
