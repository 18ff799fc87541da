#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// An API key as stored: never the key itself.
struct ApiKeyRecord {
    ApiKeyId id{};
    std::string hash;  ///< SHA-256 of the key, 32 bytes.
    std::string user_id;
    bool is_administrator = false;
    Time created_at{};
};

/// The part of a Storage that stores API keys. A storage may lack it: the default implementations
/// return `unsupported`. webhooks/storage.hpp says what holds for all calls.
class ApiKeyStore {
public:
    virtual ~ApiKeyStore() = default;

    /// Stores everything except `id` and `created_at`, which it assigns.
    virtual Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&);
    virtual Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash);
    virtual Result<std::vector<ApiKeyRecord>> list_api_keys();
    virtual Result<> delete_api_key(ApiKeyId);
};

}  // namespace webhooks
