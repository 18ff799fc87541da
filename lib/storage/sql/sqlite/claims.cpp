#include <algorithm>
#include <bit>
#include <map>
#include <storage/claim_behind.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/order_table.hpp>
#include <storage/sql/sqlite/claims.hpp>
#include <storage/sql/trace_text.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;

/// Undelivered rows, as `SqliteClaims::read_held` reads them. The index is named because SQLite,
/// which has no statistics about the rows, would prefer to read all of a subscription's.
std::string select_rows(const char* index, const char* condition) {
    return std::string(
               "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, u.attempts, "
               "u.tries, 1, e.created_at, u.due_at, u.is_requested FROM webhooks_undelivered u "
               "INDEXED BY ") +
           index + " JOIN webhooks_event e ON e.id = u.event_id WHERE " + condition;
}

}  // namespace

SqliteClaims::SqliteClaims(soci::session& sql)
    : sql_(sql),
      select_due_(sql, select_rows("webhooks_undelivered_due",
                                   "u.claimed_by = 0 AND u.due_at <= ? "
                                   "ORDER BY u.due_at, u.event_id LIMIT ?")),
      select_behind_(sql,
                     "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, u.attempts, "
                     "u.tries, 1, e.created_at, u.due_at, u.is_requested FROM webhooks_ordered o "
                     "CROSS JOIN webhooks_undelivered u ON u.subscription_id = o.subscription_id "
                     "AND u.event_id = o.event_id CROSS JOIN webhooks_event e ON e.id = o.event_id "
                     "WHERE o.subscription_id = ? AND o.ordering_key = ? AND o.event_id > ? "
                     "AND o.worker_id = 0 AND u.claimed_by <= 0 AND u.due_at <= ? "
                     "ORDER BY o.event_id LIMIT ?"),
      hold_(sql, "UPDATE webhooks_ordered SET worker_id = ? WHERE event_id = ?"),
      select_reserved_(sql, select_rows("webhooks_undelivered_deferred",
                                        "u.is_deferred = 1 AND u.claimed_by = ? "
                                        "AND u.subscription_id = ? ORDER BY u.event_id LIMIT ?")),
      // The events that are only in the worker's memory.
      select_appended_(sql,
                       "SELECT e.id, e.subscription_id, e.message_id, e.worker_tag, 0, 0, 0, "
                       "e.created_at, e.created_at, 0 FROM webhooks_event e "
                       "WHERE e.id > ? AND e.worker_id = ? "
                       "AND NOT EXISTS (SELECT 1 FROM webhooks_undelivered u "
                       "WHERE u.subscription_id = e.subscription_id AND u.event_id = e.id) "
                       "AND NOT EXISTS (SELECT 1 FROM webhooks_attempt a WHERE a.event_id = e.id) "
                       "ORDER BY e.id LIMIT ?"),
      select_message_(sql,
                      "SELECT event_type, content_type, payload, expires_at, trace, key_id, "
                      "ordering_key FROM webhooks_message WHERE id = ?"),
      mark_(sql,
            "UPDATE webhooks_undelivered SET claimed_by = ?, is_deferred = 0, claim_number = ? "
            "WHERE subscription_id = ? AND event_id = ?") {}

std::shared_ptr<const Message> SqliteClaims::read_message(std::int64_t id) {
    auto message = std::make_shared<Message>();
    select_message_.find(
        [&](const SqliteRow& row) {
            message->event_type = row.text(0);
            message->content_type = row.text(1);
            message->payload = std::make_shared<const std::string>(row.text(2));
            if (!row.is_null(3)) message->expires_at = from_micros(row.number(3));
            if (!row.is_null(4)) message->trace = read_trace(std::string(row.text(4)));
            message->key_id = row.number(5);
            message->ordering_key = row.text(6);
        },
        id);
    return message;
}

template <class... Values>
std::vector<HeldEvent> SqliteClaims::read_held(SqliteStatement& select, ClaimLimit limit,
                                               const Values&... values) {
    std::vector<HeldEvent> events;
    std::size_t bytes = 0;
    std::map<std::int64_t, std::shared_ptr<const Message>> messages;
    select.for_each_while(
        [&](const SqliteRow& row) {
            std::shared_ptr<const Message>& message = messages[row.number(2)];
            if (!message) message = read_message(row.number(2));
            bytes += message->payload->size();
            if (bytes > limit.payload_bytes && !events.empty()) return false;
            HeldEvent& event = events.emplace_back();
            event.id = {row.number(0)};
            event.subscription = {row.number(1)};
            event.worker_tag = std::bit_cast<std::uint64_t>(row.number(3));
            event.message = message;
            event.attempts = static_cast<int>(row.number(4));
            event.attempts_since_reopened = static_cast<int>(row.number(5));
            event.has_row = row.number(6) != 0;
            event.created_at = from_micros(row.number(7));
            event.due = from_micros(row.number(8));
            event.is_requested = row.number(9) != 0;
            return true;
        },
        values..., static_cast<std::int64_t>(limit.events));
    return events;
}

void SqliteClaims::mark(WorkerId worker, std::int64_t number,
                        const std::vector<HeldEvent>& events) {
    for (const HeldEvent& event : events) {
        mark_.execute(worker, number, event.subscription, event.id);
    }
}

Claim SqliteClaims::claim(WorkerId worker, Time now, ClaimLimit limit, std::int64_t number) {
    Claim claim{.events = read_held(select_due_, limit, to_micros(now))};
    std::erase_if(claim.events, [&](const HeldEvent& event) {
        if (event.message->ordering_key.empty() || take_turn(sql_, event.id, worker)) return false;
        keep_waiting(sql_, event.subscription, event.id);
        return true;
    });
    mark(worker, number, claim.events);
    claim.behind = claim_behind(worker, now, limit, number, claim.events);
    return claim;
}

std::vector<HeldEvent> SqliteClaims::claim_behind(WorkerId worker, Time now, ClaimLimit limit,
                                                  std::int64_t number,
                                                  const std::vector<HeldEvent>& leaders) {
    std::vector<HeldEvent> claimed;
    const auto use_up = [&limit](const HeldEvent& event) {
        limit.payload_bytes -= std::min(limit.payload_bytes, event.message->payload->size());
    };
    std::ranges::for_each(leaders, use_up);
    const std::size_t room = room_behind(limit.events - leaders.size(), leaders);
    for (const HeldEvent& leader : leaders) {
        if (!leads_others(leader) || limit.payload_bytes == 0) continue;
        ClaimLimit own = limit;
        own.events = room;
        for (HeldEvent& event :
             read_held(select_behind_, own, leader.subscription, leader.message->ordering_key,
                       leader.id, to_micros(now))) {
            hold_.execute(worker, event.id);
            use_up(event);
            claimed.push_back(std::move(event));
        }
    }
    mark(worker, number, claimed);
    return claimed;
}

std::vector<HeldEvent> SqliteClaims::claim_reserved(WorkerId worker, SubscriptionId subscription,
                                                    std::size_t limit, std::int64_t number) {
    std::vector<HeldEvent> events = read_held(select_reserved_, limit, worker, subscription);
    mark(worker, number, events);
    return events;
}

std::vector<HeldEvent> SqliteClaims::appended_after(WorkerId worker, EventId after,
                                                    std::size_t limit) {
    return read_held(select_appended_, limit, after, worker);
}

std::optional<Time> SqliteClaims::next_due() {
    std::optional<Time> due;
    execute(sql_,
            "SELECT min(due_at) FROM webhooks_undelivered "
            "WHERE claimed_by = 0 AND due_at IS NOT NULL",
            into(due));
    return due;
}

}  // namespace webhooks::storage
