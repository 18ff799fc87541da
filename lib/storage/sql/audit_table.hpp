#pragma once

/// @file
/// Statements on the audit log for every SQL database. They throw what SOCI throws.

#include <soci/soci.h>

#include <cstddef>
#include <query/plan.hpp>
#include <storage/sql/condition_sql.hpp>
#include <webhooks/audit.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// Appends a record; its `id` and `at` are ignored.
void insert_audit(soci::session& sql, const AuditRecord& record, Time now);
/// The records about objects of the principal, or of the one subscription that they are limited to.
Page<AuditRecord> list_audit(soci::session& sql, const Dialect& dialect, const Principal& principal,
                             const query::Plan& plan);
/// Those from before `end`. @return the number of them, at most `limit`.
std::size_t erase_audit(soci::session& sql, Time end, std::size_t limit);

}  // namespace webhooks::storage
