#pragma once

/// @file
/// Converts what workers write to the log, and what is read of it, between plain text and how it is
/// stored. Which data key encrypts a value is in its `key_id`, never guessed from the value. Each
/// value is bound to its column and its user.

#include <encryption/envelope.hpp>
#include <memory>
#include <storage/sql/payload_keys.hpp>
#include <webhooks/event.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// The content of one batch, from plain text to how it is stored. Not thread-safe.
class PayloadSealer {
public:
    explicit PayloadSealer(KeysByUser keys) : keys_(std::move(keys)) {}

    /// @return unavailable without a key
    Result<Message> seal(const Message& message);
    /// Without a key it is rejected.
    void seal(Append& append);
    /// Without a key the attempt is recorded without the response: that others go on is worth more.
    void seal(AttemptRecord& record);

private:
    Result<PayloadKeyPtr> key_of(const std::string& user_id) const;
    bool seal_response(Attempt& attempt, const PayloadKey& key);

    KeysByUser keys_;
    encryption::Envelope envelope_;
};

/// Replaces a plain digest, which would tell who guesses a payload whether it is right.
/// @param settings_key the data key of secrets
void seal_digest(IdempotencyKey& key, const Secret& settings_key);

/// Whether anything of an attempt is encrypted.
bool has_response(const Attempt& attempt);

/// The reverse. Not thread-safe.
class PayloadOpener {
public:
    explicit PayloadOpener(KeysById keys) : keys_(std::move(keys)) {}

    /// What cannot be decrypted is empty, and a member says so.
    void open(Event& event);
    void open(EventHistory& history);
    Message open(const Message& stored);

private:
    /// @return readable: `value` was replaced by its plain text; otherwise it is empty.
    PayloadState open(std::string& value, std::int64_t key_id, std::string_view table,
                      std::string_view column, std::string_view name = {});
    PayloadState open_response(Attempt& attempt);

    KeysById keys_;
    encryption::Envelope envelope_;
};

}  // namespace webhooks::storage
