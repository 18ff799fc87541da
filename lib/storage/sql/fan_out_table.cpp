#include <algorithm>
#include <base/never_destroyed.hpp>
#include <storage/fan_out.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

EventId last_before(const std::optional<EventId>& first, EventId newest) {
    return first ? std::min(newest, EventId{first->value - 1}) : newest;
}

}  // namespace

bool has_fan_outs(soci::session& sql) {
    int count = 0;
    execute(sql, "SELECT count(*) FROM (SELECT 1 FROM webhooks_fan_out LIMIT 1) AS found",
            into(count));
    return count > 0;
}

bool is_full(soci::session& sql, const std::string& user) {
    std::size_t count = 0;
    execute(sql,
            "SELECT CAST(coalesce(sum(event_count), 0) AS BIGINT) FROM webhooks_fan_out "
            "WHERE user_id = :owner",
            into(count), use(user, "owner"));
    return count >= max_waiting_events;
}

EventId last_before_fan_outs(soci::session& sql, EventId newest) {
    std::optional<EventId> first;
    execute(sql, "SELECT min(first_event_id) FROM webhooks_fan_out", into(first));
    return last_before(first, newest);
}

EventId last_before_fan_outs(soci::session& sql, EventId newest, const std::string& user) {
    std::optional<EventId> first;
    execute(sql, "SELECT min(first_event_id) FROM webhooks_fan_out WHERE user_id IN ('', :owner)",
            into(first), use(user, "owner"));
    return last_before(first, newest);
}

const std::string& is_without_events() {
    static const NeverDestroyed<std::string> text(
        "NOT EXISTS (SELECT 1 FROM webhooks_event e WHERE e.id >= webhooks_message.id "
        "AND e.id < webhooks_message.id + webhooks_message.event_count) "
        "AND NOT EXISTS (SELECT 1 FROM webhooks_fan_out f "
        "WHERE f.first_event_id >= webhooks_message.id "
        "AND f.first_event_id < webhooks_message.id + webhooks_message.event_count)");
    return *text;
}

void erase_message_without_events(soci::session& sql, std::int64_t message) {
    execute(sql, "DELETE FROM webhooks_message WHERE id = :message AND " + is_without_events(),
            use(message, "message"));
}

}  // namespace webhooks::storage
