#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace webhooks::storage {

/// The order of events with ordering keys: a queue for each subscription and key, with the events
/// that have not ended. One worker may hold some of a queue: the first of these has its turn. Not
/// thread-safe.
class MemoryOrder {
public:
    /// An event enters its queue, at the place of its id, unless it is there.
    void enter(SubscriptionId subscription, const std::string& key, EventId event);
    /// A worker takes an event. @return false if it has to wait for another one
    bool take(EventId event, WorkerId worker);
    /// A worker holds an event behind the one right in front of it. @return false if it does not
    /// hold that one
    bool take_behind(EventId event, WorkerId worker);
    /// An event is held as well by the worker that has the turn of its queue.
    void hold(EventId event);
    /// The worker that holds it no longer does.
    void put_back(EventId event);
    /// It was deleted during its turn: it keeps its place, and nothing more is held behind it.
    void note_deleted(EventId event, Time now) { deleted_.emplace(event, now); }
    /// It has ended.
    void leave(EventId event);

    bool contains(EventId event) const { return place_.contains(event); }
    bool has_turn(EventId event) const { return turn(event) == event; }
    /// The event of the queue of `event` that has its turn.
    std::optional<EventId> turn(EventId event) const;
    /// What a worker holds of the queue of `event`.
    std::set<EventId> held(EventId event) const;
    /// The first event of the queue of `event`.
    std::optional<EventId> first(EventId event) const;
    /// Another event of the queue of `event`.
    std::optional<EventId> other(EventId event) const;
    /// The events of a queue behind `event` that no worker holds, up to a number.
    std::vector<EventId> unheld_behind(EventId event, std::size_t limit) const;
    /// What `event` waits for.
    std::optional<EventId> in_front_of(EventId event) const;
    std::vector<EventId> held_by(WorkerId worker) const;
    /// The events that were deleted before this time and are all that a worker holds of their
    /// queue.
    std::vector<EventId> deleted_before(Time time) const;

private:
    struct Queue {
        std::set<EventId> events = {};
        std::set<EventId> held = {};
        WorkerId worker{};  ///< That holds them.
    };
    using Queues = std::map<std::pair<SubscriptionId, std::string>, Queue>;

    const Queue* queue_of(EventId event) const;

    Queues queues_;
    std::map<EventId, Queues::iterator> place_;
    std::map<EventId, Time> deleted_;
};

}  // namespace webhooks::storage
