// What a batch says of subscriptions: the part of MemoryStorage that subscribers hear of.

#include <map>
#include <storage/audit_records.hpp>
#include <storage/memory/memory_storage.hpp>
#include <storage/subscription_change.hpp>

namespace webhooks::storage {

std::vector<SubscriptionId> MemoryStorage::write_findings(const Batch& batch,
                                                          const std::vector<EventId>& exhausted,
                                                          OperationalWriter& writer) {
    for (const EndpointState& state : batch.states) {
        write(state, writer);
    }
    write_exhausted(exhausted, writer);
    for (const FailingNotice& notice : batch.failing_notices) {
        write(notice, writer);
    }
    std::vector<SubscriptionId> deactivated;
    for (const Deactivation& deactivation : batch.deactivations) {
        if (write(deactivation, writer)) deactivated.push_back(deactivation.subscription);
    }
    return deactivated;
}

void MemoryStorage::write(const EndpointState& state, OperationalWriter& writer) {
    Subscription* subscription = subscriptions_.find_version(state.subscription, state.revision);
    if (subscription == nullptr) return;
    if (const auto since = end_notified_failing(state, *subscription)) {
        const std::size_t undelivered = log_.count_undelivered(subscription->id, {});
        writer.write(recovered(*subscription, writer.now() - *since, undelivered));
    }
    if (!join(state, *subscription, writer.now())) return;
    notices_.add({.subscription = subscription->id,
                  .revision = state.revision,
                  .paused_until = subscription->paused_until},
                 writer.now());
}

void MemoryStorage::write_exhausted(const std::vector<EventId>& events, OperationalWriter& writer) {
    struct Group {
        EventId latest{};
        std::int64_t count = 0;
    };
    std::map<SubscriptionId, Group> groups;
    for (const EventId id : events) {
        const MemoryEvent& event = *log_.find(id);
        if (event.message->event_type == test_event_type) continue;
        Group& group = groups[event.subscription];
        group.latest = id;
        ++group.count;
    }
    for (const auto& [id, group] : groups) {
        const Subscription* subscription = subscriptions_.find_present(id);
        if (subscription == nullptr) continue;
        const MemoryEvent& latest = *log_.find(group.latest);
        writer.write(exhausted(*subscription,
                               {.id = group.latest,
                                .worker_tag = latest.worker_tag,
                                .event_type = latest.message->event_type,
                                .created_at = latest.created_at},
                               group.count));
    }
}

void MemoryStorage::write(const FailingNotice& notice, OperationalWriter& writer) {
    Subscription* subscription = subscriptions_.find_present(notice.subscription);
    if (subscription == nullptr || !concerns(notice, *subscription)) return;
    if (log_.delivered_since(notice.subscription, notice.failing_since)) return;
    subscription->notified_failing_since = notice.failing_since;
    notices_.add({.subscription = notice.subscription,
                  .revision = notice.revision,
                  .notified_failing_since = notice.failing_since},
                 writer.now());
    writer.write(failing(*subscription, notice));
}

bool MemoryStorage::write(const Deactivation& deactivation, OperationalWriter& writer) {
    const SubscriptionId id = deactivation.subscription;
    Subscription* subscription = subscriptions_.find_present(id);
    if (subscription == nullptr || !concerns(deactivation, *subscription)) return false;
    if (deactivation.failing_since && log_.delivered_since(id, *deactivation.failing_since)) {
        return false;
    }
    storage::deactivate(deactivation, *subscription, writer.now(), subscriptions_.bump_revision());
    audit_.add(audit::subscription_deactivated(*subscription), writer.now());
    writer.write(deactivated(*subscription, deactivation, log_.count_waiting(id)));
    return true;
}

}  // namespace webhooks::storage
