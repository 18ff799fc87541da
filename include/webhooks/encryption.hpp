#pragma once

/// @file
/// Encryption of secrets and payloads in a database: see docs/encryption.md.

#include <memory>
#include <string>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/secret.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A key that protects other keys. It never encrypts a stored value itself.
struct EncryptionKey {
    std::string id;  ///< 1-64 of A-Z, a-z, 0-9, `.`, `_` and `-`; stored next to what it protects.
    Secret bytes;    ///< 32 bytes.
};

/// Where a storage gets its encryption keys from: a file, or a class of the host that asks a key
/// management service. Called when a storage is opened, by `rewrap_data_keys`, and, if payloads are
/// encrypted, when a process needs the data key of a user for the first time; from any thread. A
/// call may block for a moment, during which this worker writes nothing; a storage waits for it
/// outside its transactions.
class KeyProvider {
public:
    virtual ~KeyProvider() = default;

    /// The key for new data keys. @return unavailable if it cannot be obtained now.
    virtual Result<EncryptionKey> current() = 0;
    /// A current or an earlier key. @return not_found if there is none with this id (any more);
    /// unavailable if it cannot be obtained now.
    virtual Result<EncryptionKey> find(const std::string& id) = 0;
};

/// Keys from a text file, which is read again when it has changed. Each line is an id, a space and
/// 32 bytes in base64; the first is the current key. Empty lines and lines that begin with `#` are
/// skipped. While a changed file cannot be used, `current` returns why, and `find` the keys read
/// before.
/// @return unavailable if the file cannot be read; invalid_argument, naming the line, if it is not
/// as described, or if other users can read the file.
Result<std::shared_ptr<KeyProvider>> keys_from_file(const std::string& path);

/// What a SQL storage encrypts.
struct EncryptionOptions {
    /// Absent: nothing is encrypted, and a database that has encrypted values cannot be opened.
    std::shared_ptr<KeyProvider> keys = {};
    /// Encrypt signing secrets and header values of subscriptions. Opening a storage converts the
    /// stored ones, also back to plain text if this is false. Without effect if `keys` is absent.
    bool secrets = true;
    /// Encrypt the payloads of messages, and the responses of endpoints with their headers, each
    /// under a data key of its user. It applies to what is written from now on; what is in plain
    /// text stays so until it is deleted, as what is encrypted remains encrypted if this is false
    /// again. Events cannot be filtered or sorted by payload or response then. Without effect if
    /// `keys` is absent.
    bool payloads = false;
};

}  // namespace webhooks
