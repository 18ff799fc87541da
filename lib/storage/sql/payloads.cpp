// The part of SqlStorage that encrypts and decrypts payloads and responses. The host's key provider
// is asked outside transactions.

#include <algorithm>
#include <encryption/envelope.hpp>
#include <storage/audit_records.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/notice_table.hpp>
#include <storage/sql/payload_cipher.hpp>
#include <storage/sql/sql_storage.hpp>

namespace webhooks::storage {
namespace {

SteadyTime steady_now() {
    return std::chrono::steady_clock::now();
}

PayloadKeyPtr as_payload_key(const DataKeyRow& row, Secret bytes, Time now) {
    auto key = std::make_shared<PayloadKey>();
    key->id = row.id;
    key->user_id = row.user_id.value_or("");
    key->bytes = std::move(bytes);
    key->encrypts_until = steady_now() + (row.created_at + data_key_lifetime - now);
    return key;
}

}  // namespace

Result<> SqlStorage::open_payloads() {
    return run(Purpose::read, [&](soci::session& sql) -> Result<> {
        has_encrypted_payloads_ = encrypts_payloads() || has_payload_keys(sql);
        if (!has_encrypted_payloads_ || encryption_.keys) return {};
        return Error(Errc::invalid_argument,
                     "the payloads in this database are encrypted: set EncryptionOptions::keys");
    });
}

// ---- Keys.

Result<PayloadKeyPtr> SqlStorage::read_payload_key(const std::string& user, std::int64_t after,
                                                   EncryptionKeys& keys) {
    struct Found {
        std::optional<DataKeyRow> row;
        Time now{};
    };
    const std::uint64_t generation = payload_keys_.generation();
    const Result<Found> found = run(Purpose::read, [&](soci::session& sql) -> Result<Found> {
        const Time present = now(sql);
        return Found{.row = newest_data_key(sql, user, present - data_key_lifetime, after),
                     .now = present};
    });
    if (!found) return found.error();
    if (!found->row) return PayloadKeyPtr();
    Result<Secret> bytes = unwrap(*found->row, keys);
    // An encryption key that was destroyed on purpose keeps no one from publishing.
    if (!bytes && bytes.error() == Errc::not_found) return PayloadKeyPtr();
    if (!bytes) return bytes.error();
    const PayloadKeyPtr key = as_payload_key(*found->row, *std::move(bytes), found->now);
    payload_keys_.add(key, generation);
    return key;
}

Result<PayloadKeyPtr> SqlStorage::make_payload_key(const std::string& user, EncryptionKeys& keys) {
    const std::uint64_t generation = payload_keys_.generation();
    const Result<EncryptionKey>& key = keys.current();
    if (!key) return key.error();
    Result<Secret> bytes = encryption::make_key();
    if (!bytes) return bytes.error();
    Time created{};
    const Result<DataKeyRow> row =
        run(Purpose::change, [&](soci::session& sql) -> Result<DataKeyRow> {
            created = now(sql);
            return insert_data_key(sql, *bytes, *key, created, user);
        });
    if (!row) return row.error();
    const PayloadKeyPtr made = as_payload_key(*row, *std::move(bytes), created);
    payload_keys_.add(made, generation);
    return made;
}

KeysByUser SqlStorage::encryption_keys(const std::set<std::string>& users) {
    const std::map<std::string, PayloadKeyPtr> known = payload_keys_.newest(users);
    EncryptionKeys asked(*encryption_.keys);
    KeysByUser keys;
    for (const std::string& user : users) {
        const auto found = known.find(user);
        if (found != known.end() && found->second->may_encrypt(steady_now())) {
            keys.emplace(user, found->second);
            continue;
        }
        Result<PayloadKeyPtr> key =
            read_payload_key(user, found != known.end() ? found->second->id : 0, asked);
        if (key && !*key) key = make_payload_key(user, asked);
        keys.emplace(user, std::move(key));
    }
    return keys;
}

KeysById SqlStorage::decryption_keys(std::set<std::int64_t> ids) {
    KeysById keys;
    payload_keys_.find(ids, keys);
    if (ids.empty()) return keys;
    const std::uint64_t generation = payload_keys_.generation();
    Time present{};
    const Result<std::vector<DataKeyRow>> rows =
        run(Purpose::read, [&](soci::session& sql) -> Result<std::vector<DataKeyRow>> {
            present = now(sql);
            return find_data_keys(sql, ids);
        });
    for (const std::int64_t id : ids) {
        keys.emplace(id, rows ? Result<PayloadKeyPtr>(PayloadKeyPtr()) : rows.error());
    }
    if (!rows) return keys;
    EncryptionKeys asked(*encryption_.keys);
    for (const DataKeyRow& row : *rows) {
        Result<PayloadKeyPtr>& place = keys.at(row.id);
        Result<Secret> bytes = row.is_destroyed() ? Secret() : unwrap(row, asked);
        if (!bytes) {
            place = bytes.error();
            continue;
        }
        const PayloadKeyPtr key = as_payload_key(row, *std::move(bytes), present);
        payload_keys_.add(key, generation);
        place = key;
    }
    return keys;
}

// ---- What workers write.

const Batch& SqlStorage::sealed(const Batch& batch, Batch& room) {
    if (!encrypts_payloads()) return batch;
    std::set<std::string> users;
    bool has_digest = false;
    for (const Append& append : batch.appends) {
        // The message of one that matched nothing is not stored.
        if (!append.subscriptions.empty()) users.insert(append.message->user_id);
        has_digest = has_digest || append.idempotency;
    }
    for (const AttemptRecord& record : batch.attempts) {
        if (has_response(record.attempt)) users.insert(record.user_id);
    }
    if (users.empty() && !has_digest) return batch;
    room = batch;
    PayloadSealer sealer(encryption_keys(users));
    for (Append& append : room.appends) {
        if (append.idempotency) seal_digest(*append.idempotency, settings_key_);
        if (!append.subscriptions.empty()) sealer.seal(append);
    }
    for (AttemptRecord& record : room.attempts) {
        sealer.seal(record);
    }
    return room;
}

// ---- What is read.

Result<> SqlStorage::open(std::span<Event* const> events) {
    std::set<std::int64_t> ids;
    for (const Event* event : events) {
        if (event->payload_key_id != 0) ids.insert(event->payload_key_id);
        if (event->response_key_id != 0) ids.insert(event->response_key_id);
    }
    if (ids.empty()) return {};
    KeysById keys = decryption_keys(std::move(ids));
    for (const auto& [id, key] : keys) {
        if (!key && key.error() == Errc::unavailable) return key.error();
    }
    PayloadOpener opener(std::move(keys));
    for (Event* event : events) {
        opener.open(*event);
    }
    return {};
}

Result<Page<Event>> SqlStorage::opened(Result<Page<Event>> page) {
    if (!page) return page;
    std::vector<Event*> events;
    for (Event& event : page->items) {
        events.push_back(&event);
    }
    if (Result<> done = open(events); !done) return done.error();
    return page;
}

Result<Page<Subscription>> SqlStorage::opened(Result<Page<Subscription>> page) {
    if (!page) return page;
    std::vector<Event*> events;
    for (Subscription& subscription : page->items) {
        for (Event& event : subscription.recent_events) {
            events.push_back(&event);
        }
    }
    if (Result<> done = open(events); !done) return done.error();
    return page;
}

Result<EventHistory> SqlStorage::opened(Result<EventHistory> history) {
    if (!history) return history;
    std::set<std::int64_t> ids{history->event.payload_key_id, history->event.response_key_id};
    for (const Attempt& attempt : history->attempts) {
        ids.insert(attempt.key_id);
    }
    ids.erase(0);
    if (ids.empty()) return history;
    KeysById keys = decryption_keys(std::move(ids));
    for (const auto& [id, key] : keys) {
        if (!key && key.error() == Errc::unavailable) return key.error();
    }
    PayloadOpener(std::move(keys)).open(*history);
    return history;
}

void SqlStorage::open(std::vector<HeldEvent>& events) {
    std::set<std::int64_t> ids;
    for (const HeldEvent& event : events) {
        if (event.message->key_id != 0) ids.insert(event.message->key_id);
    }
    if (ids.empty()) return;
    PayloadOpener opener(decryption_keys(std::move(ids)));
    std::map<const Message*, std::shared_ptr<const Message>> messages;
    for (HeldEvent& event : events) {
        if (event.message->key_id == 0) continue;
        const std::shared_ptr<const Message> stored = event.message;
        std::shared_ptr<const Message>& plain = messages[stored.get()];
        if (!plain) plain = std::make_shared<const Message>(opener.open(*stored));
        event.message = plain;
    }
}

Result<std::vector<HeldEvent>> SqlStorage::opened(Result<std::vector<HeldEvent>> events) {
    if (events) open(*events);
    return events;
}

Result<Claim> SqlStorage::opened(Result<Claim> claim) {
    if (!claim) return claim;
    open(claim->events);
    open(claim->behind);
    return claim;
}

Message SqlStorage::open_known(const Message& stored, std::set<std::int64_t>& missing) const {
    if (stored.key_id == 0) return stored;
    std::set<std::int64_t> wanted{stored.key_id};
    KeysById keys;
    payload_keys_.find(wanted, keys);
    missing.merge(wanted);
    return PayloadOpener(std::move(keys)).open(stored);
}

bool SqlStorage::obtain_keys(const std::set<std::int64_t>& missing, SteadyTime now) {
    if (missing.empty() || !encryption_.keys) return false;
    const KeysById keys = decryption_keys(missing_keys_.due(missing, now));
    return std::ranges::any_of(keys,
                               [](const auto& found) { return found.second && *found.second; });
}

// ---- Destroying.

Result<std::size_t> SqlStorage::shred_user(const Principal& by, const std::string& user_id) {
    if (user_id.empty()) {
        return Error(Errc::invalid_argument, "the keys of messages to all users stay");
    }
    const Result<std::size_t> destroyed =
        run(Purpose::configure, [&](soci::session& sql) -> Result<std::size_t> {
            const Time present = now(sql);
            const std::size_t count = destroy_data_keys(sql, user_id, present);
            if (count == 0) return count;
            insert_audit(sql, audit::user_shredded(by, user_id, count), present);
            give_notice(sql, {.shredded_user = user_id}, present);
            return count;
        });
    payload_keys_.forget(user_id);
    return destroyed;
}

}  // namespace webhooks::storage
