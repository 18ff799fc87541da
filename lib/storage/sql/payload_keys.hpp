#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// A new data key replaces one that is older, or that this process has used for as many values:
/// random nonces of 96 bits allow 2^32 values under one key, and 16 processes may share it.
inline constexpr std::chrono::hours data_key_lifetime{30 * 24};
inline constexpr std::uint64_t max_data_key_uses = std::uint64_t{1} << 28;

/// A data key of a user, in memory.
struct PayloadKey {
    std::int64_t id = 0;
    std::string user_id;
    Secret bytes;                 ///< Empty: it was destroyed.
    SteadyTime encrypts_until{};  ///< From then on it only decrypts.
    mutable std::atomic<std::uint64_t> uses{0};

    bool may_encrypt(SteadyTime now) const {
        return !bytes.empty() && now < encrypts_until && uses < max_data_key_uses;
    }
};
using PayloadKeyPtr = std::shared_ptr<const PayloadKey>;

/// For each user, a key that encrypts, or why there is none.
using KeysByUser = std::map<std::string, Result<PayloadKeyPtr>>;
/// For each id its key, null if there is no such data key, or why it cannot be obtained.
using KeysById = std::map<std::int64_t, Result<PayloadKeyPtr>>;

/// The data keys that a process has obtained. All member functions may be called from any thread;
/// each locks once, however many keys it concerns.
class PayloadKeys {
public:
    /// Of these, the keys that are known, in `found`; those that are not remain in `wanted`.
    void find(std::set<std::int64_t>& wanted, KeysById& found) const;
    /// The newest known key of each user; also one that may not encrypt any more.
    std::map<std::string, PayloadKeyPtr> newest(const std::set<std::string>& users) const;

    /// Counts the calls of `forget`.
    std::uint64_t generation() const;
    /// @param generation before the key was read: if it has changed since, the key is not kept.
    void add(const PayloadKeyPtr& key, std::uint64_t generation);
    /// The keys of a user were destroyed.
    void forget(const std::string& user_id);

private:
    mutable std::mutex mutex_;
    std::uint64_t generation_ = 0;
    std::unordered_map<std::int64_t, PayloadKeyPtr> by_id_;
    std::unordered_map<std::string, PayloadKeyPtr> newest_;
};

}  // namespace webhooks::storage
