#include <base/hex.hpp>
#include <storage/sql/api_key_table.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

struct KeyRow {
    long long id = 0;
    std::string hash;
    std::string user_id;
    int is_administrator = 0;
    long long created_at = 0;

    ApiKeyRecord to_record() const {
        return {.id = {id},
                .hash = from_hex(hash),
                .user_id = user_id,
                .is_administrator = is_administrator != 0,
                .created_at = from_micros(created_at)};
    }
};

std::vector<ApiKeyRecord> select(soci::session& sql, const char* condition,
                                 const std::optional<std::string>& hash) {
    KeyRow row;
    std::vector<ApiKeyRecord> keys;
    soci::statement query(sql);
    query.exchange(into(row.id));
    query.exchange(into(row.hash));
    query.exchange(into(row.user_id));
    query.exchange(into(row.is_administrator));
    query.exchange(into(row.created_at));
    if (hash) query.exchange(use(*hash, "hash"));
    for_each_row(query,
                 std::string("SELECT id, hash, user_id, is_administrator, created_at "
                             "FROM webhooks_api_key ") +
                     condition,
                 [&] { keys.push_back(row.to_record()); });
    return keys;
}

}  // namespace

ApiKeyId insert_api_key(soci::session& sql, const ApiKeyRecord& key) {
    const std::string hash = to_hex(key.hash);
    const int is_administrator = key.is_administrator ? 1 : 0;
    const long long created_at = to_micros(key.created_at);
    long long id = 0;
    sql << "INSERT INTO webhooks_api_key (hash, user_id, is_administrator, created_at) "
           "VALUES (:hash, :user_id, :is_administrator, :created_at) RETURNING id",
        use(hash, "hash"), use(key.user_id, "user_id"), use(is_administrator, "is_administrator"),
        use(created_at, "created_at"), into(id);
    return {id};
}

std::optional<ApiKeyRecord> find_api_key(soci::session& sql, std::string_view hash) {
    const std::vector<ApiKeyRecord> found = select(sql, "WHERE hash = :hash", to_hex(hash));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

std::vector<ApiKeyRecord> list_api_keys(soci::session& sql) {
    return select(sql, "ORDER BY id", std::nullopt);
}

bool delete_api_key(soci::session& sql, ApiKeyId id) {
    const long long wanted = id.value;
    soci::statement erase =
        (sql.prepare << "DELETE FROM webhooks_api_key WHERE id = :id", use(wanted, "id"));
    erase.execute(true);
    return erase.get_affected_rows() > 0;
}

}  // namespace webhooks::storage
