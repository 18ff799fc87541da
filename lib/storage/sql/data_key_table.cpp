#include <encryption/envelope.hpp>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/id_list.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

constexpr std::string_view data_keys = "webhooks_data_key";

/// Reads rows. The caller has bound the parameters of `condition`.
std::vector<DataKeyRow> select_data_keys(soci::statement& query, const std::string& condition) {
    DataKeyRow row;
    std::vector<DataKeyRow> rows;
    query.exchange(into(row.id));
    query.exchange(into(row.wrapped));
    query.exchange(into(row.kek_id));
    query.exchange(into(row.user_id));
    query.exchange(into(row.created_at));
    for_each_row(
        query,
        "SELECT id, wrapped, kek_id, user_id, created_at FROM webhooks_data_key WHERE " + condition,
        [&] { rows.push_back(row); });
    return rows;
}

}  // namespace

std::vector<DataKeyRow> read_settings_keys(soci::session& sql) {
    soci::statement query(sql);
    return select_data_keys(query, "user_id IS NULL ORDER BY id");
}

std::vector<DataKeyRow> data_keys_not_under(soci::session& sql, const std::string& kek_id,
                                            std::int64_t after, std::size_t limit) {
    const auto take = static_cast<std::int64_t>(limit);
    soci::statement query(sql);
    query.exchange(use(kek_id, "kek"));
    query.exchange(use(after, "after"));
    query.exchange(use(take, "take"));
    return select_data_keys(
        query, "destroyed_at IS NULL AND kek_id <> :kek AND id > :after ORDER BY id LIMIT :take");
}

std::vector<DataKeyRow> find_data_keys(soci::session& sql, const std::set<std::int64_t>& ids) {
    IdList wanted;
    for (const std::int64_t id : ids) {
        wanted.add(id);
    }
    soci::statement query(sql);
    return select_data_keys(query, "id IN " + wanted.text());
}

std::optional<DataKeyRow> newest_data_key(soci::session& sql, const std::string& user_id,
                                          Time oldest, std::int64_t after) {
    soci::statement query(sql);
    query.exchange(use(user_id, "owner"));
    query.exchange(use(oldest, "oldest"));
    query.exchange(use(after, "after"));
    const std::vector<DataKeyRow> rows =
        select_data_keys(query,
                         "user_id = :owner AND destroyed_at IS NULL AND created_at > :oldest "
                         "AND id > :after ORDER BY id DESC LIMIT 1");
    return rows.empty() ? std::nullopt : std::optional(rows.front());
}

Result<DataKeyRow> insert_data_key(soci::session& sql, const Secret& data_key,
                                   const EncryptionKey& key, Time now,
                                   const std::optional<std::string>& user_id) {
    std::int64_t id = 0;
    execute(sql,
            "INSERT INTO webhooks_data_key (wrapped, kek_id, user_id, created_at) "
            "VALUES ('', '', :owner, :created_at) RETURNING id",
            into(id), use(user_id, "owner"), use(now, "created_at"));
    Result<DataKeyRow> row = wrap(id, data_key, key);
    if (!row) return row;
    update_data_key(sql, {.id = id, .wrapped = {}, .kek_id = {}}, *row);
    row->user_id = user_id;
    row->created_at = now;
    return row;
}

std::size_t destroy_data_keys(soci::session& sql, const std::string& user_id, Time now) {
    soci::statement update(sql);
    update.exchange(use(now, "present"));
    update.exchange(use(user_id, "owner"));
    return execute(
        update,
        "UPDATE webhooks_data_key SET wrapped = '', kek_id = '', destroyed_at = :present "
        "WHERE user_id = :owner AND destroyed_at IS NULL");
}

bool has_payload_keys(soci::session& sql) {
    bool found = false;
    execute(sql,
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM webhooks_data_key WHERE user_id IS NOT NULL) "
            "THEN 1 ELSE 0 END",
            into(found));
    return found;
}

void set_encrypts_payloads(soci::session& sql, bool encrypts) {
    execute(sql,
            "UPDATE webhooks_state SET encrypts_payloads = :encrypts "
            "WHERE encrypts_payloads <> :encrypts",
            use(encrypts, "encrypts"));
}

bool update_data_key(soci::session& sql, const DataKeyRow& old, const DataKeyRow& changed) {
    soci::statement update(sql);
    update.exchange(use(changed.wrapped, "wrapped"));
    update.exchange(use(changed.kek_id, "kek_id"));
    update.exchange(use(old.id, "id"));
    update.exchange(use(old.wrapped, "old"));
    return execute(update,
                   "UPDATE webhooks_data_key SET wrapped = :wrapped, kek_id = :kek_id "
                   "WHERE id = :id AND wrapped = :old") > 0;
}

const Result<EncryptionKey>& EncryptionKeys::current() {
    if (!current_) current_ = encryption::current_key(provider_);
    return *current_;
}

const Result<EncryptionKey>& EncryptionKeys::find(const std::string& id) {
    const auto known = found_.find(id);
    if (known != found_.end()) return known->second;
    return found_.emplace(id, encryption::find_key(provider_, id)).first->second;
}

Result<DataKeyRow> wrap(std::int64_t id, const Secret& data_key, const EncryptionKey& key) {
    Result<std::string> wrapped =
        encryption::seal(key.bytes, data_key.reveal(), {data_keys, std::to_string(id)});
    if (!wrapped) return wrapped.error();
    return DataKeyRow{.id = id, .wrapped = *std::move(wrapped), .kek_id = key.id};
}

Result<Secret> unwrap(const DataKeyRow& row, const EncryptionKey& key) {
    Result<Secret> data_key =
        encryption::open(key.bytes, row.wrapped, {data_keys, std::to_string(row.id)});
    if (data_key) return data_key;
    return Error(Errc::corrupt, "the encryption key '" + row.kek_id +
                                    "' does not decrypt the database's data key: "
                                    "EncryptionOptions::keys has another key under this id, or "
                                    "the row in webhooks_data_key has been changed");
}

Result<Secret> unwrap(const DataKeyRow& row, EncryptionKeys& keys) {
    const Result<EncryptionKey>& key = keys.find(row.kek_id);
    return key ? unwrap(row, *key) : key.error();
}

Result<Secret> unwrap(const DataKeyRow& row, KeyProvider& keys) {
    EncryptionKeys asked(keys);
    return unwrap(row, asked);
}

std::vector<SubscriptionId> subscriptions_not_under(soci::session& sql, std::int64_t key_id,
                                                    SubscriptionId after, std::size_t limit) {
    SubscriptionId id;
    std::vector<SubscriptionId> ids;
    const auto max_rows = static_cast<long long>(limit);
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(use(key_id, "key"));
    query.exchange(use(after, "after"));
    query.exchange(use(max_rows, "limit"));
    for_each_row(query,
                 "SELECT id FROM webhooks_subscription WHERE deletion = 0 AND key_id <> :key "
                 "AND id > :after ORDER BY id LIMIT :limit",
                 [&] { ids.push_back(id); });
    return ids;
}

}  // namespace webhooks::storage
