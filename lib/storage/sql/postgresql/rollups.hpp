#pragma once

#include <storage/sql/postgresql/connection.hpp>
#include <vector>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// Adds a worker's counts, in the transaction of its batch.
void send_rollups(PostgresqlConnection& connection, WorkerId worker,
                  const std::vector<Rollup>& rollups);

}  // namespace webhooks::storage
