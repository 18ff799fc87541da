#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/storage/api_key_store.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A key to be made. It never grants more than its maker has.
struct ApiKeyDraft {
    std::string name;  ///< 1-64 characters.
    /// Absent: the maker's. Only administrators may name another user.
    std::optional<std::string> user_id = {};
    /// Absent: all of a user's that the maker has. At least one.
    std::optional<Permissions> permissions = {};
    /// One subscription to limit the key to. If the maker is limited to one, the key is as well.
    std::optional<SubscriptionId> subscription = {};
    /// In the future, no later than that of the key that creates it. Absent: the same, or never.
    std::optional<Time> expires_at = {};
    /// Absent: that of the key that creates it, if any.
    std::optional<RequestRate> rate = {};
};

struct CreatedApiKey {
    Secret key;  ///< `whk_` and 43 characters of `[A-Za-z0-9_-]`: 256 random bits.
    ApiKeyRecord record;
};

/// API keys of users. Storage holds only a key's hash; the key itself is returned once, on
/// creation. All member functions may be called from any thread at once.
class ApiKeys {
public:
    /// @param storage a Storage, or another place of the host's own for keys.
    /// @param clock tells whether a key has expired. Absent: the system's.
    explicit ApiKeys(std::shared_ptr<ApiKeyStore> storage, std::shared_ptr<Clock> clock = {});

    /// Creates a key that may do what the principal may. It is valid at once.
    Result<Secret> create(const Principal&);
    /// Creates a key on behalf of a principal. Whether its subscription exists is not checked.
    /// @return invalid_argument that lists every invalid member; forbidden for what the maker
    /// lacks.
    Result<CreatedApiKey> create(const Principal& maker, const ApiKeyDraft&);
    /// Adds a given text as a key. @param key 16-256 printable ASCII characters; adding the same
    /// key for the same principal again changes nothing.
    Result<> add(const Principal&, const Secret& key);
    /// The owner of a key, and what the key may do. About every 5 minutes, it records that the key
    /// is used. @return not_found for a key that does not exist, was revoked, or has expired.
    Result<Principal> authenticate(std::string_view key) const;
    /// Sorted by id.
    Result<std::vector<ApiKeyRecord>> list() const;
    /// The user's own; for an administrator, everyone's; for a principal that is limited to one
    /// subscription, those that are limited to it as well. Sorted by id.
    Result<std::vector<ApiKeyRecord>> list(const Principal&) const;
    /// Revokes a key at once, on behalf of the host. @return not_found.
    Result<> revoke(ApiKeyId);
    /// As above. @return not_found also for a key that `list` does not have.
    Result<> revoke(const Principal&, ApiKeyId);

private:
    std::shared_ptr<ApiKeyStore> storage_;
    std::shared_ptr<Clock> clock_;
};

}  // namespace webhooks
