#pragma once

#include <cstddef>
#include <delivery/endpoint.hpp>
#include <delivery/now.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::delivery {

/// A request for reserved events of a subscription.
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

/// What an ended request says about its endpoint: to be stored, and to be logged.
struct HealthReport {
    std::optional<EndpointState> state = {};
    std::optional<Deactivation> deactivation = {};
    std::optional<FailingNotice> failing_notice = {};
    std::optional<HealthChange> change = {};
};

/// What the report of an attempt needs in addition to its record.
struct AttemptContext {
    std::shared_ptr<const Message> message;
    std::shared_ptr<const Endpoint> endpoint;  ///< Null where there is none any more.
    FailureReason reason = FailureReason::none;
    Time created_at{};
    Time due{};
};

/// What delivery has decided, in the order of the decisions.
struct Results {
    /// What storage has to write. The batch writer adds publications, and counts of earlier
    /// batches.
    Batch batch = {};
    /// Served after the rest is written.
    std::vector<RefillRequest> refill_requests = {};
    /// One for each of the batch's attempts, for the observer; not written.
    std::vector<AttemptContext> contexts = {};
    /// For the log; not written.
    std::vector<HealthChange> health_changes = {};
    /// All events behind others are among the changes of custody: `TurnNews::returns_all`.
    bool returned_all = false;
    /// Of the batch's attempts, those after which their events have no attempts left.
    std::size_t exhausted = 0;
    /// What left memory: events, and the bytes of their payloads.
    std::size_t released_events = 0;
    std::size_t released_bytes = 0;

    std::size_t rows() const noexcept {
        return batch.attempts.size() + batch.custody_changes.size() + batch.states.size() +
               batch.deactivations.size() + batch.failing_notices.size() + batch.rollups.size() +
               (batch.report ? 1 : 0);
    }
    /// What storage writes with several statements each: what is new about endpoints, and events
    /// without attempts left, of which subscribers are notified.
    std::size_t findings() const noexcept {
        return batch.states.size() + batch.deactivations.size() + batch.failing_notices.size() +
               exhausted;
    }
    std::size_t size() const noexcept {
        return rows() + refill_requests.size() + (returned_all ? 1 : 0);
    }

    /// An event leaves memory, or stays in it with a row in storage.
    void change_custody(const HeldEvent& event, Time due, Custody custody);
    /// An event ends without a request.
    void end_unsent(const HeldEvent& event, Outcome outcome, const char* reason, const Now& now);
    void add(HealthReport report);
    /// An event has left memory.
    void release(const HeldEvent& event);
    /// Appends later decisions.
    void append(Results later);
};

/// The memory that an event uses for its payload.
inline std::size_t payload_bytes(const HeldEvent& event) {
    return event.message ? event.message->payload->size() : 0;
}

}  // namespace webhooks::delivery
