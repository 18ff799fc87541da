#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/storage/batch.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A running service, as known to storage.
struct Worker {
    WorkerId id{};
    /// The ids of events that it appends are greater than this.
    EventId last_event{};
    /// Random; identifies this worker in `webhook-id`, so that ids stay unique if a database is
    /// restored or cloned.
    std::uint64_t tag = 0;
};

// An undelivered event may have a row of its own, apart from the log. It gets the row when an
// attempt fails, or when it waits without an attempt, and loses it when it is delivered. An event
// without a row is either delivered or in the memory of the worker that appended it. A row is
// unclaimed, or claimed by one worker. The events of `Append::pulled` never get one: they count as
// delivered, without attempts.

/// An event that a worker holds in order to deliver it.
struct HeldEvent {
    EventId id{};
    SubscriptionId subscription{};
    /// That of the worker that appended it; random if no worker did (`publish_in_transaction`).
    std::uint64_t worker_tag = 0;
    std::shared_ptr<const Message> message;
    int attempts = 0;                 ///< Rows of history so far; the next one's number follows.
    int attempts_since_reopened = 0;  ///< Of these, since it was published or last reopened.
    bool has_row = false;  ///< It has a row among the undelivered events, claimed by this worker.
    Time created_at{};
    Time due{};  ///< When its next attempt is due.
    /// A resend was requested, and no worker has had it in memory since.
    bool is_requested = false;
};

// Events of a subscription with the same ordering key form a queue (docs/ordering.md). One of them
// may have its turn: a worker holds it, in memory or reserved. A worker gets the turn of the first
// one, by id, that has not ended. The others have unclaimed rows, and `claim` does not return them.
//
// A worker that has the turn in its memory may also hold events behind it, which it does not
// attempt: `BatchReceipt::behind`, `Claim::behind`. When it writes the end of the one whose turn it
// was, the turn passes to the next one that it holds (`turns`). If that one is not the first,
// because another was reopened, or if the worker returns or reserves the event, what it held behind
// goes back to storage: it gets unclaimed rows (`returned`). The worker may also return one of them
// by itself.
//
// An event that is deleted while it has its turn in a worker's memory keeps its place until the
// worker has written its end, or for `deleted_turn_lifetime`, if it does not know of the event: the
// result of its batch or claim was lost. What a lost worker had in memory is due only after
// `deadline_of_ordered`: its request may still be in flight.

/// How long an event that was deleted during its turn keeps its place unless its worker writes its
/// end: longer than a worker takes to hear of the deletion and to end its request. `maintain` ends
/// it.
inline constexpr std::chrono::minutes deleted_turn_lifetime{10};

/// The time after which a request of an ordered event is over, by the timeout of its subscription:
/// `OutgoingRequest::max_timeout`.
constexpr std::chrono::seconds deadline_of_ordered(std::chrono::seconds timeout) noexcept {
    return timeout.count() > 0 ? timeout : std::chrono::seconds(15);
}

/// How much a claim may take: events in their order, until one does not fit. The first fits always.
struct ClaimLimit {
    /// That many events, of any size. Implicit: a number is a limit.
    ClaimLimit(std::size_t max_events) : events(max_events) {}  // NOLINT(*-explicit-*)
    ClaimLimit(std::size_t max_events, std::size_t max_payload_bytes, std::size_t largest)
        : events(max_events), payload_bytes(max_payload_bytes), largest_payload(largest) {}

    std::size_t events;
    /// Of all of them, as stored.
    std::size_t payload_bytes = std::numeric_limits<std::size_t>::max();
    std::size_t largest_payload = 0;  ///< That there may be.

    /// The number for a storage that does not look at the sizes of payloads: it claims as many as
    /// fit if each has the largest one.
    std::size_t events_of_any_size() const noexcept {
        if (largest_payload == 0) return events;
        return std::min(events, std::max<std::size_t>(payload_bytes / largest_payload, 1));
    }
};

/// The subscriptions whose filters did not let publications through, once for each publication.
struct Filtered {
    std::vector<SubscriptionId> subscriptions = {};
    /// Those of them whose filter was not judged, because the filters of their user together took
    /// as many steps as one publication allows.
    std::vector<SubscriptionId> unjudged = {};
};

/// The events that a worker takes over from storage.
struct Claim {
    std::vector<HeldEvent> events = {};
    /// Events that the worker holds behind these, which have the same ordering keys.
    std::vector<HeldEvent> behind = {};
    /// When the earliest event that remains in storage is due; absent if none waits.
    std::optional<Time> next_due = {};
    /// The revision of subscriptions when the events were claimed, or a later one: a worker whose
    /// index is older must refresh it before it handles the events.
    Revision revision = 0;
    /// The number of publications in transactions of hosts that storage has judged since: their
    /// events exist now.
    std::size_t judged = 0;
    Filtered filtered = {};  ///< Of these.
};

/// Storage's response to a heartbeat.
struct Heartbeat {
    Time now{};  ///< Storage's time.
    Revision revision = 0;
    /// `Batch::number` of the worker's latest batch that was written, 0 before the first: it
    /// resolves the outcome of a batch whose result was lost.
    std::int64_t last_batch = 0;
    /// The ids of events that this worker appends from now on are greater than this.
    EventId last_event{};
    std::int64_t last_notice = 0;  ///< `Notice::number` of the latest one; 0 before the first.
    bool has_fan_outs = false;     ///< There are events to make: `Batch::continues_fan_outs`.
};

/// The work of one call of `maintain`.
struct Maintenance {
    /// The maximum number of rows of each kind to examine.
    std::size_t limit = 0;
    /// Events created longer ago than this are deleted; 0: none are. If many are deleted at once,
    /// an event may stay for up to a quarter of this time, or two hours, longer.
    std::chrono::seconds keep_events_for{0};
    /// The same for audit records.
    std::chrono::seconds keep_audit_for{0};
};

/// The part of a Storage by which workers write the log and share out the work. Each call with a
/// WorkerId returns `fenced`, having done nothing, if the worker's lease has expired.
/// webhooks/storage.hpp says what holds for all calls.
class DeliveryLog {
public:
    virtual ~DeliveryLog() = default;

    /// Whether it keeps the order of events with ordering keys. If not, the service rejects them.
    virtual bool keeps_order() const { return false; }

    /// Registers a worker. @param lease a worker without a heartbeat for this long counts as dead.
    /// @return locked if storage supports only one running service and already has one.
    virtual Result<Worker> register_worker(std::chrono::milliseconds lease) = 0;
    /// Records a heartbeat. Waits for a batch of this worker that is still being written.
    virtual Result<Heartbeat> heartbeat(WorkerId) = 0;
    /// Unregisters a worker: the events that it still holds are due at once, for any worker.
    virtual Result<> retire_worker(WorkerId) = 0;
    /// Marks the workers whose lease has expired as dead. A storage for a single service detects a
    /// dead worker when the next one registers, and has nothing to do here.
    virtual Result<> mark_expired(WorkerId) = 0;
    /// Releases the events that dead workers still held, up to `limit`. Events in their memory are
    /// due at once; events reserved for them keep their due times.
    /// @return the number of events moved; less than `limit` means that none are left.
    virtual Result<std::size_t> take_over(WorkerId, std::size_t limit) = 0;

    /// Writes a batch in one transaction: first changes of rows without an attempt, then attempts,
    /// because an event may get its row and end its attempt before the batch is written. Entries
    /// for events that this worker does not hold are skipped: the event was deleted or delivered,
    /// or its row is unclaimed or another worker's.
    /// @return stale_revision, having done nothing, if there are appends and `Batch::revision` is
    /// not the current revision.
    virtual Result<BatchReceipt> write(WorkerId, const Batch&) = 0;
    /// The events that this worker appended after `after` and that are neither delivered nor have a
    /// row, ascending, up to `limit`: the events of a batch whose receipt was lost.
    virtual Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                          std::size_t limit) = 0;
    /// Claims events that are unclaimed and due, earliest first.
    /// @param number the worker's own number of the claim, for both kinds of claims: `unclaim`.
    virtual Result<Claim> claim(WorkerId, ClaimLimit limit, std::int64_t number = 0) = 0;
    /// Moves events of a subscription that were reserved for this worker back into its memory, in
    /// order of id, up to `limit` events; less than `limit` means that none are left.
    virtual Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId,
                                                          std::size_t limit,
                                                          std::int64_t number = 0) = 0;
    /// Releases what the claim with this number took, if anything: its result was lost. What the
    /// worker held behind it goes back to storage, as `write` would report.
    virtual Result<> unclaim(WorkerId, std::int64_t number) = 0;

    /// Sets the callback for changes: it is called, from any thread, soon after others have changed
    /// subscriptions or made events due. It only suggests a check, and may be called too often or
    /// not at all. A new callback replaces the old one; an empty one removes it, and returns when
    /// no call is running, unless called inside one: a call may even destroy the storage. A storage
    /// without notifications keeps this default.
    virtual void set_listener(std::function<void()> listener);

    // ---- Operational events (docs/operational-events.md). A storage appends them in the
    // transaction that makes the change durable: of a subscription, of what a batch says of
    // subscriptions, and of workers that were lost. A storage without them keeps these defaults.

    /// Sets the callback for operational events: it is called after the commit, by the thread that
    /// made the change, and may call the storage. A new callback replaces the old one, which may
    /// still be running; an empty one removes it.
    virtual void set_operational_listener(std::function<void(const OperationalEvent&)> listener);
    /// Appends the events whose time has come: the rest of windows, and what exceeded the maximum
    /// of an earlier minute. Examines up to `limit`. Called at each heartbeat.
    /// @param exhausted_window as in Batch
    virtual Result<> append_due_operational(std::chrono::seconds exhausted_window,
                                            std::size_t limit);

    /// Deletes, in one short transaction, what is no longer needed: rows of deleted subscriptions,
    /// idempotency keys older than 24 h, and old events with their messages and attempts. An event
    /// that waits stays until it has ended, as does one that may be in a worker's memory.
    /// @return false if nothing is left to do.
    virtual Result<bool> maintain(const Maintenance&) = 0;
};

}  // namespace webhooks
