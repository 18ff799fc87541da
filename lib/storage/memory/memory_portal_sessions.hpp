#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/storage/portal_session_store.hpp>

namespace webhooks::storage {

/// The hashes of the codes and tokens of portal sessions. Not thread-safe.
class MemoryPortalSessions {
public:
    /// @return conflict if the hash of the code exists
    Result<PortalSessionRecord> insert(PortalSessionRecord draft);
    std::optional<PortalSessionRecord> redeem(std::string_view code_hash,
                                              std::string_view token_hash, Time now);
    std::optional<PortalSessionRecord> find(std::string_view token_hash) const;
    /// @return what it erased; not_found
    Result<PortalSessionRecord> erase(PortalSessionId id);
    std::vector<PortalSessionRecord> erase_of(const std::string& user_id);
    /// Those that have ended. @return the number of them
    std::size_t erase_old(Time now);

private:
    std::map<PortalSessionId, PortalSessionRecord> sessions_;
    std::int64_t last_id_ = 0;
};

}  // namespace webhooks::storage
