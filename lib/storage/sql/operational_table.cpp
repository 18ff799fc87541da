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
    std::map<EventId, const AttemptRecord*> records;
    IdList wanted;
    for (const AttemptRecord& record : batch.attempts) {
        if (!is_exhausted(record)) continue;
        records[record.event] = &record;
        wanted.add(record.event.value);
    }
    std::map<SubscriptionId, ExhaustedGroup> groups;
    if (wanted.is_empty()) return groups;
    ExhaustedEvent event;
    SubscriptionId subscription;
    std::int64_t tag = 0;
    Attempt stored;
    soci::statement query(sql);
    query.exchange(into(event.id));
    query.exchange(into(subscription));
    query.exchange(into(tag));
    query.exchange(into(event.created_at));
    query.exchange(into(event.event_type));
    query.exchange(into(stored.number));
    query.exchange(into(stored.sent_at));
    for_each_row(query,
                 "SELECT e.id, e.subscription_id, e.worker_tag, e.created_at, m.event_type, "
                 "a.number, a.sent_at FROM webhooks_event e "
                 "JOIN webhooks_message m ON m.id = e.message_id "
                 "JOIN webhooks_attempt a ON a.event_id = e.id "
                 "WHERE a.outcome = 3 AND e.id IN " +
                     wanted.text() + " ORDER BY e.id",
                 [&] {
                     const Attempt& written = records.at(event.id)->attempt;
                     const bool is_recorded =
                         written.number == stored.number && written.sent_at == stored.sent_at;
                     if (!is_recorded || event.event_type == test_event_type) return;
                     event.worker_tag = std::bit_cast<std::uint64_t>(tag);
                     ExhaustedGroup& group = groups[subscription];
                     group.latest = event;
                     ++group.count;
                 });
    return groups;
}

std::size_t count_events(soci::session& sql, SubscriptionId subscription,
                         const std::string& condition) {
    const auto max = static_cast<std::int64_t>(max_counted_events);
    std::int64_t count = 0;
    execute(sql,
            "SELECT count(*) FROM (SELECT 1 FROM webhooks_undelivered WHERE subscription_id = :id "
            "AND " +
                condition + " LIMIT :max) counted",
            into(count), use(subscription, "id"), use(max, "max"));
    return static_cast<std::size_t>(count);
}

}  // namespace

std::vector<SubscriptionId> SqlOperationalTable::recipients(const OperationalEvent& event,
                                                            const std::string& owner) {
    // The conditions are those of two partial indexes.
    constexpr const char* select =
        "SELECT id, event_type, filter, user_id FROM webhooks_subscription WHERE deletion = 0 "
        "AND user_id = :owner AND substr(event_type, 1, 8) = 'webhook.' AND operator_scope = 0 AND "
        "is_active = 1 "
        "UNION ALL SELECT id, event_type, filter, user_id FROM webhooks_subscription "
        "WHERE deletion = 0 AND operator_scope = 1 AND is_active = 1 ORDER BY id";
    SubscriptionId id;
    std::string pattern;
    std::string filter;
    std::string user;
    Recipients reached(event);
    std::vector<SubscriptionId> found;
    soci::statement query(sql_);
    query.exchange(into(id));
    query.exchange(into(pattern));
    query.exchange(into(filter));
    query.exchange(into(user));
    query.exchange(use(owner, "owner"));
    for_each_row(query, select, [&] {
        if (reached.include(pattern, filter, user)) found.push_back(id);
    });
    return found;
}

void SqlOperationalTable::append(const Message& message,
                                 const std::vector<SubscriptionId>& subscriptions, Time now) {
    const NewEventIds ids = reserve_(sql_, subscriptions.size());
    const auto count = static_cast<std::int64_t>(subscriptions.size());
    const auto tag = std::bit_cast<std::int64_t>(ids.tag);
    execute(sql_,
            "INSERT INTO webhooks_message (id, event_count, event_type, content_type, payload) "
            "VALUES (:id, :count, :type, :content_type, :payload)",
            use(ids.first, "id"), use(count, "count"), use(message.event_type, "type"),
            use(message.content_type, "content_type"), use(*message.payload, "payload"));
    EventId id = ids.first;
    for (const SubscriptionId& subscription : subscriptions) {
        execute(sql_,
                "INSERT INTO webhooks_event (id, subscription_id, message_id, worker_id, "
                "worker_tag, created_at) VALUES (:id, :subscription, :message, 0, :tag, :present)",
                use(id, "id"), use(subscription, "subscription"), use(ids.first, "message"),
                use(tag, "tag"), use(now, "present"));
        execute(sql_,
                "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, "
                "tries, claimed_by, claim_number, is_deferred) "
                "SELECT s.id, :id, :present, 0, 0, 0, 0, 0 FROM webhooks_subscription s "
                "WHERE s.id = :subscription AND s.delivery = 'push'",
                use(id, "id"), use(now, "present"), use(subscription, "subscription"));
        ++id.value;
    }
}

std::vector<PendingFact> SqlOperationalTable::select_pending(soci::statement& query,
                                                             const std::string& condition) {
    PendingFact row;
    query.exchange(into(row.fact.subscription));
    query.exchange(into(row.fact.type));
    query.exchange(into(row.fact.owner));
    query.exchange(into(row.fact.subject));
    query.exchange(into(row.fact.details));
    query.exchange(into(row.fact.count));
    query.exchange(into(row.since));
    query.exchange(into(row.due));
    std::vector<PendingFact> found;
    for_each_row(query,
                 "SELECT subscription_id, event_type, owner, subject, details, count, since, "
                 "due_at FROM webhooks_operational WHERE " +
                     condition,
                 [&] { found.push_back(row); });
    return found;
}

std::optional<PendingFact> SqlOperationalTable::find_pending(SubscriptionId subscription,
                                                             const std::string& type) {
    soci::statement query(sql_);
    query.exchange(use(subscription, "id"));
    query.exchange(use(type, "type"));
    const std::vector<PendingFact> found =
        select_pending(query, "subscription_id = :id AND event_type = :type");
    return found.empty() ? std::nullopt : std::optional(found.front());
}

void SqlOperationalTable::put_pending(const PendingFact& pending) {
    const Fact& fact = pending.fact;
    execute(sql_,
            "INSERT INTO webhooks_operational (subscription_id, event_type, owner, subject, "
            "details, count, since, due_at) "
            "VALUES (:id, :type, :owner, :subject, :details, :count, :since, :due) "
            "ON CONFLICT (subscription_id, event_type) DO UPDATE SET owner = excluded.owner, "
            "subject = excluded.subject, details = excluded.details, count = excluded.count, "
            "since = excluded.since, due_at = excluded.due_at",
            use(fact.subscription, "id"), use(fact.type, "type"), use(fact.owner, "owner"),
            use(fact.subject, "subject"), use(fact.details, "details"), use(fact.count, "count"),
            use(pending.since, "since"), use(pending.due, "due"));
}

void SqlOperationalTable::erase_pending(const PendingFact& pending) {
    execute(sql_,
            "DELETE FROM webhooks_operational WHERE subscription_id = :id AND event_type = :type",
            use(pending.fact.subscription, "id"), use(pending.fact.type, "type"));
}

std::vector<PendingFact> SqlOperationalTable::due_pending(Time now, std::size_t limit) {
    const auto take = static_cast<std::int64_t>(limit);
    soci::statement query(sql_);
    query.exchange(use(now, "present"));
    query.exchange(use(take, "take"));
    return select_pending(
        query, "due_at <= :present ORDER BY due_at, subscription_id, event_type LIMIT :take");
}

MinuteCount SqlOperationalTable::minute_count() {
    MinuteCount count;
    execute(sql_, "SELECT operational_minute, operational_events FROM webhooks_state",
            into(count.minute), into(count.events));
    return count;
}

void SqlOperationalTable::set_minute_count(const MinuteCount& count) {
    execute(sql_,
            "UPDATE webhooks_state SET operational_minute = :minute, operational_events = :events",
            use(count.minute, "minute"), use(count.events, "events"));
}

bool has_due_pending(soci::session& sql, Time now) {
    bool found = false;
    execute(sql, "SELECT EXISTS (SELECT 1 FROM webhooks_operational WHERE due_at <= :present)",
            into(found), use(now, "present"));
    return found;
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
    return count_events(sql, subscription, "due_at IS NOT NULL");
}

std::size_t count_recoverable_events(soci::session& sql, SubscriptionId subscription) {
    return count_events(sql, subscription, "attempts > 0 AND (claimed_by <= 0 OR is_deferred = 1)");
}

}  // namespace webhooks::storage
