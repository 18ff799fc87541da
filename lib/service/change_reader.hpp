#pragma once

#include <cstdint>
#include <memory>
#include <service/inbox.hpp>
#include <service/storage_health.hpp>
#include <service/subscription_index.hpp>
#include <webhooks/storage/subscription_store.hpp>

namespace webhooks::service {

/// Reads what other workers changed: subscriptions and event types, and their notices of pauses and
/// deleted events.
class ChangeReader {
public:
    ChangeReader(std::shared_ptr<SubscriptionStore> storage, SubscriptionIndex& index, Inbox& inbox,
                 StorageHealth& health)
        : storage_(std::move(storage)), index_(index), inbox_(inbox), health_(health) {}

    /// Reads what has changed since the index was built. Any thread.
    Result<> refresh();
    /// As `refresh`; a failure is noted. @return whether it succeeded
    bool refresh_index() { return health_.note_storage_result(refresh(), "reading changes"); }
    /// Reads what is newer than the index, according to a heartbeat.
    /// @return false if storage does not respond; the next heartbeat reads the rest
    bool apply_changes(const Heartbeat&);
    /// The index is about to be read for the first time, and has what notices said until now.
    void skip_notices(const Heartbeat& heartbeat) {
        if (index_.revision() == 0) last_notice_ = heartbeat.last_notice;
    }

private:
    bool drain_notices();

    const std::shared_ptr<SubscriptionStore> storage_;
    SubscriptionIndex& index_;
    Inbox& inbox_;
    StorageHealth& health_;
    /// Those up to it are in the index.
    std::int64_t last_notice_ = 0;
};

}  // namespace webhooks::service
