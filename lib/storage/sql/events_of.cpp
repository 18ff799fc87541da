#include <storage/sql/events_of.hpp>

namespace webhooks::storage {
namespace {

bool has_ranges(soci::session& sql) {
    return sql.get_backend_name() != "postgresql";
}

constexpr const char* indexed_to = "(SELECT indexed_to FROM webhooks_state)";

/// The events of a scope that have entries, which are all up to a limit. The entries after it are
/// of a range that is being indexed.
std::string in_index(const std::string& scope) {
    return " FROM webhooks_event_index WHERE " + scope + " AND id <= " + indexed_to;
}

/// The others.
std::string after_index(const std::string& scope) {
    return " FROM webhooks_event WHERE " + scope + " AND id > " + indexed_to;
}

}  // namespace

std::string events_of(soci::session& sql, const std::string& scope) {
    const std::string columns = "SELECT id, subscription_id, message_id, worker_id, created_at";
    if (!has_ranges(sql)) return "(" + columns + " FROM webhooks_event WHERE " + scope + ") e";
    return "(" + columns + in_index(scope) + " UNION ALL " + columns + after_index(scope) + ") e";
}

std::string count_of(soci::session& sql, const std::string& scope) {
    if (!has_ranges(sql)) return "SELECT count(*) FROM webhooks_event WHERE " + scope;
    // A third of the time that it takes to count the rows of a UNION.
    return "SELECT (SELECT count(*)" + in_index(scope) + ") + (SELECT count(*)" +
           after_index(scope) + ")";
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
