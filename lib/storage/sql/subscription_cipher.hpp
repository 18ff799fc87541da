#pragma once

#include <cstdint>
#include <map>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Converts the signing secrets and header values of a subscription between plain text and how they
/// are stored. Which data key encrypts them is in `Subscription::key_id`, never guessed from a
/// value. Each value is bound to its column and its owner.
class SubscriptionCipher {
public:
    /// Everything is stored in plain text.
    SubscriptionCipher() = default;
    /// @param current the key that encrypts from now on; 0: values are stored in plain text.
    SubscriptionCipher(std::map<std::int64_t, Secret> keys, std::int64_t current)
        : keys_(std::move(keys)), current_(current) {}

    std::int64_t current() const noexcept { return current_; }

    /// From plain text to how it is stored.
    Result<> seal(Subscription& subscription) const;
    /// The reverse. @return corrupt if a value cannot be decrypted; then all are empty and
    /// `is_unreadable` is set.
    Result<> open(Subscription& subscription) const;
    /// As `open`, for callers that continue without the values.
    void open_or_clear(Subscription& subscription) const;

private:
    std::map<std::int64_t, Secret> keys_;
    std::int64_t current_ = 0;
};

/// Whether a change replaces all secrets of a subscription, so that the old ones are not needed.
bool replaces_secrets(const SubscriptionChange& change, const Subscription& subscription);

}  // namespace webhooks::storage
