// The part of MemoryLog that keeps events with ordering keys in order.

#include <storage/memory/memory_log.hpp>

namespace webhooks::storage {

void MemoryLog::enter_queue(WorkerId worker, EventId id, Time now, std::vector<EventId>& waiting) {
    const MemoryEvent& event = events_.at(id);
    order_.enter(event.subscription, event.message->ordering_key, id);
    if (event.row || order_.take(id, worker)) return;
    put_row(id, {.due = now, .claimed_by = waits_in_queue});
    waiting.push_back(id);
}

void MemoryLog::reenter_queue(EventId id) {
    const MemoryEvent& event = events_.at(id);
    order_.enter(event.subscription, event.message->ordering_key, id);
    order_.put_back(id);
    if (const std::optional<EventId> taken = order_.taken(id)) give_way(*taken);
    release_next(order_.next(id));
}

void MemoryLog::give_way(EventId id) {
    const MemoryEvent* event = find(id);
    if (event == nullptr || !event->row || !event->row->is_reserved) return;
    MemoryEvent::Row row = *event->row;
    row.claimed_by = {};
    row.is_reserved = false;
    put_row(id, row);
    put_back(id);
}

void MemoryLog::leave_queue(EventId id) {
    release_next(order_.leave(id));
}

void MemoryLog::put_back(EventId id) {
    order_.put_back(id);
    release_next(order_.next(id));
}

void MemoryLog::release_next(std::optional<EventId> id) {
    const MemoryEvent* event = id ? find(*id) : nullptr;
    if (event == nullptr || !event->row || event->row->claimed_by != waits_in_queue) return;
    MemoryEvent::Row row = *event->row;
    row.claimed_by = {};
    put_row(*id, row);
}

/// What a lost worker had in its memory may be in flight until its deadline.
std::size_t MemoryLog::release_taken(WorkerId worker, Time now, const TimeoutOf& timeout_of) {
    const std::vector<EventId> taken = order_.taken_by(worker);
    for (const EventId id : taken) {
        const MemoryEvent* event = find(id);
        if (event == nullptr) {
            leave_queue(id);
            continue;
        }
        MemoryEvent::Row row = event->row.value_or(MemoryEvent::Row{});
        if (!row.is_reserved) row.due = now + deadline_of_ordered(timeout_of(event->subscription));
        row.claimed_by = {};
        row.is_reserved = row.is_requested = false;
        put_row(id, row);
        put_back(id);
    }
    return taken.size();
}

}  // namespace webhooks::storage
