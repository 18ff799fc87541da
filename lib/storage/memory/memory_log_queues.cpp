// The part of MemoryLog that keeps events with ordering keys in order.

#include <storage/memory/memory_log.hpp>

namespace webhooks::storage {

void MemoryLog::enter_queue(WorkerId worker, EventId id, Time now, BatchReceipt& receipt) {
    const MemoryEvent& event = events_.at(id);
    order_.enter(event.subscription, event.message->ordering_key, id);
    if (event.row || order_.take(id, worker)) return;
    if (!is_turn_reserved(id) && order_.take_behind(id, worker)) {
        receipt.behind.push_back(id);
        return;
    }
    put_row(id, {.due = now, .claimed_by = waits_in_queue});
    receipt.waiting.push_back(id);
}

void MemoryLog::reenter_queue(EventId id) {
    const MemoryEvent& event = events_.at(id);
    order_.enter(event.subscription, event.message->ordering_key, id);
    order_.put_back(id);
    if (is_turn_reserved(id)) free_reserved(*order_.turn(id));
    release_first(id);
}

bool MemoryLog::is_turn_reserved(EventId id) const {
    const std::optional<EventId> turn = order_.turn(id);
    const MemoryEvent* event = turn ? find(*turn) : nullptr;
    return event != nullptr && event->row && event->row->is_reserved;
}

void MemoryLog::free_reserved(EventId id) {
    order_.put_back(id);
    wait_in_queue(id);
}

void MemoryLog::wait_in_queue(EventId id) {
    MemoryEvent::Row row = *events_.at(id).row;
    row.claimed_by = waits_in_queue;
    row.is_reserved = false;
    put_row(id, row);
}

void MemoryLog::leave_queue(EventId id, Time now, BatchReceipt& receipt) {
    const bool had_turn = order_.has_turn(id);
    const std::optional<EventId> other = order_.other(id);
    order_.leave(id);
    if (!other) return;
    const std::optional<EventId> turn = order_.turn(*other);
    if (!turn) return release_first(*other, receipt);
    if (!had_turn) return;
    if (turn == order_.first(*other)) return receipt.turns.push_back(*turn);
    return_held(*other, now, receipt);
    release_first(*other, receipt);
}

void MemoryLog::put_back(EventId id, Time now, BatchReceipt& receipt) {
    const bool had_turn = order_.has_turn(id);
    order_.put_back(id);
    wait_in_queue(id);
    if (had_turn) return_held(id, now, receipt);
    release_first(id, receipt);
}

void MemoryLog::reserve(EventId id, Time now, BatchReceipt& receipt) {
    if (!order_.has_turn(id)) return;
    order_.put_back(id);
    return_held(id, now, receipt);
    const WorkerId worker = events_.at(id).row->claimed_by;
    // An earlier one may have been resent while the worker had this one in its memory.
    if (order_.take(id, worker)) return;
    free_reserved(id);
    release_first(id, receipt);
}

void MemoryLog::claim_behind(const HeldEvent& leader, std::size_t limit, WorkerId worker,
                             std::int64_t number, Time now, std::vector<HeldEvent>& claimed) {
    for (const EventId id : order_.unheld_behind(leader.id, limit)) {
        MemoryEvent& event = events_.at(id);
        if (!event.is_free() || event.row->due > now) continue;
        MemoryEvent::Row row = *event.row;
        row.claimed_by = worker;
        row.claim_number = number;
        put_row(id, row);
        order_.hold(id);
        claimed.push_back(event.held(id));
    }
}

void MemoryLog::return_held(EventId id, Time now, BatchReceipt& receipt) {
    for (const EventId held : order_.held(id)) {
        order_.put_back(held);
        const MemoryEvent& event = events_.at(held);
        if (!event.row) put_row(held, {.due = now});
        wait_in_queue(held);
        receipt.returned.push_back(held);
    }
}

void MemoryLog::release_first(EventId id, BatchReceipt& receipt) {
    if (order_.turn(id)) return;
    const std::optional<EventId> first = order_.first(id);
    const MemoryEvent* event = first ? find(*first) : nullptr;
    if (event == nullptr || !event->row || event->row->claimed_by != waits_in_queue) return;
    MemoryEvent::Row row = *event->row;
    row.claimed_by = {};
    put_row(*first, row);
    ++receipt.released;
}

void MemoryLog::release_first(EventId id) {
    BatchReceipt unused;
    release_first(id, unused);
}

void MemoryLog::release_deleted(Time now) {
    for (const EventId id : order_.deleted_before(now - deleted_turn_lifetime)) {
        const std::optional<EventId> other = order_.other(id);
        order_.leave(id);
        if (other) release_first(*other);
    }
}

/// What a lost worker had in its memory may be in flight until its deadline.
std::size_t MemoryLog::release_held(WorkerId worker, Time now, const TimeoutOf& timeout_of) {
    const std::vector<EventId> held = order_.held_by(worker);
    for (const EventId id : held) {
        const MemoryEvent* event = find(id);
        order_.put_back(id);
        if (event == nullptr) {
            const std::optional<EventId> other = order_.other(id);
            order_.leave(id);
            if (other) release_first(*other);
            continue;
        }
        MemoryEvent::Row row = event->row.value_or(MemoryEvent::Row{});
        if (!row.is_reserved) row.due = now + deadline_of_ordered(timeout_of(event->subscription));
        row.is_requested = false;
        put_row(id, row);
        wait_in_queue(id);
        release_first(id);
    }
    return held.size();
}

}  // namespace webhooks::storage
