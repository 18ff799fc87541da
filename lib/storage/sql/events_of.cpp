#include <storage/sql/events_of.hpp>

namespace webhooks::storage {
namespace {

bool has_ranges(soci::session& sql) {
    return sql.get_backend_name() != "postgresql";
}

const std::string indexed_to = "(SELECT indexed_to FROM webhooks_state)";

}  // namespace

std::string events_of(soci::session& sql, const std::string& scope) {
    const std::string columns =
        "SELECT id, subscription_id, message_id, worker_id, created_at FROM ";
    if (!has_ranges(sql)) return "(" + columns + "webhooks_event WHERE " + scope + ") e";
    // The entries after the limit are of a range that is being indexed, and not all.
    return "(" + columns + "webhooks_event_index WHERE " + scope + " AND id <= " + indexed_to +
           " UNION ALL " + columns + "webhooks_event WHERE " + scope + " AND id > " + indexed_to +
           ") e";
}

std::string has_events(soci::session& sql, const std::string& subscription) {
    const auto in = [&](const std::string& table) {
        return "EXISTS (SELECT 1 FROM " + table + " e WHERE e.subscription_id = " + subscription +
               ")";
    };
    if (!has_ranges(sql)) return in("webhooks_event");
    // The events that have no entries are read once, not for each subscription.
    return "(" + in("webhooks_event_index") + " OR " + subscription +
           " IN (SELECT subscription_id FROM webhooks_event WHERE id > " + indexed_to + "))";
}

std::string newest_events_of(soci::session& sql, const std::string& watch) {
    const auto in = [&](const std::string& table) {
        return "SELECT w.id, (SELECT max(e.id) FROM " + table +
               " e WHERE e.subscription_id = w.id AND e.id > w.after AND e.id <= w.until) AS "
               "newest FROM " +
               watch + " w";
    };
    if (!has_ranges(sql)) return in("webhooks_event");
    // As above. CROSS JOIN: the events first.
    return in("webhooks_event_index") +
           " UNION ALL SELECT w.id, e.id FROM webhooks_event e CROSS JOIN " + watch +
           " w ON w.id = e.subscription_id WHERE e.id > " + indexed_to +
           " AND e.id > w.after AND e.id <= w.until";
}

}  // namespace webhooks::storage
