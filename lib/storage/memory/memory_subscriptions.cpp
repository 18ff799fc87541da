#include <storage/memory/memory_subscriptions.hpp>

#include <storage/notices.hpp>
#include <storage/operational_writer.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {

Subscription MemorySubscriptions::insert(Subscription draft, Time now) {
    draft.id = {++last_id_};
    begin(draft, now, bump_revision());
    subscriptions_[draft.id] = {.subscription = draft};
    note_pattern(draft);
    return draft;
}

Result<Subscription*> MemorySubscriptions::find(const Principal& principal, SubscriptionId id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || !is_visible(principal, found->second)) {
        return no_such_subscription();
    }
    return &found->second.subscription;
}

void MemorySubscriptions::remove(SubscriptionId id, Time now) {
    Stored& stored = subscriptions_.at(id);
    stored.is_deleted = true;
    stored.deleted_at = now;
    stored.subscription.revision = bump_revision();
    operational_.erase(id);
}

EventType MemorySubscriptions::write(EventType type) {
    type.revision = bump_revision();
    event_types_.insert_or_assign(type.name, type);
    return type;
}

std::size_t MemorySubscriptions::count_active(const std::string& event_type) const {
    std::size_t count = 0;
    for (const auto& [id, stored] : subscriptions_) {
        const Subscription& subscription = stored.subscription;
        count +=
            !stored.is_deleted && subscription.is_active && subscription.event_type == event_type;
    }
    return count;
}

std::optional<EventType> MemorySubscriptions::find_event_type(const std::string& name) const {
    const auto found = event_types_.find(name);
    return found == event_types_.end() ? std::nullopt : std::optional(found->second);
}

Configuration MemorySubscriptions::changes_since(Revision since) const {
    Configuration changes{.revision = revision_};
    for (const auto& [id, stored] : subscriptions_) {
        if (stored.subscription.revision <= since) continue;
        if (!stored.is_deleted) {
            changes.subscriptions.push_back(stored.subscription);
        } else if (since != 0) {
            changes.deleted.push_back(id);
        }
    }
    for (const auto& [name, type] : event_types_) {
        if (type.revision > since) changes.event_types.push_back(type);
    }
    return changes;
}

Subscription* MemorySubscriptions::find_version(SubscriptionId id, Revision revision) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || found->second.subscription.revision != revision) {
        return nullptr;
    }
    return &found->second.subscription;
}

Subscription* MemorySubscriptions::find_present(SubscriptionId id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || found->second.is_deleted) return nullptr;
    return &found->second.subscription;
}

void MemorySubscriptions::note_pattern(const Subscription& subscription) {
    if (subscription.event_type.starts_with(operational_prefix)) {
        operational_.insert(subscription.id);
    } else {
        operational_.erase(subscription.id);
    }
}

std::vector<SubscriptionId> MemorySubscriptions::recipients(const OperationalEvent& event,
                                                            const std::string& owner) const {
    std::vector<SubscriptionId> found;
    Recipients reached(event);
    for (const SubscriptionId id : operational_) {
        const Subscription& subscription = subscriptions_.at(id).subscription;
        const bool hears = subscription.operator_scope || subscription.user_id == owner;
        if (hears && subscription.is_active &&
            reached.include(subscription.event_type, subscription.filter, subscription.user_id)) {
            found.push_back(id);
        }
    }
    return found;
}

bool MemorySubscriptions::is_pulled(SubscriptionId id) const {
    return subscriptions_.at(id).subscription.delivery == Delivery::pull;
}

std::vector<SubscriptionId> MemorySubscriptions::deleted() const {
    std::vector<SubscriptionId> ids;
    for (const auto& [id, stored] : subscriptions_) {
        if (stored.is_deleted) ids.push_back(id);
    }
    return ids;
}

bool MemorySubscriptions::erase_deleted(SubscriptionId id, Time now) {
    if (subscriptions_.at(id).deleted_at + notice_lifetime > now) return false;
    subscriptions_.erase(id);
    return true;
}

}  // namespace webhooks::storage
