#pragma once

/// @file
/// Writes what a worker did with its events: attempts, and changes of custody.

#include <cstdint>
#include <storage/sql/postgresql/connection.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// What happens to a plain attempt that already exists in the log.
enum class OnDuplicate : std::uint8_t {
    fail,    ///< The statement fails, so that the log need not be searched for each.
    ignore,  ///< It is left unchanged.
};

/// Sends the custody_changes and attempts of a batch, for events that the worker holds.
void send_results(PostgresqlConnection& connection, WorkerId worker, const Batch& batch,
                  OnDuplicate on_duplicate);

}  // namespace webhooks::storage
