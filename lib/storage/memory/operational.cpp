#include <base/pattern.hpp>
#include <map>
#include <storage/memory/memory_storage.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {

void MemoryStorage::set_operational_listener(
    std::function<void(const OperationalEvent&)> listener) {
    listener_.set(std::move(listener));
}

Result<> MemoryStorage::append_due_operational(std::chrono::seconds exhausted_window,
                                               std::size_t limit) {
    return change(exhausted_window, [&](OperationalWriter& writer) -> Result<> {
        writer.write_due(limit);
        return {};
    });
}

// ---- What happened.

void MemoryStorage::write_failing(const FailingNotice& notice, OperationalWriter& writer) {
    const auto found = subscriptions_.find(notice.subscription);
    if (found == subscriptions_.end() || found->second.is_deleted) return;
    Subscription& subscription = found->second.subscription;
    if (!concerns(notice, subscription) || delivered_since(subscription.id, notice.failing_since)) {
        return;
    }
    subscription.notified_failing_since = notice.failing_since;
    give_notice({.subscription = subscription.id,
                 .judged_at = notice.judged_at,
                 .notified_failing_since = notice.failing_since});
    writer.write(failing(subscription, notice));
}

void MemoryStorage::write_exhausted(const std::vector<EventId>& events, OperationalWriter& writer) {
    struct Group {
        EventId latest{};
        std::int64_t count = 0;
    };
    std::map<SubscriptionId, Group> groups;
    for (const EventId event : events) {
        const StoredEvent& stored = events_.at(event);
        if (stored.message->event_type == test_event_type) continue;
        Group& group = groups[stored.subscription];
        group.latest = event;
        ++group.count;
    }
    for (const auto& [id, group] : groups) {
        const StoredSubscription& stored = subscriptions_.at(id);
        if (stored.is_deleted) continue;
        const StoredEvent& latest = events_.at(group.latest);
        writer.write(exhausted(stored.subscription,
                               {.id = group.latest,
                                .worker_tag = latest.worker_tag,
                                .event_type = latest.message->event_type,
                                .created_at = latest.created_at},
                               group.count));
    }
}

std::size_t MemoryStorage::count_recoverable(SubscriptionId id) const {
    std::size_t count = 0;
    const auto log = log_of_.find(id);
    if (log == log_of_.end()) return count;
    for (const EventId event : log->second) {
        if (is_undelivered(events_.at(event), {})) ++count;
    }
    return count;
}

// ---- Who hears of it.

void MemoryStorage::note_pattern(const StoredSubscription& stored) {
    const Subscription& subscription = stored.subscription;
    if (!stored.is_deleted && subscription.event_type.starts_with(operational_prefix)) {
        operational_.insert(subscription.id);
    } else {
        operational_.erase(subscription.id);
    }
}

std::vector<SubscriptionId> MemoryStorage::recipients(const std::string& type,
                                                      const std::string& owner) {
    std::vector<SubscriptionId> found;
    for (const SubscriptionId id : operational_) {
        const Subscription& subscription = subscriptions_.at(id).subscription;
        const bool hears = subscription.operator_scope || subscription.user_id == owner;
        if (hears && subscription.is_active && pattern_matches(subscription.event_type, type)) {
            found.push_back(id);
        }
    }
    return found;
}

void MemoryStorage::append(const Message& message, const std::vector<SubscriptionId>& subscriptions,
                           Time now) {
    const Append append{.message = std::make_shared<const Message>(message),
                        .subscriptions = subscriptions,
                        .due = now};
    write_append({.tag = random_->next()}, append,
                 {.first_event = {last_event_.value + 1},
                  .count = static_cast<std::uint32_t>(subscriptions.size())});
}

std::optional<PendingFact> MemoryStorage::find_pending(SubscriptionId id, const std::string& type) {
    const auto found = pending_facts_.find({id, type});
    return found == pending_facts_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryStorage::put_pending(const PendingFact& pending) {
    pending_facts_.insert_or_assign({pending.fact.subscription, pending.fact.type}, pending);
}

void MemoryStorage::erase_pending(const PendingFact& pending) {
    pending_facts_.erase({pending.fact.subscription, pending.fact.type});
}

std::vector<PendingFact> MemoryStorage::due_pending(Time now, std::size_t limit) {
    std::vector<PendingFact> due;
    for (const auto& [key, pending] : pending_facts_) {
        if (due.size() == limit) break;
        if (pending.due <= now) due.push_back(pending);
    }
    return due;
}

}  // namespace webhooks::storage
