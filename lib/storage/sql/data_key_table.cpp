#include <encryption/envelope.hpp>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

constexpr std::string_view data_keys = "webhooks_data_key";

}  // namespace

std::vector<DataKeyRow> read_data_keys(soci::session& sql) {
    DataKeyRow row;
    std::vector<DataKeyRow> rows;
    soci::statement query(sql);
    query.exchange(into(row.id));
    query.exchange(into(row.wrapped));
    query.exchange(into(row.kek_id));
    for_each_row(query, "SELECT id, wrapped, kek_id FROM webhooks_data_key ORDER BY id",
                 [&] { rows.push_back(row); });
    return rows;
}

Result<> insert_data_key(soci::session& sql, const Secret& data_key, const EncryptionKey& key,
                         Time now) {
    std::int64_t id = 0;
    execute(sql,
            "INSERT INTO webhooks_data_key (wrapped, kek_id, created_at) "
            "VALUES ('', '', :created_at) RETURNING id",
            into(id), use(now, "created_at"));
    const Result<DataKeyRow> row = wrap(id, data_key, key);
    if (!row) return row.error();
    update_data_key(sql, {.id = id, .wrapped = {}, .kek_id = {}}, *row);
    return {};
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
