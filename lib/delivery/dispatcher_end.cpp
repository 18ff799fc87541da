// What happens to events as a service stops, or loses its identity: a part of Dispatcher.

#include <delivery/dispatcher.hpp>
#include <delivery/event_rules.hpp>

namespace webhooks::delivery {

void Dispatcher::return_ordered(const Now& now) {
    return_behind(now);
    for (const auto& [token, flight] : flights_) {
        if (!is_ordered(flight.event)) continue;
        const Time over = now.time + deadline_of_ordered(flight.endpoint->timeout);
        results_.change_custody(flight.event, over, Custody::unclaimed);
    }
    for (const auto& [key, queue] : queues_) {
        for (const SubscriptionQueue::Entry& entry : queue->events) {
            if (!is_ordered(entry.event)) continue;
            results_.change_custody(entry.event, now.time, Custody::unclaimed);
        }
    }
}

void Dispatcher::clear(const Now& now) {
    flights_.clear();
    scheduler_.end_all();
    queued_ = {};
    behind_.clear();
    results_ = {};
    for (const auto& [key, queue] : queues_) {
        queue->events.clear();
        queue->behind = 0;
        queue->backlog.clear();
        FairScheduler::forget_requests(*queue);
        reschedule(*queue, now);
    }
}

}  // namespace webhooks::delivery
