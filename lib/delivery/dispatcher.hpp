#pragma once

#include <delivery/decision.hpp>
#include <delivery/endpoint.hpp>
#include <delivery/fair_scheduler.hpp>
#include <delivery/memory_budget.hpp>
#include <delivery/now.hpp>
#include <delivery/results.hpp>
#include <delivery/subscription_queue.hpp>
#include <delivery/turn_news.hpp>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>
#include <webhooks/options.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// Decides which event is attempted when, and what follows. It does no I/O and reads no clock: a
/// loop passes it events, answers and the time, and carries out its decisions. What has to be
/// written is returned by `take_results`.
class Dispatcher {
public:
    Dispatcher(const ServiceOptions& options, const MemoryBudget& budget,
               const Endpoints& endpoints);

    /// An event whose resend was requested goes ahead of others, and at once: it is the probe if
    /// the breaker is open.
    void add(HeldEvent event, const Now& now);
    /// What storage says of events behind others with the same ordering key.
    void apply(TurnNews news, const Now& now);
    /// The events that were requested from storage.
    void refill(const RefillRequest& request, std::vector<HeldEvent> events, const Now& now);
    /// Removes a deleted event from the queue. An attempt in flight is not affected.
    void cancel(SubscriptionId subscription, EventId event, const Now& now);
    /// Removes the events of messages that were published for a user until this user's payloads
    /// were destroyed. Attempts in flight are not affected.
    void cancel_shredded(const std::string& user_id, Time destroyed_at, const Now& now);
    /// Subscriptions have changed: events that waited because of their previous version may go now.
    void refresh(const Now& now);

    /// An attempt to make. `finish` reports its end.
    struct Start {
        Transport::Token token = 0;
        HeldEvent event;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};
    };
    /// The next attempt, if any. Events that end without an attempt are recorded in the process.
    std::optional<Start> next(const Now& now);

    /// Handles an answer.
    /// @return false for an attempt that no longer belongs to this worker: its answer is ignored.
    bool finish(Transport::Token token, const TransportAnswer& answer, const Now& now,
                double random_unit);

    /// Gives rows to events that have waited for longer than `ServiceOptions::persist_after`, so
    /// that the low-water mark can advance past them.
    void persist_overdue(const Now& now);

    Results take_results() { return std::exchange(results_, {}); }
    std::size_t results() const noexcept { return results_.size(); }
    std::size_t findings() const noexcept { return results_.findings(); }

    /// Before `clear`, as the service stops: returns the ordered events to storage. Those with an
    /// attempt in flight are due once it cannot reach its endpoint any more.
    void return_ordered(const Now& now);
    /// Forgets all events: another worker has them now.
    void clear(const Now& now);

    std::size_t in_flight() const noexcept { return flights_.size(); }
    std::vector<Transport::Token> tokens_in_flight() const;
    std::size_t waiting() const noexcept { return queued_.events; }
    /// When to call `next` even if nothing else happens.
    std::optional<SteadyTime> next_wakeup() const { return scheduler_.next_wakeup(); }

private:
    struct Flight {
        HeldEvent event;
        FairScheduler::Slot slot;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};
        SteadyTime started{};
    };

    SubscriptionQueue& queue_for(const HeldEvent& event, const Now& now);
    /// Updates a queue to the current version of its subscription. @return its `endpoint`.
    const Endpoint* refresh(SubscriptionQueue& queue, const Now& now);
    void reschedule(SubscriptionQueue& queue, const Now& now);
    void cancel_queue(SubscriptionQueue& queue, const Endpoint* endpoint, const Now& now);
    void request_refill(SubscriptionQueue& queue, const Now& now);
    /// The number of further events that a queue may have in memory.
    std::size_t room_of(const SubscriptionQueue& queue) const;
    MemoryBudget::Queued queued() const;
    /// While there is room, queues of `starved_` request their events, in order.
    void refill_starved(const Now& now);

    using Behind = std::unordered_map<EventId, SubscriptionQueue::Entry>;
    HeldEvent take(Behind::iterator place);
    void add_behind(HeldEvent event, const Now& now);
    void drop_behind(EventId id);
    void return_behind(const Now& now);
    /// Ends what is behind others and is not sent any more.
    void cancel_behind(const Now& now);
    void push(SubscriptionQueue& queue, HeldEvent event, const Now& now);
    HeldEvent pop(SubscriptionQueue& queue) { return take(queue, queue.events.begin()); }
    HeldEvent take(SubscriptionQueue& queue, std::list<SubscriptionQueue::Entry>::iterator place);
    void reserve(SubscriptionQueue& queue, const HeldEvent& event, const Now& now);
    void reserve_if_blocked_for_long(SubscriptionQueue& queue, const Now& now);
    void note_unsent(SubscriptionQueue& queue, const Now& now);
    void record(const Flight& flight, const TransportAnswer& answer, const RetryPolicy& policy,
                const Now& now, double random_unit);
    void note(SubscriptionQueue& queue, const Flight& flight, const TransportAnswer& answer,
              const RetryPolicy& policy, const Now& now);
    RetryPolicy policy_for(const Flight& flight) const;

    const ServiceOptions& options_;
    const MemoryBudget& budget_;
    const HealthPolicy health_policy_;
    const Endpoints& endpoints_;
    FairScheduler scheduler_;
    /// Queues whose reserved events found no room in memory; none has events in its queue.
    IntrusiveList<SubscriptionQueue> starved_;
    std::unordered_map<QueueKey, std::unique_ptr<SubscriptionQueue>>
        queues_;  // Destroyed before the list.
    /// Events that are behind others with the same ordering key; storage says when their turn
    /// comes.
    Behind behind_;
    MemoryBudget::Queued queued_;  ///< All but the number of queues.
    Transport::Token last_token_ = 0;
    std::unordered_map<Transport::Token, Flight> flights_;
    Results results_;
};

}  // namespace webhooks::delivery
