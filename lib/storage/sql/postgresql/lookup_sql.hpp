#pragma once

/// @file
/// Parts of statements that look rows of the log up by their ids, with a plan that does not depend
/// on estimates.

#include <string>

namespace webhooks::storage {

/// An event that is only in the memory of the worker that appended it has neither a row nor an
/// attempt. A NOT EXISTS might be planned as a hash of all attempts in the log.
/// @param bounds of the events' ids, as in `look_up`.
inline std::string has_no_attempt(const std::string& bounds) {
    return "(SELECT a.number FROM webhooks_attempt a WHERE a.event_id = e.id AND a.event_id " +
           bounds + " LIMIT 1) IS NULL";
}

/// Joins each row with the one row that it refers to. A subquery with OFFSET, or with a lock,
/// remains one index lookup for each row, whatever the planner estimates for a join.
/// @param bounds of the ids, so that partitions outside are pruned when the statement starts.
inline std::string look_up(const std::string& columns, const std::string& table,
                           const std::string& id, const std::string& bounds,
                           const std::string& end = "OFFSET 0") {
    return "CROSS JOIN LATERAL (SELECT " + columns + " FROM " + table + " WHERE id = " + id +
           (bounds.empty() ? "" : " AND id " + bounds) + " " + end + ") ";
}

}  // namespace webhooks::storage
