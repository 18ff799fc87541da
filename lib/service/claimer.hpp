#pragma once

#include <delivery/memory_budget.hpp>
#include <delivery/results.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <service/change_reader.hpp>
#include <service/claim_pace.hpp>
#include <service/feed_waiters.hpp>
#include <service/inbox.hpp>
#include <service/worker_counters.hpp>
#include <service/worker_identity.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::service {

/// Claims events in storage for delivery: those that are due, and those that delivery has reserved
/// and requests again. It claims as many as there is memory for, and not far ahead of delivery.
class Claimer {
public:
    struct Parts {
        std::shared_ptr<DeliveryLog> storage;
        StorageClock& clock;
        StorageHealth& health;
        WorkerIdentity& identity;
        ChangeReader& changes;
        SubscriptionIndex& index;
        Inbox& inbox;
        WorkerCounters& counters;
        FeedWaiters& feeds;
        const delivery::MemoryBudget& budget;
    };
    explicit Claimer(Parts parts)
        : parts_(std::move(parts)), pace_(parts_.budget.claimed_ahead()) {}

    /// A new identity: it has claimed nothing yet.
    void reset();
    /// It is unknown which of this worker's events storage still has behind others in a queue.
    /// Delivery returns all of them, and nothing is claimed until a batch that says so is written:
    /// a claim could take them a second time.
    void return_all_behind();
    /// That batch is written.
    void note_returned_all() { awaits_returns_ = false; }
    /// Events in storage are or become due.
    void consider_due(Time due);
    /// Delivery requests events that it has reserved.
    void add(const std::vector<delivery::RefillRequest>& requests);

    /// When `claim_due` has work, by the steady clock; absent: not before something else happens.
    std::optional<SteadyTime> ready_at() const;
    std::size_t claim_due();
    /// Whether `serve_refill_requests` has work.
    bool has_refill_requests() const {
        return !requests_.empty() && parts_.budget.room_for_claim().events > 0;
    }
    /// @pre what delivery has reserved is written
    std::size_t serve_refill_requests();

private:
    /// Undoes a claim whose result was lost. @return false if storage does not respond.
    bool resolve_in_doubt_claim();

    const Parts parts_;
    ClaimPace pace_;
    std::int64_t last_claim_ = 0;
    /// The result of the claim `last_claim_` is unknown.
    bool is_in_doubt_ = false;
    bool awaits_returns_ = false;
    std::optional<Time> next_due_;
    std::deque<delivery::RefillRequest> requests_;
};

}  // namespace webhooks::service
