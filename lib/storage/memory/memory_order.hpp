#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>

namespace webhooks::storage {

/// The order of events with ordering keys: a queue for each subscription and key, with the events
/// that have not ended. At most one of a queue is taken by a worker. Not thread-safe.
class MemoryOrder {
public:
    /// An event enters its queue, at the place of its id, unless it is there.
    void enter(SubscriptionId subscription, const std::string& key, EventId event);
    /// A worker takes an event. @return false if it has to wait for another one
    bool take(EventId event, WorkerId worker);
    /// The worker that has taken it no longer has it.
    void put_back(EventId event);
    /// It has ended. One that was taken and deleted keeps its place until then.
    /// @return the first event of its queue, if no worker has taken one
    std::optional<EventId> leave(EventId event);

    bool contains(EventId event) const { return place_.contains(event); }
    /// The first event of the queue of `event`, if no worker has taken one.
    std::optional<EventId> next(EventId event) const;
    bool is_first(EventId event) const;
    /// What was taken of the queue of `event`.
    std::optional<EventId> taken(EventId event) const;
    /// What `event` waits for.
    std::optional<EventId> in_front_of(EventId event) const;
    std::vector<EventId> taken_by(WorkerId worker) const;

private:
    struct Queue {
        std::set<EventId> events = {};
        std::optional<EventId> taken = {};
        WorkerId worker{};  ///< That has taken it.
    };
    using Queues = std::map<std::pair<SubscriptionId, std::string>, Queue>;

    const Queue* queue_of(EventId event) const;

    Queues queues_;
    std::map<EventId, Queues::iterator> place_;
};

}  // namespace webhooks::storage
