#pragma once

#include <delivery/decision.hpp>
#include <delivery/endpoint.hpp>
#include <delivery/lane.hpp>
#include <delivery/results.hpp>
#include <delivery/turns.hpp>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// What time it is: in storage, where log and due times go by it, and on the steady clock.
struct Now {
    Time time{};
    SteadyTime steady{};

    /// The storage's time of a steady one.
    Time at(SteadyTime steady_time) const {
        return time + std::chrono::duration_cast<Time::duration>(steady_time - steady);
    }
};

/// Decides which event is attempted when, and what becomes of it. It does no I/O and reads no
/// clock: a loop feeds it events, answers and the time, and carries out what it says. What is to be
/// written it leaves in `take_results`.
class Dispatcher {
public:
    Dispatcher(const ServiceOptions& options, EndpointLookup lookup);

    /// One that somebody asked to send again goes before others, and at once: it is the probe of a
    /// breaker that is open.
    void add(HeldEvent event, const Now& now);
    /// What came of a Want.
    void refill(const Want& want, std::vector<HeldEvent> events, const Now& now);
    /// Takes an event that was deleted out of the queue. What is under way ends as it ends.
    void cancel(SubscriptionId subscription, EventId event, const Now& now);
    /// Subscriptions have changed: what waits for one that did need not wait any more.
    void refresh(const Now& now);

    /// An attempt to make. Its end is told by `finish`.
    struct Start {
        Transport::Token token = 0;
        HeldEvent event;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};
    };
    /// The next attempt, if any; events that end without one end on the way.
    std::optional<Start> next(const Now& now);

    /// What an answer leads to.
    /// @return false for an attempt that is no longer this worker's: the answer leads to nothing.
    bool finish(Transport::Token token, const TransportAnswer& answer, const Now& now,
                double chance);

    /// Gives rows to events that have waited for longer than `ServiceOptions::park_after`, so that
    /// the low-water mark can pass them.
    void hold_old(const Now& now);

    Results take_results() { return std::exchange(results_, {}); }
    std::size_t results() const noexcept { return results_.size(); }

    /// Forgets all events: another worker has them now.
    void clear(const Now& now);

    std::size_t in_flight() const noexcept { return flights_.size(); }
    std::vector<Transport::Token> tokens_in_flight() const;
    std::size_t waiting() const noexcept { return waiting_; }
    /// When `next` has something to do though nothing happens.
    std::optional<SteadyTime> next_timer() const { return turns_.next_timer(); }

private:
    struct Flight {
        HeldEvent event;
        LaneKey lane;
        Turns::Slot slot;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};
        SteadyTime started{};
    };

    Lane& lane_for(const HeldEvent& event, const Now& now);
    /// Brings a lane to the current version of its subscription. @return that version.
    std::shared_ptr<const Endpoint> bring_up_to_date(Lane& lane, const Now& now);
    void begin_version(Lane& lane, const Endpoint* endpoint);
    /// Takes in what other workers found out of pauses.
    static void hear(Lane& lane, std::optional<Time> paused_until, const Now& now);
    void settle(Lane& lane, const Now& now);
    void cancel_queue(Lane& lane, const Endpoint* endpoint, const Now& now);
    void want_more(Lane& lane, const Now& now);
    /// How many more events a lane may have in memory.
    std::size_t room_of(const Lane& lane) const;
    /// What is left of the memory that lanes share; any lane with an empty queue may have of it.
    std::size_t room_for_all() const;
    /// Lanes of `hungry_` ask for their events as there is room, the first first.
    void feed_hungry(const Now& now);

    void push(Lane& lane, HeldEvent event, const Now& now);
    HeldEvent pop(Lane& lane) { return take(lane, lane.queue.begin()); }
    HeldEvent take(Lane& lane, std::list<Lane::Entry>::iterator place);
    void defer(Lane& lane, const HeldEvent& event, const Now& now);
    void defer_if_blocked_for_long(Lane& lane, const Now& now);
    void park(const HeldEvent& event, Time due);
    /// An event ends without a request.
    void end(const HeldEvent& event, Outcome outcome, const char* reason, const Now& now);
    void release(const HeldEvent& event);

    void record(const Flight& flight, const TransportAnswer& answer, const Now& now, double chance);
    void note(Lane& lane, const Flight& flight, const TransportAnswer& answer, const Now& now);
    void note_failed(Lane& lane, const Flight& flight, const TransportAnswer& answer,
                     const Now& now);
    void deactivate_if_due(Lane& lane, const Flight& flight, Meaning meaning, const Now& now);
    void report_failure(Lane& lane, const TransportAnswer& answer, const Now& now);
    void report_success(Lane& lane);
    RetryPolicy policy_for(const Flight& flight) const;

    const ServiceOptions& options_;
    const BreakerPolicy breaker_;
    EndpointLookup lookup_;
    Turns turns_;
    /// Lanes whose deferred events found no room in memory; none has any in its queue.
    Ring<Lane> hungry_;
    std::unordered_map<LaneKey, std::unique_ptr<Lane>> lanes_;  // After the ring: it goes first.
    std::size_t waiting_ = 0;                                   ///< Events in all queues.
    std::size_t waiting_bytes_ = 0;                             ///< Their payloads.
    std::size_t wanted_ = 0;  ///< Events on their way back into memory.
    Transport::Token last_token_ = 0;
    std::unordered_map<Transport::Token, Flight> flights_;
    Results results_;
};

/// The `webhook-id` of an event: its worker's tag in hexadecimal, `_`, its id.
std::string webhook_id(const HeldEvent&);

}  // namespace webhooks::delivery
