#include <encryption/envelope.hpp>
#include <memory>
#include <publication/publication.hpp>
#include <signing/digest.hpp>
#include <storage/sql/outbox_cipher.hpp>
#include <storage/sql/payload_cipher.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

PayloadKeyPtr as_outbox_key(std::int64_t id, const std::string& user, Secret bytes) {
    auto key = std::make_shared<PayloadKey>();
    key->id = id;
    key->user_id = user;
    key->bytes = std::move(bytes);
    return key;
}

}  // namespace

Error outbox_needs_keys() {
    return {Errc::unsupported,
            "services encrypt the payloads in this database: pass publish_in_transaction the "
            "KeyProvider of EncryptionOptions::keys"};
}

std::optional<IdempotencyKey> idempotency_of(const Publication& publication) {
    if (publication.idempotency_key.empty()) return {};
    return IdempotencyKey{
        .scope = publication.user_id,
        .key = publication.idempotency_key,
        .digest = signing::sha256(digest_input(publication, publication.user_id))};
}

Message message_of(const Publication& publication) {
    return {.event_type = publication.event_type,
            .content_type = publication.content_type,
            .payload = std::make_shared<const std::string>(publication.payload),
            .expires_at = publication.expires_at,
            .user_id = publication.user_id,
            .ordering_key = publication.ordering_key};
}

Result<> seal_digest(IdempotencyKey& key, const std::optional<DataKeyRow>& settings,
                     KeyProvider& keys) {
    const Result<Secret> bytes =
        settings ? unwrap(*settings, keys)
                 : Error(Errc::corrupt, "webhooks_data_key has no data key of secrets");
    if (!bytes) {
        return Error(Errc::unavailable,
                     "the digest of the idempotency key cannot be made: " + bytes.error().detail());
    }
    seal_digest(key, *bytes);
    return {};
}

Result<std::optional<OutboxKey>> open_outbox_key(const DataKeyRow& row, const std::string& user,
                                                 KeyProvider& keys) {
    Result<Secret> bytes = unwrap(row, keys);
    if (bytes) return OutboxKey{.key = as_outbox_key(row.id, user, *std::move(bytes))};
    if (bytes.error() == Errc::not_found) return std::optional<OutboxKey>();
    return bytes.error();
}

Result<OutboxKey> make_outbox_key(std::int64_t id, const std::string& user, KeyProvider& keys) {
    const Result<EncryptionKey> key = encryption::current_key(keys);
    if (!key) return key.error();
    Result<Secret> bytes = encryption::make_key();
    if (!bytes) return bytes.error();
    Result<DataKeyRow> row = wrap(id, *bytes, *key);
    if (!row) return row.error();
    return OutboxKey{.key = as_outbox_key(id, user, *std::move(bytes)), .made = *std::move(row)};
}

Result<Message> seal(const Message& message, const Result<OutboxKey>& key) {
    KeysByUser keys;
    keys.emplace(message.user_id, key ? Result<PayloadKeyPtr>(key->key) : key.error());
    return PayloadSealer(std::move(keys)).seal(message);
}

}  // namespace webhooks::storage
