#include <base/hex.hpp>
#include <storage/sql/api_key_table.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/api_key_finder.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <string>

namespace webhooks::storage {
namespace {

/// Those that are used between two commits. Further ones are looked up each time.
constexpr std::size_t max_known = 1000;

/// Makes a connection fail at once where another one is writing.
class WithoutWaiting {
public:
    WithoutWaiting(soci::session& sql, std::chrono::milliseconds usual)
        : connection_(handle(sql)), usual_(usual) {
        sqlite_api::sqlite3_busy_timeout(connection_, 0);
    }
    WithoutWaiting(const WithoutWaiting&) = delete;
    WithoutWaiting& operator=(const WithoutWaiting&) = delete;
    ~WithoutWaiting() {
        sqlite_api::sqlite3_busy_timeout(connection_, static_cast<int>(usual_.count()));
    }

private:
    sqlite_api::sqlite3* const connection_;
    const std::chrono::milliseconds usual_;
};

}  // namespace

SqliteApiKeyFinder::SqliteApiKeyFinder(const SqliteOptions& options)
    : busy_timeout_(options.busy_timeout) {
    open_connection(sql_, options, ConnectionUse::reading);
    select_.emplace(sql_, std::string("SELECT ") + ApiKeyRow::columns +
                              " FROM webhooks_api_key WHERE hash = ?");
    update_.emplace(sql_, "UPDATE webhooks_api_key SET last_used_at = ? WHERE id = ?");
    commits_.emplace(sql_);
}

std::optional<ApiKeyRecord> SqliteApiKeyFinder::find(std::string_view hash) {
    const std::scoped_lock lock(mutex_);
    // Before the file is read: what is committed meanwhile is a change at the next call.
    const std::optional<SqliteCommitMark::Value> now = commits_->read();
    if (!now || now != known_since_) {
        known_.clear();
        known_since_ = now;
    }
    if (const auto known = known_.find(hash); known != known_.end()) return known->second;
    std::optional<ApiKeyRecord> found = look_up(hash);
    if (found && now && known_.size() < max_known) known_.emplace(hash, *found);
    return found;
}

std::optional<ApiKeyRecord> SqliteApiKeyFinder::look_up(std::string_view hash) {
    const std::string hex = to_hex(hash);
    std::optional<ApiKeyRecord> found;
    const ConnectionLock connection(sql_);
    select_->find(
        [&](const SqliteRow& row) {
            found = ApiKeyRow{.id = row.number(0),
                              .hash = std::string(row.text(1)),
                              .user_id = std::string(row.text(2)),
                              .is_administrator = static_cast<int>(row.number(3)),
                              .created_at = row.number(4),
                              .name = std::string(row.text(5)),
                              .permissions = std::string(row.text(6)),
                              .subscription_id = row.number(7),
                              .expires_at = row.number(8),
                              .rate_per_second = static_cast<int>(row.number(9)),
                              .rate_burst = static_cast<int>(row.number(10)),
                              .hint = std::string(row.text(11)),
                              .last_used_at = row.number(12)}
                        .to_record();
        },
        hex);
    return found;
}

void SqliteApiKeyFinder::note_use(ApiKeyId id, Time time) {
    const std::scoped_lock lock(mutex_);
    const WithoutWaiting impatient(sql_, busy_timeout_);
    update_->execute(to_micros(time), id);
}

}  // namespace webhooks::storage
