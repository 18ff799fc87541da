#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/outbox_cipher.hpp>

namespace webhooks::storage {

Result<> SqliteOutboxCipher::seal_digest(IdempotencyKey& key) const {
    return storage::seal_digest(key, newest("user_id IS NULL AND ? = ''", {}), keys_);
}

Result<Message> SqliteOutboxCipher::seal(const Message& message) const {
    return storage::seal(message, key_of(message.user_id));
}

Result<OutboxKey> SqliteOutboxCipher::key_of(const std::string& user) const {
    const std::optional<DataKeyRow> row =
        newest("user_id = ? AND destroyed_at IS NULL AND created_at > " +
                   std::to_string(to_micros(now_ - data_key_lifetime)),
               user);
    if (row) {
        const Result<std::optional<OutboxKey>> opened = open_outbox_key(*row, user, keys_);
        if (!opened) return opened.error();
        if (*opened) return **opened;
    }
    return make_key(user);
}

std::optional<DataKeyRow> SqliteOutboxCipher::newest(const std::string& condition,
                                                     const std::string& user) const {
    std::optional<DataKeyRow> found;
    file_
        .statement("SELECT id, wrapped, kek_id FROM @webhooks_data_key WHERE " + condition +
                   " ORDER BY id DESC LIMIT 1")
        .find(
            [&](const SqliteRow& row) {
                found = DataKeyRow{.id = row.number(0),
                                   .wrapped = std::string(row.text(1)),
                                   .kek_id = std::string(row.text(2))};
            },
            user);
    return found;
}

Result<OutboxKey> SqliteOutboxCipher::make_key(const std::string& user) const {
    std::int64_t id = 0;
    file_
        .statement(
            "INSERT INTO @webhooks_data_key (wrapped, kek_id, user_id, created_at) "
            "VALUES ('', '', ?, ?) RETURNING id")
        .find([&](const SqliteRow& row) { id = row.number(0); }, user, to_micros(now_));
    Result<OutboxKey> key = make_outbox_key(id, user, keys_);
    if (!key) return key;
    file_.statement("UPDATE @webhooks_data_key SET wrapped = ?, kek_id = ? WHERE id = ?")
        .execute(key->made->wrapped, key->made->kek_id, id);
    return key;
}

}  // namespace webhooks::storage
