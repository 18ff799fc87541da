#pragma once

#include <memory>
#include <string>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/storage/api_key_store.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// API keys of users. Storage holds only a key's hash; the key itself is returned once, on
/// creation. All member functions may be called from any thread at once.
class ApiKeys {
public:
    /// @param storage a Storage, or another place of the host's own for keys.
    explicit ApiKeys(std::shared_ptr<ApiKeyStore> storage) : storage_(std::move(storage)) {}

    /// Creates a key of 256 random bits, in characters of `[A-Za-z0-9_-]`. It is valid at once.
    Result<Secret> create(const Principal&);
    /// Adds a given text as a key. @param key 16-256 printable ASCII characters; adding the same
    /// key for the same principal again changes nothing.
    Result<> add(const Principal&, const Secret& key);
    /// The owner of a key. @return not_found for a key that does not exist or was revoked.
    Result<Principal> authenticate(std::string_view key) const;
    /// Sorted by id.
    Result<std::vector<ApiKeyRecord>> list() const;
    /// Revokes a key at once. @return not_found.
    Result<> revoke(ApiKeyId);

private:
    std::shared_ptr<ApiKeyStore> storage_;
};

}  // namespace webhooks
