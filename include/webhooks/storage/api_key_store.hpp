#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/credential.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/permissions.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// An API key as stored: never the key itself.
struct ApiKeyRecord {
    ApiKeyId id{};
    std::string hash;  ///< SHA-256 of the key, 32 bytes.
    std::string user_id;
    std::string name = {};
    Permissions permissions = Permissions::user();
    /// The one subscription that the key is limited to.
    std::optional<SubscriptionId> subscription = {};
    std::optional<Time> expires_at = {};
    std::optional<RequestRate> rate = {};
    std::string hint = {};  ///< The key's last characters, to recognize it by.
    Time created_at{};
    std::optional<Time> last_used_at = {};  ///< To within some minutes.
};

/// The part of a Storage that stores API keys. A storage may lack it: the default implementations
/// return `unsupported`. webhooks/storage.hpp says what holds for all calls.
class ApiKeyStore {
public:
    virtual ~ApiKeyStore() = default;

    /// Stores everything except `id` and `created_at`, which it assigns.
    /// @param by the caller, here and below
    virtual Result<ApiKeyRecord> insert_api_key(const Principal& by, const ApiKeyRecord&);
    virtual Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash);
    /// Sorted by id.
    virtual Result<std::vector<ApiKeyRecord>> list_api_keys();
    virtual Result<> delete_api_key(const Principal& by, ApiKeyId);
    /// Sets `last_used_at`; a key that does not exist is no error. It is called in requests, and so
    /// should fail rather than wait for long. The default implementation does nothing.
    virtual Result<> note_api_key_use(ApiKeyId, Time);
};

}  // namespace webhooks
