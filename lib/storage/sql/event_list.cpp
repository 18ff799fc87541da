#include <bit>
#include <limits>
#include <publication/webhook_id.hpp>
#include <storage/event_view.hpp>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/delivered.hpp>
#include <storage/sql/event_list.hpp>
#include <storage/sql/event_row.hpp>
#include <storage/sql/events_of.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>
#include <storage/sql/order_table.hpp>
#include <unordered_map>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// Builds and executes the statements of one list.
class EventList {
public:
    EventList(soci::session& sql, const Dialect& dialect, const EventScope& scope,
              const query::Plan& plan)
        : sql_(sql), dialect_(dialect), scope_(scope), plan_(plan) {
        if (plan.condition) holds_ = holds_for_delivered(*plan.condition);
        if (holds_ == Holds::sometimes) return;
        storage::execute(
            sql, "SELECT coalesce(min(low_water), 9223372036854775807) FROM webhooks_worker",
            into(low_water_));
    }

    std::int64_t count() {
        std::int64_t total = 0;
        if (is_plain()) {
            storage::execute(sql_, execute("count", subscription()), into(total));
            return total;
        }
        ListSql list(dialect_, event_columns());
        const std::string text = count_text(list);
        soci::statement query(sql_);
        query.exchange(into(total));
        bind_scope(query);
        if (holds_ != Holds::sometimes) query.exchange(use(low_water_, "low_water"));
        list.bind(query);
        for_each_row(sql_, query, text, [] {});
        return total;
    }

    /// Reads the details of only the rows on the page, whatever the order is.
    /// @param last events after this one are not returned.
    /// @return page_too_large()
    Result<std::vector<Event>> page(std::optional<EventId> last, query::PageSize& size) {
        const std::vector<EventId> ids = page_ids(last);
        if (ids.empty()) return std::vector<Event>();
        const IdList wanted(ids);
        std::unordered_map<EventId, std::size_t> places;
        for (const EventId id : ids) {
            places.emplace(id, places.size());
        }
        std::vector<Event> events(ids.size());
        EventRow row;
        soci::statement query(sql_);
        row.define(query);
        const std::string json = wanted.json();
        if (dialect_.execute == nullptr) query.exchange(use(json, "ids"));
        bool is_small = true;
        for_each_row(sql_, query, page_text(wanted, size), [&] {
            Event event = row.take_event();
            is_small = row.is_too_large == 0 && size.add(content_bytes(event));
            if (is_small) events[places.at(event.id)] = std::move(event);
            return is_small;
        });
        if (!is_small) return page_too_large();
        // Deleted since their ids were read.
        std::erase_if(events, [](const Event& event) { return event.id == EventId{}; });
        set_blocked_by(sql_, events);
        return events;
    }

private:
    bool is_of_user() const { return !scope_.subscription && !scope_.owner.is_administrator(); }
    bool is_of_all() const { return !scope_.subscription && scope_.owner.is_administrator(); }

    /// Whether `list_statements` has what finds its events: all of a subscription, in order of id.
    bool is_plain() const {
        return dialect_.execute != nullptr && scope_.subscription && !plan_.condition &&
               plan_.order.front().field == 0;
    }

    std::string subscription() const { return std::to_string(scope_.subscription->value); }

    std::string execute(const char* name, const std::string& parameters) const {
        return std::string(dialect_.execute) + name + " (" + parameters + ")";
    }

    std::string plain_ids_text(const std::optional<EventId>& last) const {
        const bool is_descending = plan_.order.front().is_descending;
        const std::string after = std::to_string(plan_.after.value_or(0));
        const std::string none = std::to_string(std::numeric_limits<std::int64_t>::max());
        const std::string before = is_descending && plan_.after ? after : none;
        return execute(is_descending ? "newest" : "oldest",
                       subscription() + ", " + (is_descending ? "0" : after) + ", " + before +
                           ", " + (last ? std::to_string(last->value) : none) + ", " +
                           std::to_string(plan_.take) + ", " + std::to_string(plan_.skip));
    }

    std::string page_text(const IdList& ids, const query::PageSize& size) const {
        if (dialect_.execute != nullptr) {
            return execute("page", ids.array() + ", " + std::to_string(size.left()) +
                                       (plan_.reads_payload ? ", true" : ", false") +
                                       (plan_.reads_response ? ", true" : ", false"));
        }
        EventRow::Content content;
        if (!plan_.reads_payload) content.payload = "''", content.payload_key = "0";
        if (!plan_.reads_response) content.response = "NULL", content.response_key = "NULL";
        return EventRow::select(content) + " WHERE e.id IN (SELECT value FROM json_each(:ids))";
    }

    /// Which events a statement reads.
    enum class Rows { in_scope, matching, not_matching };

    std::string count_text(ListSql& list) const {
        const auto count = [&](Rows rows) {
            const bool is_whole = rows == Rows::in_scope || !plan_.condition;
            if (is_whole && !is_by_id(rows)) return count_of(sql_, in_scope("subscription_id"));
            const std::string condition = where(list, rows);
            const unsigned joins = rows == Rows::in_scope ? 0 : list.joins();
            return "SELECT count(*)" + from_events(events(rows), joins) + condition;
        };
        if (holds_ != Holds::always) return count(Rows::matching);
        return "SELECT (" + count(Rows::in_scope) + ") - (" + count(Rows::not_matching) + ")";
    }

    std::vector<EventId> page_ids(const std::optional<EventId>& last) const {
        EventId id;
        std::vector<EventId> ids;
        if (is_plain()) {
            soci::statement query(sql_);
            query.exchange(into(id));
            for_each_row(query, plain_ids_text(last), [&] { ids.push_back(id); });
            return ids;
        }
        ListSql list(dialect_, event_columns());
        std::string condition = where(list, Rows::matching);
        if (plan_.after)
            condition += plan_.order[0].is_descending ? " AND e.id < :after" : " AND e.id > :after";
        if (last) condition += " AND e.id <= :until";
        condition += order(list);
        soci::statement query(sql_);
        query.exchange(into(id));
        bind_scope(query);
        if (is_of_undelivered(Rows::matching)) query.exchange(use(low_water_, "low_water"));
        list.bind(query);
        if (plan_.after) query.exchange(use(*plan_.after, "after"));
        if (last) query.exchange(use(*last, "until"));
        query.exchange(use(plan_.take, "take"));
        query.exchange(use(plan_.skip, "skip"));
        for_each_row(sql_, query,
                     "SELECT e.id" + from_events(events(Rows::matching), list.joins()) + condition +
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
                    " UNION ALL SELECT w.id FROM webhooks_event w WHERE w.id > :low_water)";
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

std::vector<ListStatement> list_statements(const Dialect& dialect) {
    EventRow::Content content{.payload = "CASE WHEN $3 THEN m.payload ELSE '' END",
                              .payload_key = "CASE WHEN $3 THEN m.key_id ELSE 0 END",
                              .response = "CASE WHEN $4 THEN a.response END",
                              .response_key = "CASE WHEN $4 THEN a.key_id END",
                              .attempts = latest_attempt_lateral};
    const std::string is_too_large =
        "sum(CASE WHEN $3 THEN " + dialect.size_of("m.payload") +
        " ELSE 0 END + CASE WHEN $4 THEN coalesce(" + dialect.size_of("a.response") +
        ", 0) ELSE 0 END) OVER (ORDER BY e.id ROWS UNBOUNDED PRECEDING) > $2";
    content.payload = "CASE WHEN " + is_too_large + " THEN '' ELSE " + content.payload + " END";
    content.response = "CASE WHEN " + is_too_large + " THEN NULL ELSE " + content.response + " END";
    content.is_too_large = "CASE WHEN " + is_too_large + " THEN 1 ELSE 0 END";
    const std::string ids =
        "SELECT e.id FROM webhooks_event e WHERE e.subscription_id = $1 AND e.id > $2 "
        "AND e.id < $3 AND e.id <= $4 ORDER BY e.id";
    return {{"page", EventRow::select(content) + " WHERE e.id = ANY ($1)"},
            {"oldest", ids + " LIMIT $5 OFFSET $6"},
            {"newest", ids + " DESC LIMIT $5 OFFSET $6"},
            {"count", "SELECT count(*) FROM webhooks_event e WHERE e.subscription_id = $1"}};
}

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
                 [&] { found = EventHistory{.event = row.take_event(), .attempts = {}}; });
    if (!found) return found;
    found->attempts = read_attempts(sql, event);
    read_request(sql, *found);
    set_blocked_by(sql, {&found->event, 1});
    return found;
}

}  // namespace webhooks::storage
