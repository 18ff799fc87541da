#pragma once

#include <cstddef>
#include <delivery/endpoint.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::delivery {

/// A request for deferred events of a subscription.
struct RefillRequest {
    SubscriptionId subscription{};
    std::size_t count = 0;
};

/// An endpoint started to fail, or recovered.
struct HealthChange {
    SubscriptionId subscription{};
    bool is_failing = false;
    // Of the failed attempt:
    std::string error;
    FailureReason reason = FailureReason::none;
    std::optional<int> status_code = {};
};

/// What the report of an attempt needs in addition to its record.
struct AttemptContext {
    std::shared_ptr<const Message> message;
    std::shared_ptr<const Endpoint> endpoint;  ///< Null where there is none any more.
    FailureReason reason = FailureReason::none;
    Time created_at{};
    Time due{};
};

/// What delivery has decided and storage has to write, in the order of the decisions.
struct Results {
    std::vector<AttemptRecord> attempts = {};
    std::vector<CustodyChange> custody_changes = {};
    std::vector<EndpointState> states = {};
    std::vector<Deactivation> deactivations = {};
    /// Of attempts that were written before.
    std::vector<Rollup> rollups = {};
    std::optional<WorkerReport> report = {};
    /// Served after the rest is written.
    std::vector<RefillRequest> refill_requests = {};
    /// One for each of `attempts`, for the observer; not written.
    std::vector<AttemptContext> contexts = {};
    /// For the log; not written.
    std::vector<HealthChange> health_changes = {};
    /// What left memory: events, and the bytes of their payloads.
    std::size_t released_events = 0;
    std::size_t released_bytes = 0;

    std::size_t size() const noexcept {
        return attempts.size() + custody_changes.size() + states.size() + deactivations.size() +
               rollups.size() + (report ? 1 : 0) + refill_requests.size();
    }

    /// Appends later decisions.
    void append(Results later) {
        move_to(attempts, later.attempts);
        move_to(custody_changes, later.custody_changes);
        move_to(states, later.states);
        move_to(deactivations, later.deactivations);
        move_to(rollups, later.rollups);
        if (later.report) report = std::move(later.report);
        move_to(refill_requests, later.refill_requests);
        released_events += later.released_events;
        released_bytes += later.released_bytes;
    }

private:
    template <class T>
    static void move_to(std::vector<T>& target, std::vector<T>& source) {
        target.insert(target.end(), std::make_move_iterator(source.begin()),
                      std::make_move_iterator(source.end()));
    }
};

/// The memory that an event uses for its payload.
inline std::size_t payload_bytes(const HeldEvent& event) {
    return event.message ? event.message->payload->size() : 0;
}

}  // namespace webhooks::delivery
