#pragma once

/// @file
/// Statements on data keys. They run in the caller's transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <cstdint>
#include <string>
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
    std::string wrapped;  ///< Encrypted with the encryption key `kek_id`.
    std::string kek_id;
};

std::vector<DataKeyRow> read_data_keys(soci::session& sql);
Result<> insert_data_key(soci::session& sql, const Secret& data_key, const EncryptionKey& key,
                         Time now);
/// @return false if the row has changed since it was read
bool update_data_key(soci::session& sql, const DataKeyRow& old, const DataKeyRow& changed);

/// A row with this data key, encrypted with another key.
Result<DataKeyRow> wrap(std::int64_t id, const Secret& data_key, const EncryptionKey& key);
/// @return corrupt if the row has been changed, or `key` is not the one that encrypted it
Result<Secret> unwrap(const DataKeyRow& row, const EncryptionKey& key);

/// Subscriptions whose secrets are not stored under this data key (0: plain), in order of id.
std::vector<SubscriptionId> subscriptions_not_under(soci::session& sql, std::int64_t key_id,
                                                    SubscriptionId after, std::size_t limit);

}  // namespace webhooks::storage
