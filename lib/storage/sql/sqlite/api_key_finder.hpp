#pragma once

#include <soci/soci.h>

#include <chrono>
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
    /// Does not wait for a writer: a request must not, and the next one tries again.
    void note_use(ApiKeyId id, Time time);

private:
    const std::chrono::milliseconds busy_timeout_;
    std::mutex mutex_;
    soci::session sql_;
    std::optional<SqliteStatement> select_;
    std::optional<SqliteStatement> update_;
};

}  // namespace webhooks::storage
