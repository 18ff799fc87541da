#pragma once

#include <soci/soci.h>

#include <mutex>
#include <optional>
#include <storage/sql/sqlite/statement.hpp>
#include <string_view>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Finds API keys, as each request to a server does: by a statement that is prepared once, on a
/// connection of its own. A key that was deleted, by whatever process, is not found any more.
class SqliteApiKeyFinder {
public:
    explicit SqliteApiKeyFinder(const SqliteOptions& options);

    std::optional<ApiKeyRecord> find(std::string_view hash);

private:
    std::mutex mutex_;
    soci::session sql_;
    std::optional<SqliteStatement> select_;
};

}  // namespace webhooks::storage
