#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// One numbered step of the schema: statements that end in a semicolon at the end of a line. They
/// must not contain a colon followed by a name, which SOCI would take for a variable.
struct Migration {
    int version;
    std::string_view text;
};

/// All migrations of a database, in order; a number means the same on every database.
std::span<const Migration> sqlite_migrations();
std::span<const Migration> postgresql_migrations();

/// Updates a schema to the last of `migrations`. Each is committed together with its row in
/// `webhooks_schema`, which contains its checksum. Throws what SOCI throws.
/// @param begin begins a transaction that excludes other migrators.
/// @return conflict if the schema is newer than `migrations`, or was created by something else.
Result<> migrate(soci::session& sql, std::span<const Migration> migrations, const char* begin,
                 Time now);

/// @pre there is a table `webhooks_schema`.
/// @return conflict unless the schema is at the last of `migrations`.
Result<> check_schema(soci::session& sql, std::span<const Migration> migrations);

/// The statements of a migration, without comments. A semicolon at the end of a line ends a
/// statement, except in a function's body, between two lines that end in `$$` and `$$;`.
std::vector<std::string> split_statements(std::string_view text);

}  // namespace webhooks::storage
