// What happens to events that are in memory behind others with their ordering key: a part of
// Dispatcher.

#include <delivery/dispatcher.hpp>
#include <delivery/event_rules.hpp>

namespace webhooks::delivery {

void Dispatcher::apply(TurnNews news, const Now& now) {
    for (HeldEvent& event : news.behind) {
        add_behind(std::move(event), now);
    }
    // Some may have left memory meanwhile: storage gets to know, and passes their turns on.
    for (const EventId id : news.turns) {
        if (const auto found = behind_.find(id); found != behind_.end()) add(take(found), now);
    }
    for (const EventId id : news.returned) {
        drop_behind(id);
    }
    if (!news.returns_all) return;
    return_behind(now);
    results_.returned_all = true;
}

void Dispatcher::add_behind(HeldEvent event, const Now& now) {
    if (const char* reason =
            reason_to_cancel(event, endpoints_.endpoint(event.subscription).get())) {
        return results_.end_unsent(event, Outcome::cancelled, reason, now);
    }
    SubscriptionQueue& queue = queue_for(event, now);
    if (room_of(queue) == 0) {
        return results_.change_custody(event, now.time, Custody::unclaimed);
    }
    drop_behind(event.id);
    ++queue.behind;
    ++queued_.events;
    queued_.payload_bytes += payload_bytes(event);
    const EventId id = event.id;
    behind_.insert_or_assign(id, SubscriptionQueue::Entry{std::move(event), now.steady});
}

void Dispatcher::drop_behind(EventId id) {
    if (const auto found = behind_.find(id); found != behind_.end()) results_.release(take(found));
}

void Dispatcher::return_behind(const Now& now) {
    while (!behind_.empty()) {
        results_.change_custody(take(behind_.begin()), now.time, Custody::unclaimed);
    }
}

void Dispatcher::cancel_behind(const Now& now) {
    for (auto place = behind_.begin(); place != behind_.end();) {
        const auto entry = place++;
        const HeldEvent& event = entry->second.event;
        const char* reason = reason_to_cancel(event, endpoints_.endpoint(event.subscription).get());
        if (reason) results_.end_unsent(take(entry), Outcome::cancelled, reason, now);
    }
}

HeldEvent Dispatcher::take(Behind::iterator place) {
    HeldEvent event = std::move(place->second.event);
    behind_.erase(place);
    SubscriptionQueue& queue = *queues_.at({.subscription = event.subscription});
    --queue.behind;
    if (queue.backlog.size() > 0 && !queue.starved_hook.is_linked()) {
        queue.starved_hook.enter(starved_);
    }
    --queued_.events;
    queued_.payload_bytes -= payload_bytes(event);
    return event;
}

}  // namespace webhooks::delivery
