#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// One numbered step of the schema: statements that end in a semicolon at the end of a line. SOCI
/// would take a colon with a name behind it for a variable.
struct Migration {
    int version;
    std::string_view text;
};

/// All migrations of a database, in order; the same number means the same on each.
std::span<const Migration> sqlite_migrations();
std::span<const Migration> postgresql_migrations();

/// Brings a schema up to the last of `migrations`. Each is committed together with its row in
/// `webhooks_schema`, which keeps its checksum. Throws what SOCI throws.
/// @param begin begins a transaction in which no other migrator runs.
/// @return conflict when the schema is newer than `migrations`, or was made by others.
Result<> migrate(soci::session& sql, std::span<const Migration> migrations, const char* begin,
                 Time now);

/// @pre there is a table `webhooks_schema`.
/// @return conflict unless the schema is at the last of `migrations`.
Result<> check_schema(soci::session& sql, std::span<const Migration> migrations);

/// The statements of a migration, without comments. A semicolon ends one at the end of a line, but
/// not within a function's body, between two lines that end in `$$` and `$$;`.
std::vector<std::string> split_statements(std::string_view text);

}  // namespace webhooks::storage
