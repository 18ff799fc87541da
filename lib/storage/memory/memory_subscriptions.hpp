#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <storage/visibility.hpp>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Subscriptions, event types, and the number of their changes. Not thread-safe.
class MemorySubscriptions {
public:
    Revision revision() const { return revision_; }
    Revision bump_revision() { return ++revision_; }

    Subscription insert(Subscription draft, Time now);
    /// @return not_found also if the principal may not see it
    Result<Subscription*> find(const Principal& principal, SubscriptionId id);
    /// Hides it. Workers hear of it by `changes_since`, so it stays until `erase_deleted`.
    void remove(SubscriptionId id, Time now);
    /// Calls `visit(const Subscription&)` for each, in order of id.
    template <class Visit>
    void for_each_visible(const Principal& principal, Visit visit) const {
        for (const auto& [id, stored] : subscriptions_) {
            if (is_visible(principal, stored)) visit(stored.subscription);
        }
    }
    /// After a change of its pattern.
    void note_pattern(const Subscription& subscription);
    /// As OperationalTable::recipients.
    std::vector<SubscriptionId> recipients(const OperationalEvent& event,
                                           const std::string& owner) const;
    /// @pre it exists
    bool is_pulled(SubscriptionId id) const;
    std::optional<EventType> find_event_type(const std::string& name) const;
    /// Inserts it, or replaces the one of its name, at a new revision. @return as it is stored now.
    EventType write(EventType type);
    /// The number of active ones that have exactly this type.
    std::size_t count_active(const std::string& event_type) const;
    Configuration changes_since(Revision since) const;

    /// @return null if there is none, or a state is of an earlier version; it may be deleted
    Subscription* find_version(SubscriptionId id, Revision revision);
    /// @return null if there is none, or it was deleted
    Subscription* find_present(SubscriptionId id);

    std::vector<SubscriptionId> deleted() const;
    /// @return whether it was deleted so long ago that every worker has heard of it
    bool erase_deleted(SubscriptionId id, Time now);

private:
    struct Stored {
        Subscription subscription;
        bool is_deleted = false;
        Time deleted_at{};
    };

    static bool is_visible(const Principal& principal, const Stored& stored) {
        return !stored.is_deleted && may_see(principal, stored.subscription);
    }

    std::map<SubscriptionId, Stored> subscriptions_;
    /// Those with a pattern of operational events.
    std::set<SubscriptionId> operational_;
    std::map<std::string, EventType> event_types_;
    Revision revision_ = 1;
    std::int64_t last_id_ = 0;
};

}  // namespace webhooks::storage
