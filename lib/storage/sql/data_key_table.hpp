#pragma once

/// @file
/// Statements on data keys. They run in the caller's transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/encryption.hpp>
#include <webhooks/error.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// A data key as stored.
struct DataKeyRow {
    std::int64_t id = 0;
    std::string wrapped;  ///< Encrypted with the encryption key `kek_id`. Empty: destroyed.
    std::string kek_id;
    /// Whose payloads it encrypts; empty: those of publications to all users. Absent: secrets.
    std::optional<std::string> user_id = {};
    Time created_at{};

    bool is_destroyed() const noexcept { return wrapped.empty(); }
};

/// Those of secrets, in order of id.
std::vector<DataKeyRow> read_settings_keys(soci::session& sql);
/// Those after `after` that are not destroyed and that another encryption key encrypts, in order of
/// id.
std::vector<DataKeyRow> data_keys_not_under(soci::session& sql, const std::string& kek_id,
                                            std::int64_t after, std::size_t limit);
/// Also those that were destroyed.
std::vector<DataKeyRow> find_data_keys(soci::session& sql, const std::set<std::int64_t>& ids);
/// The user's newest that is not destroyed, of those created after `oldest` and with an id after
/// `after`.
std::optional<DataKeyRow> newest_data_key(soci::session& sql, const std::string& user_id,
                                          Time oldest, std::int64_t after);
/// @param user_id as in DataKeyRow
Result<DataKeyRow> insert_data_key(soci::session& sql, const Secret& data_key,
                                   const EncryptionKey& key, Time now,
                                   const std::optional<std::string>& user_id);
/// @return how many there were.
std::size_t destroy_data_keys(soci::session& sql, const std::string& user_id, Time now);

/// Whether anything is encrypted by the data key of a user.
bool has_payload_keys(soci::session& sql);
/// Tells those who publish in SQL.
void set_encrypts_payloads(soci::session& sql, bool encrypts);
/// @return false if the row has changed since it was read
bool update_data_key(soci::session& sql, const DataKeyRow& old, const DataKeyRow& changed);

/// What the host's key provider answers during one call: it is asked for each key once, also if it
/// does not give it, however many data keys the key encrypts. Not thread-safe.
class EncryptionKeys {
public:
    explicit EncryptionKeys(KeyProvider& provider) : provider_(provider) {}

    const Result<EncryptionKey>& current();
    /// @return as `KeyProvider::find`
    const Result<EncryptionKey>& find(const std::string& id);

private:
    KeyProvider& provider_;
    std::optional<Result<EncryptionKey>> current_;
    std::map<std::string, Result<EncryptionKey>> found_;
};

/// A row with this data key, encrypted with another key.
Result<DataKeyRow> wrap(std::int64_t id, const Secret& data_key, const EncryptionKey& key);
/// @return corrupt if the row has been changed, or `key` is not the one that encrypted it
Result<Secret> unwrap(const DataKeyRow& row, const EncryptionKey& key);
/// @return also not_found if the key was destroyed on purpose; unavailable if it cannot be obtained
/// now
Result<Secret> unwrap(const DataKeyRow& row, EncryptionKeys& keys);
Result<Secret> unwrap(const DataKeyRow& row, KeyProvider& keys);

/// Subscriptions whose secrets are not stored under this data key (0: plain), in order of id.
std::vector<SubscriptionId> subscriptions_not_under(soci::session& sql, std::int64_t key_id,
                                                    SubscriptionId after, std::size_t limit);

}  // namespace webhooks::storage
