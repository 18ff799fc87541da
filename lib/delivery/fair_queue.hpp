#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// Events that wait for their turn. Turns go round the hosts (scheme, host and port), then round
/// the subscriptions of a host, so that a long queue delays nobody but itself; a host has a bounded
/// number of requests under way.
class FairQueue {
public:
    explicit FairQueue(std::size_t max_in_flight_per_host) : host_limit_(max_in_flight_per_host) {}

    FairQueue(const FairQueue&) = delete;
    FairQueue& operator=(const FairQueue&) = delete;

    void push(const std::string& host, HeldEvent event, SteadyTime now);

    /// The event whose turn it is. It is under way at its host until `finished`.
    struct Turn {
        HeldEvent event;
        std::string host;
    };
    /// @return nothing when every host that has events is at its limit.
    std::optional<Turn> next();
    void finished(const std::string& host);

    /// Takes out what has waited since before `limit`.
    std::vector<HeldEvent> take_older_than(SteadyTime limit);

    /// Takes out one event, if it waits.
    std::optional<HeldEvent> take(SubscriptionId subscription, EventId event);

    /// Forgets all that waits and all that is under way.
    void clear();

    std::size_t size() const noexcept { return size_; }

private:
    struct Entry {
        HeldEvent event;
        SteadyTime since;
    };
    struct Host {
        std::string name;
        std::size_t in_flight = 0;
        std::unordered_map<SubscriptionId, std::deque<Entry>> queues;
        /// Subscriptions with events, in order of their turns.
        std::deque<SubscriptionId> turns;
        /// Its place in `turns_`, if it is there.
        std::optional<std::list<Host*>::iterator> place;
    };

    void settle(Host& host);
    void update_place(Host& host);
    HeldEvent pop_from(Host& host);
    void forget_if_idle(Host& host);

    std::size_t host_limit_;
    std::size_t size_ = 0;
    std::unordered_map<std::string, std::unique_ptr<Host>> hosts_;
    /// Hosts that have events and may have another request under way, in order of their turns.
    std::list<Host*> turns_;
};

}  // namespace webhooks::delivery
