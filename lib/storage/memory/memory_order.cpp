#include <storage/memory/memory_order.hpp>

namespace webhooks::storage {

void MemoryOrder::enter(SubscriptionId subscription, const std::string& key, EventId event) {
    const auto queue = queues_.try_emplace({subscription, key}).first;
    queue->second.events.insert(event);
    place_.emplace(event, queue);
}

bool MemoryOrder::take(EventId event, WorkerId worker) {
    if (next(event) != event) return false;
    Queue& queue = place_.at(event)->second;
    queue.taken = event;
    queue.worker = worker;
    return true;
}

void MemoryOrder::put_back(EventId event) {
    const auto place = place_.find(event);
    if (place == place_.end()) return;
    Queue& queue = place->second->second;
    if (queue.taken == event) queue.taken.reset();
}

std::optional<EventId> MemoryOrder::leave(EventId event) {
    put_back(event);
    const auto place = place_.find(event);
    if (place == place_.end()) return std::nullopt;
    const Queues::iterator queue = place->second;
    place_.erase(place);
    queue->second.events.erase(event);
    if (!queue->second.events.empty()) return next(*queue->second.events.begin());
    queues_.erase(queue);
    return std::nullopt;
}

const MemoryOrder::Queue* MemoryOrder::queue_of(EventId event) const {
    const auto place = place_.find(event);
    return place == place_.end() ? nullptr : &place->second->second;
}

std::optional<EventId> MemoryOrder::next(EventId event) const {
    const Queue* queue = queue_of(event);
    if (queue == nullptr || queue->taken) return std::nullopt;
    return *queue->events.begin();
}

bool MemoryOrder::is_first(EventId event) const {
    const Queue* queue = queue_of(event);
    return queue != nullptr && *queue->events.begin() == event;
}

std::optional<EventId> MemoryOrder::taken(EventId event) const {
    const Queue* queue = queue_of(event);
    return queue == nullptr ? std::nullopt : queue->taken;
}

std::optional<EventId> MemoryOrder::in_front_of(EventId event) const {
    const Queue* queue = queue_of(event);
    if (queue == nullptr || queue->taken == event) return std::nullopt;
    const auto place = queue->events.find(event);
    if (place != queue->events.begin()) return *std::prev(place);
    return queue->taken;
}

std::vector<EventId> MemoryOrder::taken_by(WorkerId worker) const {
    std::vector<EventId> events;
    for (const auto& [key, queue] : queues_) {
        if (queue.taken && queue.worker == worker) events.push_back(*queue.taken);
    }
    return events;
}

}  // namespace webhooks::storage
