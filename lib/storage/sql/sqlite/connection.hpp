#pragma once

#include <soci/soci.h>

#include <webhooks/sqlite_storage.hpp>

namespace webhooks::storage {

/// Opens the database and sets up the connection. Throws what SOCI throws.
void open_connection(soci::session& sql, const SqliteOptions& options);

}  // namespace webhooks::storage
