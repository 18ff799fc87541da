#include <encryption/envelope.hpp>
#include <memory>
#include <storage/sql/exchange.hpp>
#include <storage/sql/payload_cipher.hpp>
#include <storage/sql/sqlite/outbox_cipher.hpp>

namespace webhooks::storage {
namespace {

PayloadKeyPtr as_key(std::int64_t id, const std::string& user, Secret bytes) {
    auto key = std::make_shared<PayloadKey>();
    key->id = id;
    key->user_id = user;
    key->bytes = std::move(bytes);
    return key;
}

}  // namespace

Result<> SqliteOutboxCipher::seal_digest(IdempotencyKey& key) const {
    const std::optional<DataKeyRow> row = newest("user_id IS NULL AND ? = ''", {});
    const Result<Secret> bytes =
        row ? unwrap(*row, keys_)
            : Error(Errc::corrupt, "webhooks_data_key has no data key of secrets");
    if (!bytes) {
        return Error(Errc::unavailable,
                     "the digest of the idempotency key cannot be made: " + bytes.error().detail());
    }
    storage::seal_digest(key, *bytes);
    return {};
}

Result<Message> SqliteOutboxCipher::seal(const Message& message) const {
    KeysByUser keys;
    keys.emplace(message.user_id, key_of(message.user_id));
    return PayloadSealer(std::move(keys)).seal(message);
}

Result<PayloadKeyPtr> SqliteOutboxCipher::key_of(const std::string& user) const {
    const std::optional<DataKeyRow> row =
        newest("user_id = ? AND destroyed_at IS NULL AND created_at > " +
                   std::to_string(to_micros(now_ - data_key_lifetime)),
               user);
    if (!row) return make_key(user);
    Result<Secret> bytes = unwrap(*row, keys_);
    if (bytes) return as_key(row->id, user, *std::move(bytes));
    // An encryption key that was destroyed on purpose keeps no one from publishing.
    if (bytes.error() == Errc::not_found) return make_key(user);
    return bytes.error();
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

Result<PayloadKeyPtr> SqliteOutboxCipher::make_key(const std::string& user) const {
    const Result<EncryptionKey> key = encryption::current_key(keys_);
    if (!key) return key.error();
    Result<Secret> bytes = encryption::make_key();
    if (!bytes) return bytes.error();
    std::int64_t id = 0;
    file_
        .statement(
            "INSERT INTO @webhooks_data_key (wrapped, kek_id, user_id, created_at) "
            "VALUES ('', '', ?, ?) RETURNING id")
        .find([&](const SqliteRow& row) { id = row.number(0); }, user, to_micros(now_));
    const Result<DataKeyRow> row = wrap(id, *bytes, *key);
    if (!row) return row.error();
    file_.statement("UPDATE @webhooks_data_key SET wrapped = ?, kek_id = ? WHERE id = ?")
        .execute(row->wrapped, row->kek_id, id);
    return as_key(id, user, *std::move(bytes));
}

}  // namespace webhooks::storage
