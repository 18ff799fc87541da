#pragma once

#include <chrono>
#include <delivery/decision.hpp>
#include <delivery/endpoint.hpp>
#include <delivery/fair_queue.hpp>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// Decides which event is attempted when, and what becomes of it. It does no I/O and reads no
/// clock: a loop feeds it events, answers and the time, and carries out what it says.
class Dispatcher {
public:
    Dispatcher(const ServiceOptions& options, EndpointLookup lookup)
        : options_(options), lookup_(std::move(lookup)), queue_(options.max_in_flight_per_host) {}

    void add(HeldEvent event, SteadyTime now);

    /// A row of an event's history, to be recorded.
    struct Ended {
        SubscriptionId subscription{};
        AttemptRecord record;
    };

    /// Takes an event that was deleted out of the queue.
    /// @return its last row; nothing when it does not wait: what is under way ends as it ends.
    std::optional<Ended> cancel(SubscriptionId subscription, EventId event, Time now);

    /// An attempt to make. Its end is told by `finish`.
    struct Start {
        Transport::Token token = 0;
        HeldEvent event;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};  ///< Set by `next`.
    };
    /// What to do next: an attempt, or the end of an event without one, or nothing (all that waits
    /// must wait).
    using Next = std::variant<std::monostate, Start, Ended>;
    Next next(Time now, SteadyTime steady_now);

    /// What an answer leads to: a row or, where no request was made, a park.
    using Finished = std::variant<std::monostate, Ended, Park>;
    /// @return nothing for an attempt that is no longer this worker's.
    Finished finish(Transport::Token token, const TransportAnswer& answer, Time now,
                    SteadyTime steady_now, double chance);

    /// Gives up what has waited in memory for longer than `ServiceOptions::park_after`.
    std::vector<Park> park_old(Time now, SteadyTime steady_now);

    /// Forgets everything: another worker has it now.
    void clear();

    std::size_t in_flight() const noexcept { return flights_.size(); }
    std::size_t waiting() const noexcept { return queue_.size(); }

private:
    struct Flight {
        HeldEvent event;
        std::string host;
        std::shared_ptr<const Endpoint> endpoint;
        Time sent_at{};
        SteadyTime started{};
    };

    RetryPolicy policy_for(const Flight&) const;

    const ServiceOptions& options_;
    EndpointLookup lookup_;
    FairQueue queue_;
    Transport::Token last_token_ = 0;
    std::unordered_map<Transport::Token, Flight> flights_;
};

/// The `webhook-id` of an event: its worker's tag in hexadecimal, `_`, its id.
std::string webhook_id(const HeldEvent&);

}  // namespace webhooks::delivery
