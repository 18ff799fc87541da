#pragma once

#include <ostream>
#include <utility>
#include <webhooks/forwarding_storage.hpp>

/// The host's own storage: it wraps another one, and logs who changed which subscription, which the
/// library does not record.
class AuditedStorage final : public webhooks::ForwardingStorage {
public:
    /// @param audit outlives this object, and may be written from any thread.
    AuditedStorage(std::shared_ptr<webhooks::Storage> inner, std::ostream& audit)
        : ForwardingStorage(std::move(inner)), audit_(audit) {}

    webhooks::Result<webhooks::Subscription> insert_subscription(
        const webhooks::Principal& by, const webhooks::Subscription& subscription) override {
        auto inserted = ForwardingStorage::insert_subscription(by, subscription);
        if (inserted) note(by.user_id(), "created", inserted->id);
        return inserted;
    }

    webhooks::Result<webhooks::Subscription> update_subscription(
        const webhooks::Principal& principal, webhooks::SubscriptionId id,
        const webhooks::SubscriptionChange& change) override {
        auto updated = ForwardingStorage::update_subscription(principal, id, change);
        if (updated) note(principal.user_id(), "changed", id);
        return updated;
    }

    webhooks::Result<> delete_subscription(const webhooks::Principal& principal,
                                           webhooks::SubscriptionId id) override {
        auto deleted = ForwardingStorage::delete_subscription(principal, id);
        if (deleted) note(principal.user_id(), "deleted", id);
        return deleted;
    }

private:
    void note(const std::string& who, const char* what, webhooks::SubscriptionId id) {
        audit_ << who + " " + what + " subscription " + std::to_string(id.value) + "\n";
    }

    std::ostream& audit_;
};
