#include <algorithm>
#include <storage/event_view.hpp>
#include <storage/sql/event_table.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// An event with its latest attempt and what it waits for.
struct EventRow {
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

    static constexpr const char* select =
        "SELECT e.id, e.subscription_id, e.created_at, m.event_type, m.payload, a.sent_at, "
        "a.status_code, a.response, a.error_message, a.outcome, r.due_at, "
        "(SELECT count(*) FROM webhooks_attempt c "
        "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5)) "
        "FROM webhooks_event e JOIN webhooks_message m ON m.id = e.message_id "
        "LEFT JOIN webhooks_attempt a ON a.event_id = e.id AND a.number = "
        "(SELECT max(l.number) FROM webhooks_attempt l WHERE l.event_id = e.id) "
        "LEFT JOIN webhooks_retry r ON r.event_id = e.id ";

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
        if (due_at.get()) event.next_retry_at = from_micros(due_at.value);
        return event;
    }
};

std::vector<Event> select_events(soci::session& sql, SubscriptionId subscription, long long take,
                                 long long skip, const char* order) {
    EventRow row;
    std::vector<Event> events;
    const long long wanted = subscription.value;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(wanted, "subscription"));
    query.exchange(use(take, "take"));
    query.exchange(use(skip, "skip"));
    for_each_row(query,
                 std::string(EventRow::select) +
                     "WHERE e.subscription_id = :subscription ORDER BY e.id " + order +
                     " LIMIT :take OFFSET :skip",
                 [&] { events.push_back(row.to_event()); });
    return events;
}

}  // namespace

Page<Event> list_events(soci::session& sql, SubscriptionId subscription, const ListQuery& query) {
    long long total = 0;
    const long long wanted = subscription.value;
    sql << "SELECT count(*) FROM webhooks_event WHERE subscription_id = :subscription", into(total),
        use(wanted, "subscription");
    return {.items =
                select_events(sql, subscription, std::min(query.take, max_take), query.skip, "ASC"),
            .total = total};
}

std::vector<Event> newest_events(soci::session& sql, SubscriptionId subscription) {
    return select_events(sql, subscription, max_included_events, 0, "DESC");
}

bool event_exists(soci::session& sql, SubscriptionId subscription, EventId event) {
    int count = 0;
    const long long id = event.value;
    const long long owner = subscription.value;
    sql << "SELECT count(*) FROM webhooks_event WHERE id = :id AND subscription_id = :owner",
        into(count), use(id, "id"), use(owner, "owner");
    return count > 0;
}

void erase_event(soci::session& sql, EventId event) {
    const long long id = event.value;
    long long message = 0;
    sql << "DELETE FROM webhooks_attempt WHERE event_id = :id", use(id, "id");
    sql << "DELETE FROM webhooks_retry WHERE event_id = :id", use(id, "id");
    sql << "DELETE FROM webhooks_event WHERE id = :id RETURNING message_id", use(id, "id"),
        into(message);
    sql << "DELETE FROM webhooks_message WHERE id = :message AND NOT EXISTS (SELECT 1 "
           "FROM webhooks_event e WHERE e.id >= webhooks_message.id "
           "AND e.id < webhooks_message.id + webhooks_message.event_count)",
        use(message, "message");
}

std::size_t erase_hidden_events(soci::session& sql, std::size_t limit) {
    std::vector<EventId> events;
    long long subscription = 0;
    sql << "SELECT id FROM webhooks_subscription WHERE deletion = 1 LIMIT 1", into(subscription);
    if (!sql.got_data()) return 0;
    long long id = 0;
    const long long take = static_cast<long long>(limit);
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(use(subscription, "subscription"));
    query.exchange(use(take, "take"));
    for_each_row(query,
                 "SELECT id FROM webhooks_event WHERE subscription_id = :subscription LIMIT :take",
                 [&] { events.push_back({id}); });
    for (const EventId event : events) {
        erase_event(sql, event);
    }
    if (events.size() < limit) {
        sql << "UPDATE webhooks_subscription SET deletion = 2 WHERE id = :subscription",
            use(subscription, "subscription");
    }
    return events.size();
}

}  // namespace webhooks::storage
