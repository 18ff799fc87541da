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
/// Data keys in one transaction.
constexpr std::size_t rewrapped_at_once = 200;

Error has_no_keys() {
    return {Errc::invalid_argument,
            "the secrets in this database are encrypted: set EncryptionOptions::keys"};
}

}  // namespace

Result<std::size_t> SqlStorage::open_secrets() {
    if (!encryption_.keys) {
        const Result<> is_plain = run(Purpose::survey, [](soci::session& sql) -> Result<> {
            if (!subscriptions_not_under(sql, 0, {}, 1).empty()) return has_no_keys();
            return {};
        });
        if (!is_plain) return is_plain.error();
        if (Result<> prepared = open_payloads(); !prepared) return prepared.error();
        return std::size_t{0};
    }
    if (Result<> loaded = load_data_keys(); !loaded) return loaded.error();
    if (Result<> prepared = open_payloads(); !prepared) return prepared.error();
    return convert_secrets();
}

Result<std::vector<DataKeyRow>> SqlStorage::read_settings_keys() {
    return run(Purpose::read, [](soci::session& sql) -> Result<std::vector<DataKeyRow>> {
        return storage::read_settings_keys(sql);
    });
}

/// Unless another service has made one meanwhile.
Result<> SqlStorage::make_settings_key() {
    const Result<EncryptionKey> key = encryption::current_key(*encryption_.keys);
    if (!key) return key.error();
    const Result<Secret> data_key = encryption::make_key();
    if (!data_key) return data_key.error();
    return run(Purpose::configure, [&](soci::session& sql) -> Result<> {
        if (!storage::read_settings_keys(sql).empty()) return {};
        const Result<DataKeyRow> made = insert_data_key(sql, *data_key, *key, now(sql), {});
        return made ? Result<>() : made.error();
    });
}

/// The host's key provider, which may take a while, is asked outside transactions.
Result<> SqlStorage::load_data_keys() {
    Result<std::vector<DataKeyRow>> rows = read_settings_keys();
    if (rows && rows->empty()) {
        if (Result<> made = make_settings_key(); !made) return made;
        rows = read_settings_keys();
    }
    if (!rows) return rows.error();
    std::map<std::int64_t, Secret> keys;
    for (const DataKeyRow& row : *rows) {
        Result<Secret> data_key = unwrap(row, *encryption_.keys);
        if (!data_key) return data_key.error();
        settings_key_ = *data_key;
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
        const auto ids = run(Purpose::survey, [&](soci::session& sql) {
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
    EncryptionKeys keys(*encryption_.keys);
    const Result<EncryptionKey>& current = keys.current();
    if (!current) return current.error();
    std::size_t rewrapped = 0;
    std::vector<Error> failed;
    for (std::int64_t last = 0;;) {
        const Result<std::vector<DataKeyRow>> rows =
            run(Purpose::read, [&](soci::session& sql) -> Result<std::vector<DataKeyRow>> {
                return data_keys_not_under(sql, current->id, last, rewrapped_at_once);
            });
        if (!rows) return rows.error();
        if (rows->empty()) break;
        last = rows->back().id;
        const Result<std::size_t> done = rewrap(by, *rows, keys, failed);
        if (!done) return done;
        rewrapped += *done;
    }
    if (failed.empty()) return rewrapped;
    return Error(failed.front().code(), "data keys encrypted again: " + std::to_string(rewrapped) +
                                            ", not: " + std::to_string(failed.size()) + ": " +
                                            failed.front().detail());
}

/// One user's data key that cannot be decrypted does not keep those of others under the old key.
Result<std::size_t> SqlStorage::rewrap(const Principal& by, const std::vector<DataKeyRow>& rows,
                                       EncryptionKeys& keys, std::vector<Error>& failed) {
    const EncryptionKey& current = *keys.current();
    struct Change {
        const DataKeyRow& old;
        DataKeyRow row;
    };
    std::vector<Change> changes;
    for (const DataKeyRow& row : rows) {
        const Result<Secret> data_key = unwrap(row, keys);
        if (!data_key) {
            failed.push_back(data_key.error());
            continue;
        }
        Result<DataKeyRow> again = wrap(row.id, *data_key, current);
        if (!again) return again.error();
        changes.push_back({row, *std::move(again)});
    }
    return run(Purpose::change, [&](soci::session& sql) -> Result<std::size_t> {
        std::size_t rewrapped = 0;
        for (const auto& [old, row] : changes) {
            // It may have been destroyed meanwhile.
            if (!update_data_key(sql, old, row)) continue;
            ++rewrapped;
            insert_audit(sql, audit::data_key_rewrapped(by, old.id, old.kek_id, current.id),
                         now(sql));
        }
        return rewrapped;
    });
}

}  // namespace webhooks::storage
