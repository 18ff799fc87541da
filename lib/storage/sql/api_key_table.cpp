#include <base/hex.hpp>
#include <storage/sql/api_key_table.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

std::vector<ApiKeyRecord> select(soci::session& sql, const char* condition,
                                 const std::optional<std::string>& hash) {
    ApiKeyRecord key;
    std::string hash_text;
    std::vector<ApiKeyRecord> keys;
    soci::statement query(sql);
    query.exchange(into(key.id));
    query.exchange(into(hash_text));
    query.exchange(into(key.user_id));
    query.exchange(into(key.is_administrator));
    query.exchange(into(key.created_at));
    if (hash) query.exchange(use(*hash, "hash"));
    for_each_row(query,
                 std::string("SELECT id, hash, user_id, is_administrator, created_at "
                             "FROM webhooks_api_key ") +
                     condition,
                 [&] {
                     key.hash = from_hex(hash_text);
                     keys.push_back(key);
                 });
    return keys;
}

}  // namespace

ApiKeyId insert_api_key(soci::session& sql, const ApiKeyRecord& key) {
    const std::string hash = to_hex(key.hash);
    ApiKeyId id;
    sql << "INSERT INTO webhooks_api_key (hash, user_id, is_administrator, created_at) "
           "VALUES (:hash, :user_id, :is_administrator, :created_at) RETURNING id",
        use(hash, "hash"), use(key.user_id, "user_id"),
        use(key.is_administrator, "is_administrator"), use(key.created_at, "created_at"), into(id);
    return id;
}

std::optional<ApiKeyRecord> find_api_key(soci::session& sql, std::string_view hash) {
    const std::vector<ApiKeyRecord> found = select(sql, "WHERE hash = :hash", to_hex(hash));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

std::vector<ApiKeyRecord> list_api_keys(soci::session& sql) {
    return select(sql, "ORDER BY id", std::nullopt);
}

bool delete_api_key(soci::session& sql, ApiKeyId id) {
    soci::statement erase(sql);
    erase.exchange(use(id, "id"));
    return execute(erase, "DELETE FROM webhooks_api_key WHERE id = :id") > 0;
}

}  // namespace webhooks::storage
