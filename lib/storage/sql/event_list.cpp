#include <bit>
#include <publication/webhook_id.hpp>
#include <query/field_tables.hpp>
#include <storage/event_view.hpp>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/delivered.hpp>
#include <storage/sql/event_list.hpp>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/order_table.hpp>
#include <unordered_map>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

enum Join : unsigned { message = 1, attempt = 2, undelivered = 4, everything = 7 };

/// How an event's fields are written, with times in milliseconds.
constexpr Column event_columns[] = {
    {"id", "e.id", 0},
    {"webhookSubscriptionId", "e.subscription_id", 0},
    {"eventType", "m.event_type", message},
    {"payload", "m.payload", message},
    {"statusCode", "a.status_code", attempt, true},
    {"response", "a.response", attempt, true},
    {"errorMessage", "a.error_message", attempt, true},
    // An event of no worker, or below every worker's low-water mark, without an undelivered row is
    // delivered. This avoids reading its attempts, each of which is on a different page in a long
    // log.
    {"isSuccess",
     "(CASE WHEN u.event_id IS NOT NULL THEN 0 "
     "WHEN e.worker_id = 0 OR e.id <= coalesce((SELECT min(low_water) FROM webhooks_worker), "
     "9223372036854775807) "
     "OR EXISTS (SELECT 1 FROM webhooks_attempt l WHERE l.event_id = e.id) THEN 1 ELSE 0 END)",
     undelivered},
    {"retryCount",
     "(SELECT CASE WHEN count(*) > 1 THEN count(*) - 1 ELSE 0 END FROM webhooks_attempt c "
     "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5))",
     0},
    {"sentAt", "(CASE WHEN a.outcome IN (4, 5) THEN NULL ELSE a.sent_at / 1000 END)", attempt,
     true},
    {"nextRetryAt", "(u.due_at / 1000)", undelivered, true},
    {"createdAt", "(e.created_at / 1000)", 0},
    {"orderingKey", "m.ordering_key", message, true},
};
static_assert(query::has_row_for_each<Column>(event_columns, query::event_fields));

constexpr const char* all_events = "webhooks_event e";

/// Events joined with the required parts of their message, latest attempt and undelivered row.
std::string from(const std::string& events, unsigned joins) {
    std::string text = " FROM " + events;
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

/// An event with its latest attempt and its next due time.
struct EventRow {
    /// Where the columns come from that may be left out or are too large.
    struct Content {
        std::string payload = "m.payload";
        std::string payload_key = "m.key_id";
        std::string response = "a.response";
        std::string response_key = "a.key_id";
        std::string is_too_large = "0";
    };

    static std::string select(const Content& content) {
        return "SELECT e.id, e.subscription_id, e.created_at, m.event_type, " + content.payload +
               ", a.sent_at, a.status_code, " + content.response +
               ", a.error_message, a.outcome, u.due_at, " + content.payload_key + ", " +
               content.response_key +
               ", (SELECT count(*) FROM webhooks_attempt c "
               "WHERE c.event_id = e.id AND c.outcome NOT IN (4, 5)), " +
               content.is_too_large +
               ", m.ordering_key, CASE WHEN e.worker_id = 0 THEN 1 ELSE 0 END" +
               from(all_events, everything);
    }

    Event event;
    std::optional<Time> sent_at;
    std::optional<int> status_code;
    std::optional<std::string> response;
    std::optional<std::string> error_message;
    std::optional<Outcome> outcome;
    std::optional<Time> due_at;
    std::optional<std::int64_t> response_key;
    int requests = 0;
    int is_too_large = 0;  ///< Without payload and response, because of the rows before it.
    std::optional<std::string> ordering_key;
    bool is_of_no_worker = false;

    void define(soci::statement& query) {
        query.exchange(into(event.id));
        query.exchange(into(event.subscription_id));
        query.exchange(into(event.created_at));
        query.exchange(into(event.event_type));
        query.exchange(into(event.payload));
        query.exchange(into(sent_at));
        query.exchange(into(status_code));
        query.exchange(into(response));
        query.exchange(into(error_message));
        query.exchange(into(outcome));
        query.exchange(into(due_at));
        query.exchange(into(event.payload_key_id));
        query.exchange(into(response_key));
        query.exchange(into(requests));
        query.exchange(into(is_too_large));
        query.exchange(into(ordering_key));
        query.exchange(into(is_of_no_worker));
    }

    Event to_event() const {
        Event complete = event;
        complete.response_key_id = response_key.value_or(0);
        complete.ordering_key = ordering_key.value_or("");
        if (outcome) {
            apply_latest_attempt(complete,
                                 {.sent_at = sent_at.value_or(Time{}),
                                  .status_code = status_code,
                                  .response = response,
                                  .error_message = error_message,
                                  .outcome = *outcome},
                                 requests);
        } else {
            // Only read from the feed, unless it waits.
            complete.is_success = is_of_no_worker;
        }
        if (due_at) apply_next_retry(complete, *due_at);
        return complete;
    }
};

/// Builds and executes the statements of one list.
class EventList {
public:
    EventList(soci::session& sql, const Dialect& dialect, const EventScope& scope,
              const query::Plan& plan)
        : sql_(sql), dialect_(dialect), scope_(scope), plan_(plan) {
        if (plan.condition) holds_ = holds_for_delivered(*plan.condition);
        if (holds_ == Holds::sometimes) return;
        execute(sql, "SELECT coalesce(min(low_water), 9223372036854775807) FROM webhooks_worker",
                into(low_water_));
    }

    std::int64_t count() {
        std::int64_t total = 0;
        ListSql list(dialect_, event_columns);
        const std::string text = count_text(list);
        soci::statement query(sql_);
        query.exchange(into(total));
        bind_scope(query);
        list.bind(query);
        for_each_row(query, text, [] {});
        return total;
    }

    /// Reads the details of only the rows on the page, whatever the order is.
    /// @param last events after this one are not returned.
    /// @return page_too_large()
    Result<std::vector<Event>> page(std::optional<EventId> last, query::PageSize& size) {
        const std::vector<EventId> ids = page_ids(last);
        if (ids.empty()) return std::vector<Event>();
        IdList wanted;
        for (const EventId id : ids) {
            wanted.add(id.value);
        }
        EventRow row;
        std::unordered_map<EventId, Event> found;
        soci::statement query(sql_);
        row.define(query);
        bool is_small = true;
        for_each_row(query, EventRow::select(content(size)) + " WHERE e.id IN " + wanted.text(),
                     [&] {
                         Event event = row.to_event();
                         is_small = row.is_too_large == 0 && size.add(content_bytes(event));
                         if (is_small) found.emplace(event.id, std::move(event));
                         return is_small;
                     });
        if (!is_small) return page_too_large();
        std::vector<Event> events;
        for (const EventId id : ids) {
            const auto event = found.find(id);
            if (event != found.end()) events.push_back(std::move(event->second));
        }
        set_blocked_by(sql_, events);
        return events;
    }

private:
    bool is_of_user() const { return !scope_.subscription && !scope_.owner.is_administrator(); }
    bool is_of_all() const { return !scope_.subscription && scope_.owner.is_administrator(); }

    /// The columns of a page. A client library that holds a whole result in memory is not sent more
    /// than the page may have.
    EventRow::Content content(const query::PageSize& size) const {
        EventRow::Content content;
        if (!plan_.reads_payload) content.payload = "''", content.payload_key = "0";
        if (!plan_.reads_response) content.response = "NULL", content.response_key = "NULL";
        if (!dialect_.buffers_results || (!plan_.reads_payload && !plan_.reads_response)) {
            return content;
        }
        const auto bytes = [&](const std::string& column) {
            return "coalesce(" + dialect_.size_of(column) + ", 0)";
        };
        const std::string until_here = "sum(" + bytes(content.payload) + " + " +
                                       bytes(content.response) +
                                       ") OVER (ORDER BY e.id ROWS UNBOUNDED PRECEDING)";
        const std::string is_too_large = until_here + " > " + std::to_string(size.left());
        content.payload = "CASE WHEN " + is_too_large + " THEN '' ELSE " + content.payload + " END";
        content.response =
            "CASE WHEN " + is_too_large + " THEN NULL ELSE " + content.response + " END";
        content.is_too_large = "CASE WHEN " + is_too_large + " THEN 1 ELSE 0 END";
        return content;
    }

    /// Which events a statement reads.
    enum class Rows { in_scope, matching, not_matching };

    std::string count_text(ListSql& list) const {
        const auto count = [&](Rows rows) {
            const bool is_whole = rows == Rows::in_scope || !plan_.condition;
            if (is_whole && !is_by_id(rows)) return count_of(sql_, in_scope("subscription_id"));
            const std::string condition = where(list, rows);
            const unsigned joins = rows == Rows::in_scope ? 0 : list.joins();
            return "SELECT count(*)" + from(events(rows), joins) + condition;
        };
        if (holds_ != Holds::always) return count(Rows::matching);
        return "SELECT (" + count(Rows::in_scope) + ") - (" + count(Rows::not_matching) + ")";
    }

    std::vector<EventId> page_ids(const std::optional<EventId>& last) const {
        EventId id;
        std::vector<EventId> ids;
        ListSql list(dialect_, event_columns);
        std::string condition = where(list, Rows::matching);
        if (plan_.after)
            condition += plan_.order[0].is_descending ? " AND e.id < :after" : " AND e.id > :after";
        if (last) condition += " AND e.id <= :until";
        condition += order(list);
        soci::statement query(sql_);
        query.exchange(into(id));
        bind_scope(query);
        list.bind(query);
        if (plan_.after) query.exchange(use(*plan_.after, "after"));
        if (last) query.exchange(use(*last, "until"));
        query.exchange(use(plan_.take, "take"));
        query.exchange(use(plan_.skip, "skip"));
        for_each_row(query,
                     "SELECT e.id" + from(events(Rows::matching), list.joins()) + condition +
                         " LIMIT :take OFFSET :skip",
                     [&] { ids.push_back(id); });
        return ids;
    }

    /// A condition on the subscription of an event, or of an undelivered row.
    std::string in_scope(const std::string& column) const {
        if (scope_.subscription) return column + " = :subscription";
        std::string text =
            column + " IN (SELECT s.id FROM webhooks_subscription s WHERE s.deletion = 0";
        if (is_of_user()) text += " AND s.user_id = :owner AND s.operator_scope = 0";
        return text + ")";
    }

    bool is_of_undelivered(Rows rows) const {
        return rows == Rows::not_matching || (rows == Rows::matching && holds_ == Holds::never);
    }
    /// Whether events are found by id, in order of id, instead of by their subscription.
    bool is_by_id(Rows rows) const { return is_of_undelivered(rows) || is_of_all(); }

    std::string events(Rows rows) const {
        return is_by_id(rows) ? all_events : events_of(sql_, in_scope("subscription_id"));
    }

    /// The scope is outside the user's condition, which cannot widen it.
    std::string where(ListSql& list, Rows rows) const {
        // A `+` before the column prevents the use of its index.
        std::string text = " WHERE " + (is_by_id(rows) ? in_scope("+e.subscription_id") : "1 = 1");
        if (is_of_undelivered(rows)) {
            text += " AND e.id IN (SELECT n.event_id FROM webhooks_undelivered n WHERE " +
                    in_scope("n.subscription_id") +
                    " UNION ALL SELECT w.id FROM webhooks_event w WHERE w.id > " +
                    std::to_string(low_water_.value) + ")";
        }
        if (rows == Rows::in_scope || !plan_.condition) return text;
        const std::string condition = list.condition(*plan_.condition);
        if (rows == Rows::matching) return text + " AND " + condition;
        // Neither false nor unknown is a match.
        return text + " AND (CASE WHEN " + condition + " THEN 0 ELSE 1 END) = 1";
    }

    /// One user's events are a small part of a log: reading it in order of id until a page of them
    /// is found might read all of it. A `+` prevents this.
    std::string order(ListSql& list) const {
        const std::string by_id = " ORDER BY e.id";
        const std::string text = list.order(plan_.order);
        if (!is_of_user() || !text.starts_with(by_id)) return text;
        return " ORDER BY +e.id" + text.substr(by_id.size());
    }

    void bind_scope(soci::statement& query) const {
        if (scope_.subscription) {
            query.exchange(use(*scope_.subscription, "subscription"));
        } else if (is_of_user()) {
            query.exchange(use(scope_.owner.user_id(), "owner"));
        }
    }

    soci::session& sql_;
    const Dialect& dialect_;
    const EventScope& scope_;
    const query::Plan& plan_;
    /// For which delivered events the condition is true.
    Holds holds_ = Holds::sometimes;
    /// Unless it is so only sometimes: undelivered events up to this id have rows; any after it may
    /// be in the memory of its worker.
    EventId low_water_{};
};

/// What its requests carry, which lists do not tell.
void read_request(soci::session& sql, EventHistory& history) {
    std::int64_t tag = 0;
    execute(sql,
            "SELECT e.worker_tag, m.content_type FROM webhooks_event e "
            "JOIN webhooks_message m ON m.id = e.message_id WHERE e.id = :id",
            into(tag), into(history.content_type), use(history.event.id, "id"));
    history.webhook_id = to_string(
        WebhookId{.worker_tag = std::bit_cast<std::uint64_t>(tag), .event = history.event.id});
}

}  // namespace

Result<Page<Event>> list_events(soci::session& sql, const Dialect& dialect, const EventScope& scope,
                                const query::Plan& plan, std::optional<EventId> last) {
    EventList list(sql, dialect, scope, plan);
    Page<Event> page;
    page.total = plan.has_total ? std::optional(list.count()) : std::nullopt;
    if (plan.take == 0) return page;
    query::PageSize size;
    Result<std::vector<Event>> items = list.page(last, size);
    if (!items) return items.error();
    page.items = *std::move(items);
    return page;
}

Result<std::vector<Event>> newest_events(soci::session& sql, const Dialect& dialect,
                                         SubscriptionId subscription, query::PageSize& size) {
    query::Plan plan;
    plan.order = {{.field = 0, .is_descending = true}};
    plan.take = max_included_events;
    const EventScope scope{.owner = Principal::administrator({}), .subscription = subscription};
    return EventList(sql, dialect, scope, plan).page(std::nullopt, size);
}

std::optional<EventHistory> find_event(soci::session& sql, SubscriptionId subscription,
                                       EventId event) {
    std::optional<EventHistory> found;
    EventRow row;
    soci::statement query(sql);
    row.define(query);
    query.exchange(use(event, "id"));
    query.exchange(use(subscription, "owner"));
    for_each_row(query, EventRow::select({}) + " WHERE e.id = :id AND e.subscription_id = :owner",
                 [&] { found = EventHistory{.event = row.to_event(), .attempts = {}}; });
    if (!found) return found;
    found->attempts = read_attempts(sql, event);
    read_request(sql, *found);
    set_blocked_by(sql, {&found->event, 1});
    return found;
}

}  // namespace webhooks::storage
