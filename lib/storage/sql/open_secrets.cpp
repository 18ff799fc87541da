// The part of SqlStorage that obtains data keys, and converts what is stored at its start.

#include <encryption/envelope.hpp>
#include <map>
#include <storage/audit_records.hpp>
#include <storage/sql/audit_table.hpp>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/sql_storage.hpp>
#include <storage/sql/subscription_table.hpp>
#include <webhooks/principal.hpp>

namespace webhooks::storage {
namespace {

/// Subscriptions in one transaction, which other changes of subscriptions wait for.
constexpr std::size_t converted_at_once = 100;

Error has_no_keys() {
    return {Errc::invalid_argument,
            "the secrets in this database are encrypted: set EncryptionOptions::keys"};
}

}  // namespace

Result<std::size_t> SqlStorage::open_secrets() {
    if (!encryption_.keys) {
        return run(Purpose::read, [](soci::session& sql) -> Result<std::size_t> {
            if (!subscriptions_not_under(sql, 0, {}, 1).empty()) return has_no_keys();
            return std::size_t{0};
        });
    }
    if (Result<> loaded = load_data_keys(); !loaded) return loaded.error();
    return convert_secrets();
}

Result<std::vector<DataKeyRow>> SqlStorage::read_data_keys() {
    return run(Purpose::read, [](soci::session& sql) -> Result<std::vector<DataKeyRow>> {
        return storage::read_data_keys(sql);
    });
}

/// Unless another service has made one meanwhile.
Result<> SqlStorage::make_data_key() {
    const Result<EncryptionKey> key = encryption::current_key(*encryption_.keys);
    if (!key) return key.error();
    const Result<Secret> data_key = encryption::make_key();
    if (!data_key) return data_key.error();
    return run(Purpose::configure, [&](soci::session& sql) -> Result<> {
        if (!storage::read_data_keys(sql).empty()) return {};
        return insert_data_key(sql, *data_key, *key, now(sql));
    });
}

/// The host's key provider, which may take a while, is asked outside transactions.
Result<> SqlStorage::load_data_keys() {
    Result<std::vector<DataKeyRow>> rows = read_data_keys();
    if (rows && rows->empty()) {
        if (Result<> made = make_data_key(); !made) return made;
        rows = read_data_keys();
    }
    if (!rows) return rows.error();
    std::map<std::int64_t, Secret> keys;
    for (const DataKeyRow& row : *rows) {
        const Result<EncryptionKey> key = encryption::find_key(*encryption_.keys, row.kek_id);
        if (!key) return key.error();
        Result<Secret> data_key = unwrap(row, *key);
        if (!data_key) return data_key.error();
        keys.emplace(row.id, *std::move(data_key));
    }
    const std::int64_t current = encryption_.secrets ? rows->back().id : 0;
    cipher_ = SubscriptionCipher(std::move(keys), current);
    return {};
}

/// One whose secrets cannot be decrypted stays as it is.
Result<std::size_t> SqlStorage::convert_secrets() {
    std::size_t converted = 0;
    const auto convert = [&](soci::session& sql, SubscriptionId id) -> Result<> {
        std::optional<Subscription> found =
            storage::find_subscription(sql, Principal::administrator({}), id);
        if (!found || !cipher_.open(*found)) return {};
        if (Result<> sealed = cipher_.seal(*found); !sealed) return sealed;
        storage::update_subscription(sql, *found);
        ++converted;
        return {};
    };
    for (SubscriptionId last{};;) {
        const auto ids = run(Purpose::read, [&](soci::session& sql) {
            return Result<std::vector<SubscriptionId>>(
                subscriptions_not_under(sql, cipher_.current(), last, converted_at_once));
        });
        if (!ids) return ids.error();
        if (ids->empty()) return converted;
        last = ids->back();
        const Result<> done = run(Purpose::configure, [&](soci::session& sql) -> Result<> {
            for (const SubscriptionId id : *ids) {
                if (Result<> one = convert(sql, id); !one) return one;
            }
            return {};
        });
        if (!done) return done.error();
    }
}

Result<std::size_t> SqlStorage::rewrap_data_keys(const Principal& by) {
    if (!encryption_.keys) {
        return Error(Errc::invalid_argument,
                     "there are no encryption keys: set EncryptionOptions::keys");
    }
    const Result<EncryptionKey> current = encryption::current_key(*encryption_.keys);
    if (!current) return current.error();
    const Result<std::vector<DataKeyRow>> rows = read_data_keys();
    if (!rows) return rows.error();
    std::size_t rewrapped = 0;
    for (const DataKeyRow& row : *rows) {
        if (row.kek_id == current->id) continue;
        const Result<EncryptionKey> key = encryption::find_key(*encryption_.keys, row.kek_id);
        if (!key) return key.error();
        const Result<Secret> data_key = unwrap(row, *key);
        if (!data_key) return data_key.error();
        const Result<DataKeyRow> changed = wrap(row.id, *data_key, *current);
        if (!changed) return changed.error();
        const Result<> done = run(Purpose::change, [&](soci::session& sql) -> Result<> {
            if (!update_data_key(sql, row, *changed)) return {};
            ++rewrapped;
            insert_audit(sql, audit::data_key_rewrapped(by, row.id, row.kek_id, changed->kek_id),
                         now(sql));
            return {};
        });
        if (!done) return done.error();
    }
    return rewrapped;
}

}  // namespace webhooks::storage
