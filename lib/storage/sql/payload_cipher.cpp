#include <storage/sql/payload_cipher.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

constexpr std::string_view messages = "webhooks_message";
constexpr std::string_view attempts = "webhooks_attempt";

/// The state of several values together: the first that could not be read.
PayloadState first_of(PayloadState a, PayloadState b) {
    return a == PayloadState::readable ? b : a;
}

void remove_response(Attempt& attempt) {
    attempt.response.reset();
    if (!attempt.details) return;
    auto details = std::make_shared<AttemptDetails>(*attempt.details);
    details->response_headers.clear();
    attempt.details = std::move(details);
}

}  // namespace

void seal_digest(IdempotencyKey& key, const Secret& settings_key) {
    key.former_digest = std::exchange(
        key.digest, encryption::keyed_digest(settings_key, "webhooks_idempotency_key", key.digest));
}

bool has_response(const Attempt& attempt) {
    return (attempt.response && !attempt.response->empty()) ||
           (attempt.details && !attempt.details->response_headers.empty());
}

// ---- Encryption.

Result<PayloadKeyPtr> PayloadSealer::key_of(const std::string& user_id) const {
    const auto found = keys_.find(user_id);
    if (found == keys_.end()) return Error(Errc::internal, "no data key was obtained");
    return found->second;
}

Result<Message> PayloadSealer::seal(const Message& message) {
    const Result<PayloadKeyPtr> key = key_of(message.user_id);
    Result<std::string> sealed = key ? envelope_.seal((*key)->bytes, *message.payload,
                                                      {messages, "payload", message.user_id})
                                     : key.error();
    if (!sealed) {
        return Error(Errc::unavailable,
                     "the payload cannot be encrypted: " + sealed.error().detail());
    }
    ++(*key)->uses;
    Message stored = message;
    stored.payload = std::make_shared<const std::string>(*std::move(sealed));
    stored.key_id = (*key)->id;
    return stored;
}

void PayloadSealer::seal(Append& append) {
    Result<Message> stored = seal(*append.message);
    if (stored) {
        append.message = std::make_shared<const Message>(*std::move(stored));
    } else {
        append.rejection = stored.error();
    }
}

void PayloadSealer::seal(AttemptRecord& record) {
    Attempt& attempt = record.attempt;
    if (!has_response(attempt)) return;
    const Result<PayloadKeyPtr> key = key_of(record.user_id);
    if (key && seal_response(attempt, **key)) return;
    attempt.key_id = 0;
    remove_response(attempt);
}

bool PayloadSealer::seal_response(Attempt& attempt, const PayloadKey& key) {
    attempt.key_id = key.id;
    if (attempt.response) {
        ++key.uses;
        Result<std::string> sealed =
            envelope_.seal(key.bytes, *attempt.response, {attempts, "response", key.user_id});
        if (!sealed) return false;
        attempt.response = *std::move(sealed);
    }
    if (!attempt.details) return true;
    auto details = std::make_shared<AttemptDetails>(*attempt.details);
    for (Header& header : details->response_headers) {
        ++key.uses;
        Result<std::string> sealed = envelope_.seal(
            key.bytes, header.value, {attempts, "details", header.name, key.user_id});
        if (!sealed) return false;
        header.value = *std::move(sealed);
    }
    attempt.details = std::move(details);
    return true;
}

// ---- Decryption.

PayloadState PayloadOpener::open(std::string& value, std::int64_t key_id, std::string_view table,
                                 std::string_view column, std::string_view name) {
    if (key_id == 0) return PayloadState::readable;
    const std::string stored = std::exchange(value, {});
    const auto found = keys_.find(key_id);
    if (found == keys_.end() || !found->second) return PayloadState::locked;
    const PayloadKeyPtr& key = *found->second;
    if (!key) return PayloadState::corrupt;
    if (key->bytes.empty()) return PayloadState::destroyed;
    const Result<Secret> plain =
        name.empty() ? envelope_.open(key->bytes, stored, {table, column, key->user_id})
                     : envelope_.open(key->bytes, stored, {table, column, name, key->user_id});
    if (!plain) return PayloadState::corrupt;
    value = plain->reveal();
    return PayloadState::readable;
}

void PayloadOpener::open(Event& event) {
    const PayloadState payload =
        open(event.payload, std::exchange(event.payload_key_id, 0), messages, "payload");
    event.is_payload_gone = payload == PayloadState::destroyed;
    PayloadState response = PayloadState::readable;
    const std::int64_t key_id = std::exchange(event.response_key_id, 0);
    if (event.response) response = open(*event.response, key_id, attempts, "response");
    for (const PayloadState state : {payload, response}) {
        if (state == PayloadState::locked || state == PayloadState::corrupt) {
            event.is_unreadable = true;
        }
    }
}

PayloadState PayloadOpener::open_response(Attempt& attempt) {
    const std::int64_t key_id = std::exchange(attempt.key_id, 0);
    PayloadState state = PayloadState::readable;
    if (attempt.response) state = open(*attempt.response, key_id, attempts, "response");
    if (key_id == 0 || !attempt.details) return state;
    auto details = std::make_shared<AttemptDetails>(*attempt.details);
    for (Header& header : details->response_headers) {
        state = first_of(state, open(header.value, key_id, attempts, "details", header.name));
    }
    std::erase_if(details->response_headers,
                  [](const Header& header) { return header.name.empty(); });
    attempt.details = std::move(details);
    return state;
}

void PayloadOpener::open(EventHistory& history) {
    open(history.event);
    for (Attempt& attempt : history.attempts) {
        const PayloadState state = open_response(attempt);
        if (state == PayloadState::locked || state == PayloadState::corrupt) {
            history.event.is_unreadable = true;
        }
    }
}

Message PayloadOpener::open(const Message& stored) {
    Message message = stored;
    std::string payload = *stored.payload;
    message.state = open(payload, std::exchange(message.key_id, 0), messages, "payload");
    message.payload = std::make_shared<const std::string>(std::move(payload));
    const auto key = keys_.find(stored.key_id);
    if (key != keys_.end() && key->second && *key->second) {
        message.user_id = (*key->second)->user_id;
    }
    return message;
}

}  // namespace webhooks::storage
