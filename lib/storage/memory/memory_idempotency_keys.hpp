#pragma once

#include <map>
#include <optional>
#include <storage/idempotency.hpp>
#include <string>
#include <utility>

namespace webhooks::storage {

/// The idempotency keys of recent publications. Not thread-safe.
class MemoryIdempotencyKeys {
public:
    std::optional<Earlier> find(const IdempotencyKey& key, Time now) const {
        const auto found = keys_.find({key.scope, key.key});
        if (found == keys_.end() || is_old(found->second, now)) return std::nullopt;
        return Earlier{.has_same_content = found->second.digest == key.digest,
                       .appended = found->second.receipt};
    }
    void insert(const IdempotencyKey& key, const Appended& receipt, Time now) {
        keys_[{key.scope, key.key}] = {.digest = key.digest, .receipt = receipt, .created_at = now};
    }
    /// @return the number of keys erased
    std::size_t erase_old(Time now) {
        return std::erase_if(keys_, [&](const auto& entry) { return is_old(entry.second, now); });
    }

private:
    struct Stored {
        std::string digest;
        Appended receipt;
        Time created_at{};
    };

    static bool is_old(const Stored& stored, Time now) {
        return stored.created_at + idempotency_lifetime <= now;
    }

    std::map<std::pair<std::string, std::string>, Stored> keys_;
};

}  // namespace webhooks::storage
