#include <iterator>
#include <storage/memory/memory_order.hpp>

namespace webhooks::storage {

void MemoryOrder::enter(SubscriptionId subscription, const std::string& key, EventId event) {
    const auto queue = queues_.try_emplace({subscription, key}).first;
    queue->second.events.insert(event);
    place_.emplace(event, queue);
}

bool MemoryOrder::take(EventId event, WorkerId worker) {
    if (first(event) != event || turn(event)) return false;
    Queue& queue = place_.at(event)->second;
    queue.held = {event};
    queue.worker = worker;
    return true;
}

bool MemoryOrder::take_behind(EventId event, WorkerId worker) {
    Queue& queue = place_.at(event)->second;
    const auto place = queue.events.find(event);
    if (queue.worker != worker || place == queue.events.begin()) return false;
    const EventId previous = *std::prev(place);
    if (!queue.held.contains(previous) || deleted_.contains(previous)) return false;
    queue.held.insert(event);
    return true;
}

void MemoryOrder::hold(EventId event) {
    place_.at(event)->second.held.insert(event);
}

void MemoryOrder::put_back(EventId event) {
    const auto place = place_.find(event);
    if (place != place_.end()) place->second->second.held.erase(event);
}

void MemoryOrder::leave(EventId event) {
    put_back(event);
    const auto place = place_.find(event);
    if (place == place_.end()) return;
    const Queues::iterator queue = place->second;
    place_.erase(place);
    deleted_.erase(event);
    queue->second.events.erase(event);
    if (queue->second.events.empty()) queues_.erase(queue);
}

const MemoryOrder::Queue* MemoryOrder::queue_of(EventId event) const {
    const auto place = place_.find(event);
    return place == place_.end() ? nullptr : &place->second->second;
}

std::optional<EventId> MemoryOrder::turn(EventId event) const {
    const Queue* queue = queue_of(event);
    if (queue == nullptr || queue->held.empty()) return std::nullopt;
    return *queue->held.begin();
}

std::set<EventId> MemoryOrder::held(EventId event) const {
    const Queue* queue = queue_of(event);
    return queue == nullptr ? std::set<EventId>{} : queue->held;
}

std::optional<EventId> MemoryOrder::first(EventId event) const {
    const Queue* queue = queue_of(event);
    return queue == nullptr ? std::nullopt : std::optional(*queue->events.begin());
}

std::optional<EventId> MemoryOrder::other(EventId event) const {
    const Queue* queue = queue_of(event);
    if (queue == nullptr || queue->events.size() < 2) return std::nullopt;
    return *queue->events.begin() == event ? *queue->events.rbegin() : *queue->events.begin();
}

std::vector<EventId> MemoryOrder::unheld_behind(EventId event, std::size_t limit) const {
    std::vector<EventId> found;
    const Queue* queue = queue_of(event);
    if (queue == nullptr) return found;
    for (auto place = queue->events.upper_bound(event);
         place != queue->events.end() && found.size() < limit; ++place) {
        if (!queue->held.contains(*place)) found.push_back(*place);
    }
    return found;
}

std::optional<EventId> MemoryOrder::in_front_of(EventId event) const {
    const Queue* queue = queue_of(event);
    if (queue == nullptr || has_turn(event)) return std::nullopt;
    const auto place = queue->events.find(event);
    if (place != queue->events.begin()) return *std::prev(place);
    return turn(event);
}

std::vector<EventId> MemoryOrder::held_by(WorkerId worker) const {
    std::vector<EventId> events;
    for (const auto& [key, queue] : queues_) {
        if (queue.worker != worker) continue;
        events.insert(events.end(), queue.held.begin(), queue.held.end());
    }
    return events;
}

std::vector<EventId> MemoryOrder::deleted_before(Time time) const {
    std::vector<EventId> events;
    for (const auto& [event, deleted_at] : deleted_) {
        if (deleted_at < time && held(event).size() < 2) events.push_back(event);
    }
    return events;
}

}  // namespace webhooks::storage
