#pragma once

#include <storage/sql/postgresql/connection.hpp>
#include <storage/sql/postgresql/worker_table.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Locks the row that orders all changes of subscriptions until the transaction ends, so that
/// revisions become visible in order.
void lock_revision(PostgresqlConnection& connection);
/// Sends new appends.
/// @param first_event the first of the ids that were reserved for these.
/// @param receipt gets their results: conflict for an idempotency key that was used for other
/// content; unavailable for one with which another transaction is publishing. And what events with
/// ordering keys wait for.
void append(PostgresqlConnection& connection, const WorkerContext& context, const Batch& batch,
            EventId first_event, BatchReceipt& receipt);

}  // namespace webhooks::storage
