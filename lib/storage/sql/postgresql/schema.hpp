#pragma once

#include <soci/soci.h>

#include <string>
#include <webhooks/error.hpp>
#include <webhooks/overview.hpp>

namespace webhooks::storage {

/// Whether the database can be used at all: its version and encoding.
Result<> check_server(soci::session& sql);
/// Whether its tables are those of this version of the library.
Result<> check_tables(soci::session& sql, const std::string& schema);
StorageInfo storage_info(soci::session& sql);

}  // namespace webhooks::storage
