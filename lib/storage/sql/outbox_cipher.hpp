#pragma once

/// @file
/// What a transaction of the host encrypts. Nothing is kept for the next call: a data key that the
/// transaction has made is gone if it is rolled back.

#include <cstdint>
#include <optional>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/payload_keys.hpp>
#include <string>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// Where services encrypt payloads and the host has passed no keys.
Error outbox_needs_keys();

/// The idempotency key of a publication, if it has one, with its plain digest.
std::optional<IdempotencyKey> idempotency_of(const Publication& publication);
Message message_of(const Publication& publication);

/// @param settings the newest data key of secrets
/// @return unavailable if it cannot be obtained
Result<> seal_digest(IdempotencyKey& key, const std::optional<DataKeyRow>& settings,
                     KeyProvider& keys);

/// A data key of a user as a transaction of the host has it.
struct OutboxKey {
    PayloadKeyPtr key;
    std::optional<DataKeyRow> made = {};  ///< The row to insert, if it is new.
};

/// @return nullopt if the encryption key was destroyed on purpose, which keeps no one from
/// publishing: a new data key is made
Result<std::optional<OutboxKey>> open_outbox_key(const DataKeyRow& row, const std::string& user,
                                                 KeyProvider& keys);
/// @param id of the new row
Result<OutboxKey> make_outbox_key(std::int64_t id, const std::string& user, KeyProvider& keys);

/// @return unavailable without a key
Result<Message> seal(const Message& message, const Result<OutboxKey>& key);

}  // namespace webhooks::storage
