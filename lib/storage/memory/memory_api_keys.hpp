#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/storage/api_key_store.hpp>

namespace webhooks::storage {

/// The hashes of API keys. Not thread-safe.
class MemoryApiKeys {
public:
    /// @return conflict if the hash exists
    Result<ApiKeyRecord> insert(ApiKeyRecord draft, Time now);
    std::optional<ApiKeyRecord> find(std::string_view hash) const;
    std::vector<ApiKeyRecord> all() const;
    void note_use(ApiKeyId id, Time time);
    /// @return what it erased; not_found
    Result<ApiKeyRecord> erase(ApiKeyId id);

private:
    std::map<ApiKeyId, ApiKeyRecord> keys_;
    std::int64_t last_id_ = 0;
};

}  // namespace webhooks::storage
