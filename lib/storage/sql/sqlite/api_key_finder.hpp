#pragma once

#include <soci/soci.h>

#include <mutex>
#include <optional>
#include <storage/sql/sqlite/statement.hpp>
#include <string_view>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage/api_key_store.hpp>

namespace webhooks::storage {

/// Finds API keys, once for each request to a server: with a prepared statement on a connection of
/// its own. Keys deleted by any process are no longer found.
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
