#include <base/hex.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/api_key_finder.hpp>
#include <storage/sql/sqlite/connection.hpp>

namespace webhooks::storage {

SqliteApiKeyFinder::SqliteApiKeyFinder(const SqliteOptions& options) {
    open_connection(sql_, options);
    select_.emplace(sql_,
                    "SELECT id, hash, user_id, is_administrator, created_at "
                    "FROM webhooks_api_key WHERE hash = ?");
}

std::optional<ApiKeyRecord> SqliteApiKeyFinder::find(std::string_view hash) {
    const std::string hex = to_hex(hash);
    std::optional<ApiKeyRecord> found;
    const std::scoped_lock lock(mutex_);
    select_->find(
        [&](const SqliteRow& row) {
            found = {.id = {row.number(0)},
                     .hash = from_hex(row.text(1)),
                     .user_id = std::string(row.text(2)),
                     .is_administrator = row.number(3) != 0,
                     .created_at = from_micros(row.number(4))};
        },
        hex);
    return found;
}

}  // namespace webhooks::storage
