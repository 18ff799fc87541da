#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// Data keys that could not be obtained: whatever waits for one asks again, and the host's key
/// provider is not to be asked as often. Not thread-safe.
class MissingKeys {
public:
    /// The provider is asked for each key at most once in this time.
    static constexpr std::chrono::seconds interval{1};

    /// Those of the missing keys that are asked for now. They count as missing from now on.
    std::set<std::int64_t> due(const std::set<std::int64_t>& missing, SteadyTime now) {
        std::erase_if(asked_, [now](const auto& key) { return key.second + interval <= now; });
        std::set<std::int64_t> keys;
        for (const std::int64_t key : missing) {
            if (asked_.emplace(key, now).second) keys.insert(key);
        }
        return keys;
    }

private:
    std::map<std::int64_t, SteadyTime> asked_;  ///< When: within the interval.
};

}  // namespace webhooks::storage
