#include <storage/memory/memory_subscriptions.hpp>

#include <storage/notices.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {

Subscription MemorySubscriptions::insert(Subscription draft, Time now) {
    draft.id = {++last_id_};
    begin(draft, now, bump_revision());
    subscriptions_[draft.id] = {.subscription = draft};
    return draft;
}

Result<Subscription*> MemorySubscriptions::find(const Principal& principal, SubscriptionId id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || !is_visible(principal, found->second)) {
        return Error(Errc::not_found, "no such subscription");
    }
    return &found->second.subscription;
}

void MemorySubscriptions::remove(SubscriptionId id, Time now) {
    Stored& stored = subscriptions_.at(id);
    stored.is_deleted = true;
    stored.deleted_at = now;
    stored.subscription.revision = bump_revision();
}

void MemorySubscriptions::upsert(const EventType& type) {
    const auto [place, is_new] = event_types_.try_emplace(type.name, type);
    if (!is_new && place->second == type) return;
    place->second = type;
    bump_revision();
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
        changes.event_types.push_back(type);
    }
    return changes;
}

std::optional<Notice> MemorySubscriptions::write(const EndpointState& state, Time now) {
    const auto found = subscriptions_.find(state.subscription);
    if (found == subscriptions_.end()) return std::nullopt;
    Subscription& subscription = found->second.subscription;
    if (subscription.revision != state.judged_at) return std::nullopt;
    if (!join(state, subscription, now)) return std::nullopt;
    return Notice{.subscription = subscription.id,
                  .judged_at = state.judged_at,
                  .paused_until = subscription.paused_until};
}

bool MemorySubscriptions::is_concerned(const Deactivation& deactivation) const {
    const auto found = subscriptions_.find(deactivation.subscription);
    return found != subscriptions_.end() && !found->second.is_deleted &&
           concerns(deactivation, found->second.subscription);
}

void MemorySubscriptions::deactivate(const Deactivation& deactivation, Time now) {
    Subscription& subscription = subscriptions_.at(deactivation.subscription).subscription;
    storage::deactivate(deactivation, subscription, now, bump_revision());
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
