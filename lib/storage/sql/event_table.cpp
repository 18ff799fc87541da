#include <storage/event_view.hpp>
#include <storage/sql/event_table.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

enum Join : unsigned { message = 1, attempt = 2, undelivered = 4, everything = 7 };

/// The fields of an event, in the order of query::fields_of. Times are in milliseconds there.
constexpr Column event_columns[] = {
    {"e.id", 0},
    {"e.subscription_id", 0},
    {"m.event_type", message},
    {"m.payload", message},
    {"a.status_code", attempt, true},
    {"a.response", attempt, true},
    {"a.error_message", attempt, true},
    // An event below every worker's low-water mark without an undelivered row is delivered. This
    // avoids reading its attempts, each of which is on a different page in a long log.
    {"(CASE WHEN u.event_id IS NOT NULL THEN 0 "
     "WHEN e.id <= coalesce((SELECT min(low_water) FROM webhooks_worker), 9223372036854775807) "
     "OR EXISTS (SELECT 1 FROM webhooks_attempt l WHERE l.event_id = e.id) THEN 1 ELSE 0 END)",
     undelivered},
    {"(SELECT CASE WHEN count(*) > 1 THEN count(*) - 1 ELSE 0 END FROM webhooks_attempt c "
     "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5))",
     0},
    {"(CASE WHEN a.outcome IN (4, 5) THEN NULL ELSE a.sent_at / 1000 END)", attempt, true},
    {"(u.due_at / 1000)", undelivered, true},
    {"(e.created_at / 1000)", 0},
};

/// Events joined with the required parts of their message, latest attempt and undelivered row.
std::string from(unsigned joins) {
    std::string text = " FROM webhooks_event e";
    if (joins & message) text += " JOIN webhooks_message m ON m.id = e.message_id";
    if (joins & attempt) {
        text +=
            " LEFT JOIN webhooks_attempt a ON a.event_id = e.id AND a.number = "
            "(SELECT max(l.number) FROM webhooks_attempt l WHERE l.event_id = e.id)";
    }
    if (joins & undelivered) {
        text +=
            " LEFT JOIN webhooks_undelivered u "
            "ON u.subscription_id = e.subscription_id AND u.event_id = e.id";
    }
    return text;
}

/// A transaction that published before a subscription was deleted may be committed after it: its
/// events are looked for during this time.
constexpr std::chrono::hours longest_publication{1};

/// An event with its latest attempt and its next due time.
struct EventRow {
    static constexpr const char* select =
        "SELECT e.id, e.subscription_id, e.created_at, m.event_type, m.payload, a.sent_at, "
        "a.status_code, a.response, a.error_message, a.outcome, u.due_at, "
        "(SELECT count(*) FROM webhooks_attempt c "
        "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5))";

    long long id = 0;
    long long subscription_id = 0;
    long long created_at = 0;
    std::string event_type;
    std::string payload;
    Nullable<long long> sent_at;
    Nullable<int> status_code;
    Nullable<std::string> response;
    Nullable<std::string> error_message;
    Nullable<int> outcome;
    Nullable<long long> due_at;
    int requests = 0;

    void define(soci::statement& query) {
        query.exchange(into(id));
        query.exchange(into(subscription_id));
        query.exchange(into(created_at));
        query.exchange(into(event_type));
        query.exchange(into(payload));
        query.exchange(into(sent_at.value, sent_at.indicator));
        query.exchange(into(status_code.value, status_code.indicator));
        query.exchange(into(response.value, response.indicator));
        query.exchange(into(error_message.value, error_message.indicator));
        query.exchange(into(outcome.value, outcome.indicator));
        query.exchange(into(due_at.value, due_at.indicator));
        query.exchange(into(requests));
    }

    Event to_event() const {
        Event event{.id = {id},
                    .subscription_id = {subscription_id},
                    .event_type = event_type,
                    .payload = payload,
                    .created_at = from_micros(created_at)};
        if (outcome.get()) {
            show_latest(event,
                        {.sent_at = from_micros(sent_at.value),
                         .status_code = status_code.get(),
                         .response = response.get(),
                         .error_message = error_message.get(),
                         .outcome = static_cast<Outcome>(outcome.value)},
                        requests);
        }
        if (due_at.get()) show_waiting(event, from_micros(due_at.value));
        return event;
    }
};

/// Ids as a list in a statement: (1, 2, 3).
class IdList {
public:
    void add(long long id) {
        text_ += is_empty() ? '(' : ',';
        text_ += std::to_string(id);
    }
    bool is_empty() const { return text_.empty(); }
    /// @pre it is not empty.
    std::string text() const { return text_ + ")"; }

private:
    std::string text_;
};

/// The condition of a list: the subscription's events, filtered by the user's condition.
std::string where(ListSql& list, const query::Plan& plan) {
    std::string text = " WHERE e.subscription_id = :subscription";
    if (plan.condition) text += " AND " + list.condition(*plan.condition);
    return text;
}

std::int64_t count_events(soci::session& sql, const Dialect& dialect, SubscriptionId subscription,
                          const query::Plan& plan) {
    long long total = 0;
    const long long wanted = subscription.value;
    ListSql list(dialect, event_columns);
    const std::string condition = where(list, plan);
    soci::statement query(sql);
    query.exchange(into(total));
    query.exchange(use(wanted, "subscription"));
    list.bind(query);
    for_each_row(query, "SELECT count(*)" + from(list.joins()) + condition, [] {});
    return total;
}

std::vector<Event> select_events(soci::session& sql, const Dialect& dialect,
                                 SubscriptionId subscription, const query::Plan& plan,
                                 std::optional<EventId> last) {
    EventRow row;
    std::vector<Event> events;
    const long long wanted = subscription.value;
    const long long after = plan.after.value_or(0);
    const long long until = last.value_or(EventId{}).value;
    const long long take = plan.take;
    const long long skip = plan.skip;
    ListSql list(dialect, event_columns);
    std::string condition = where(list, plan);
    if (plan.after)
        condition += plan.order[0].is_descending ? " AND e.id < :after" : " AND e.id > :after";
    if (last) condition += " AND e.id <= :until";
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(wanted, "subscription"));
    list.bind(query);
    if (plan.after) query.exchange(use(after, "after"));
    if (last) query.exchange(use(until, "until"));
    query.exchange(use(take, "take"));
    query.exchange(use(skip, "skip"));
    for_each_row(query,
                 EventRow::select + from(everything) + condition + list.order(plan.order) +
                     " LIMIT :take OFFSET :skip",
                 [&] { events.push_back(row.to_event()); });
    return events;
}

std::vector<Attempt> read_attempts(soci::session& sql, EventId event) {
    std::vector<Attempt> attempts;
    const long long id = event.value;
    int number = 0;
    long long sent_at = 0;
    long long duration = 0;
    Nullable<int> status_code;
    Nullable<std::string> response;
    Nullable<std::string> error_message;
    int outcome = 0;
    soci::statement query(sql);
    query.exchange(into(number));
    query.exchange(into(sent_at));
    query.exchange(into(duration));
    query.exchange(into(status_code.value, status_code.indicator));
    query.exchange(into(response.value, response.indicator));
    query.exchange(into(error_message.value, error_message.indicator));
    query.exchange(into(outcome));
    query.exchange(use(id, "id"));
    for_each_row(query,
                 "SELECT number, sent_at, duration_us, status_code, response, error_message, "
                 "outcome FROM webhooks_attempt WHERE event_id = :id ORDER BY number",
                 [&] {
                     attempts.push_back({.number = number,
                                         .sent_at = from_micros(sent_at),
                                         .duration = std::chrono::microseconds(duration),
                                         .status_code = status_code.get(),
                                         .response = response.get(),
                                         .error_message = error_message.get(),
                                         .outcome = static_cast<Outcome>(outcome)});
                 });
    return attempts;
}

}  // namespace

Page<Event> list_events(soci::session& sql, const Dialect& dialect, SubscriptionId subscription,
                        const query::Plan& plan, std::optional<EventId> last) {
    Page<Event> page{.items = {}, .total = count_events(sql, dialect, subscription, plan)};
    if (plan.take > 0) page.items = select_events(sql, dialect, subscription, plan, last);
    return page;
}

std::vector<Event> newest_events(soci::session& sql, const Dialect& dialect,
                                 SubscriptionId subscription) {
    query::Plan plan;
    plan.order = {{.field = 0, .is_descending = true}};
    plan.take = max_included_events;
    return select_events(sql, dialect, subscription, plan, std::nullopt);
}

std::optional<EventHistory> find_event(soci::session& sql, SubscriptionId subscription,
                                       EventId event) {
    std::optional<EventHistory> found;
    EventRow row;
    const long long id = event.value;
    const long long owner = subscription.value;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(id, "id"));
    query.exchange(use(owner, "owner"));
    for_each_row(
        query,
        EventRow::select + from(everything) + " WHERE e.id = :id AND e.subscription_id = :owner",
        [&] { found = EventHistory{.event = row.to_event(), .attempts = {}}; });
    if (found) found->attempts = read_attempts(sql, event);
    return found;
}

bool event_exists(soci::session& sql, SubscriptionId subscription, EventId event) {
    int count = 0;
    const long long id = event.value;
    const long long owner = subscription.value;
    sql << "SELECT count(*) FROM webhooks_event WHERE id = :id AND subscription_id = :owner",
        into(count), use(id, "id"), use(owner, "owner");
    return count > 0;
}

void erase_event(soci::session& sql, SubscriptionId subscription, EventId event) {
    const long long id = event.value;
    const long long owner = subscription.value;
    long long message = 0;
    // The event first: a transaction that gives it a row locks it, so it has either committed the
    // row or finds the event gone.
    sql << "DELETE FROM webhooks_event WHERE id = :id RETURNING message_id", use(id, "id"),
        into(message);
    sql << "DELETE FROM webhooks_attempt WHERE event_id = :id", use(id, "id");
    sql << "DELETE FROM webhooks_undelivered WHERE subscription_id = :owner AND event_id = :id",
        use(owner, "owner"), use(id, "id");
    sql << "DELETE FROM webhooks_message WHERE id = :message AND NOT EXISTS (SELECT 1 "
           "FROM webhooks_event e WHERE e.id >= webhooks_message.id "
           "AND e.id < webhooks_message.id + webhooks_message.event_count)",
        use(message, "message");
}

std::size_t erase_hidden_events(soci::session& sql, Time now, std::size_t limit) {
    const long long settled = to_micros(now - longest_publication);
    long long owner = 0;
    int is_settled = 0;
    sql << "SELECT id, CASE WHEN updated_at <= :settled THEN 1 ELSE 0 END "
           "FROM webhooks_subscription s WHERE deletion = 1 AND (updated_at <= :settled OR EXISTS "
           "(SELECT 1 FROM webhooks_event e WHERE e.subscription_id = s.id)) LIMIT 1",
        into(owner), into(is_settled), use(settled, "settled");
    if (!sql.got_data()) return 0;
    const long long take = static_cast<long long>(limit);
    long long count = 0;
    long long last = 0;
    sql << "SELECT count(*), coalesce(max(id), 0) FROM (SELECT id FROM webhooks_event "
           "WHERE subscription_id = :owner ORDER BY id LIMIT :take) e",
        into(count), into(last), use(owner, "owner"), use(take, "take");
    sql << "DELETE FROM webhooks_message WHERE id IN (SELECT message_id FROM webhooks_event "
           "WHERE subscription_id = :owner AND id <= :last) "
           "AND NOT EXISTS (SELECT 1 FROM webhooks_event e WHERE e.id >= webhooks_message.id "
           "AND e.id < webhooks_message.id + webhooks_message.event_count "
           "AND NOT (e.subscription_id = :owner AND e.id <= :last))",
        use(owner, "owner"), use(last, "last");
    sql << "DELETE FROM webhooks_attempt WHERE event_id IN (SELECT id FROM webhooks_event "
           "WHERE subscription_id = :owner AND id <= :last)",
        use(owner, "owner"), use(last, "last");
    sql << "DELETE FROM webhooks_event WHERE subscription_id = :owner AND id <= :last",
        use(owner, "owner"), use(last, "last");
    sql << "DELETE FROM webhooks_undelivered WHERE subscription_id = :owner AND event_id <= :last",
        use(owner, "owner"), use(last, "last");
    if (count < take && is_settled != 0) {
        sql << "UPDATE webhooks_subscription SET deletion = 2 WHERE id = :owner",
            use(owner, "owner");
    }
    return static_cast<std::size_t>(count);
}

std::size_t erase_old_events(soci::session& sql, Time now, std::chrono::seconds keep_for,
                             std::size_t limit, Sweep& sweep) {
    const long long oldest_kept = to_micros(now - keep_for);
    const long long behind = sweep.resume(now).value;
    const long long take = static_cast<long long>(limit);
    std::size_t seen = 0;
    bool is_young = false;
    IdList events;
    IdList messages;
    long long id = 0;
    long long message = 0;
    long long created_at = 0;
    int waits = 0;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(message));
    query.exchange(into(created_at));
    query.exchange(into(waits));
    query.exchange(use(behind, "behind"));
    query.exchange(use(take, "take"));
    for_each_row(query,
                 "SELECT e.id, e.message_id, e.created_at, "
                 "CASE WHEN u.due_at IS NULL THEN 0 ELSE 1 END FROM webhooks_event e "
                 "LEFT JOIN webhooks_undelivered u "
                 "ON u.subscription_id = e.subscription_id AND u.event_id = e.id "
                 "WHERE e.id > :behind AND e.id <= coalesce((SELECT min(low_water) "
                 "FROM webhooks_worker), 9223372036854775807) ORDER BY e.id LIMIT :take",
                 [&] {
                     is_young = is_young || created_at >= oldest_kept;
                     if (is_young) return;
                     ++seen;
                     sweep.see({id}, waits != 0);
                     if (waits != 0) return;
                     events.add(id);
                     messages.add(message);
                 });
    if (seen < limit) sweep.rest(now);
    if (events.is_empty()) return seen;
    sql << "DELETE FROM webhooks_undelivered WHERE (subscription_id, event_id) IN "
           "(SELECT subscription_id, id FROM webhooks_event WHERE id IN " +
               events.text() + ")";
    sql << "DELETE FROM webhooks_attempt WHERE event_id IN " + events.text();
    sql << "DELETE FROM webhooks_event WHERE id IN " + events.text();
    sql << "DELETE FROM webhooks_message WHERE id IN " + messages.text() +
               " AND NOT EXISTS (SELECT 1 FROM webhooks_event e WHERE e.id >= webhooks_message.id "
               "AND e.id < webhooks_message.id + webhooks_message.event_count)";
    return seen;
}

std::size_t erase_keys(soci::session& sql, Time newest, std::size_t limit) {
    const long long until = to_micros(newest);
    const long long take = static_cast<long long>(limit);
    soci::statement erase =
        (sql.prepare << "DELETE FROM webhooks_idempotency_key WHERE (scope, key) IN "
                        "(SELECT scope, key FROM webhooks_idempotency_key "
                        "WHERE created_at <= :until LIMIT :take)",
         use(until, "until"), use(take, "take"));
    erase.execute(true);
    return static_cast<std::size_t>(erase.get_affected_rows());
}

}  // namespace webhooks::storage
