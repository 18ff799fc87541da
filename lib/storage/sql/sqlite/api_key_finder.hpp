#pragma once

#include <soci/soci.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <storage/sql/sqlite/commit_mark.hpp>
#include <storage/sql/sqlite/statement.hpp>
#include <string>
#include <string_view>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/storage/api_key_store.hpp>

namespace webhooks::storage {

/// Finds API keys, once for each request to a server: with a prepared statement on a connection of
/// its own, and what was found is known until anything is committed to the file. So a key that any
/// process has deleted is no longer found.
class SqliteApiKeyFinder {
public:
    explicit SqliteApiKeyFinder(const SqliteOptions& options);

    std::optional<ApiKeyRecord> find(std::string_view hash);
    /// Does not wait for a writer: a request must not, and the next one tries again.
    void note_use(ApiKeyId id, Time time);

private:
    std::optional<ApiKeyRecord> look_up(std::string_view hash);

    const std::chrono::milliseconds busy_timeout_;
    std::mutex mutex_;
    soci::session sql_;
    std::optional<SqliteStatement> select_;
    std::optional<SqliteStatement> update_;
    std::optional<SqliteCommitMark> commits_;
    /// The keys, by hash, that were found since this commit: only those that exist, so that
    /// guesses have no effect on it.
    std::map<std::string, ApiKeyRecord, std::less<>> known_;
    std::optional<SqliteCommitMark::Value> known_since_;
};

}  // namespace webhooks::storage
