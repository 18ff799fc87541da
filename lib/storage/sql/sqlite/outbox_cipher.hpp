#pragma once

#include <storage/sql/data_key_table.hpp>
#include <storage/sql/payload_keys.hpp>
#include <storage/sql/sqlite/attached_file.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// Encrypts what one call publishes in a transaction of the host, as services do. Nothing is kept
/// for the next call: a data key that the transaction has made is gone if it is rolled back. Throws
/// what SqliteStatement throws.
class SqliteOutboxCipher {
public:
    SqliteOutboxCipher(const AttachedFile& file, KeyProvider& keys, Time now)
        : file_(file), keys_(keys), now_(now) {}

    /// @return unavailable without the data key of secrets
    Result<> seal_digest(IdempotencyKey& key) const;
    /// Makes a data key for the user if there is none. @return unavailable without one
    Result<Message> seal(const Message& message) const;

private:
    Result<PayloadKeyPtr> key_of(const std::string& user) const;
    std::optional<DataKeyRow> newest(const std::string& condition, const std::string& user) const;
    Result<PayloadKeyPtr> make_key(const std::string& user) const;

    const AttachedFile& file_;
    KeyProvider& keys_;
    const Time now_;
};

}  // namespace webhooks::storage
