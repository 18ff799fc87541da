#pragma once

/// @file
/// What a worker writes in one transaction, and what it gets back.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/operational.hpp>
#include <webhooks/overview.hpp>
#include <webhooks/series.hpp>
#include <webhooks/time.hpp>
#include <webhooks/trace.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Whether storage could read a payload.
enum class PayloadState : std::uint8_t {
    readable,
    locked,     ///< Its data key cannot be obtained now. It is empty; its events wait.
    destroyed,  ///< Its data key was destroyed: `OperatorView::shred_user`. It is empty.
    corrupt,    ///< Storage has another value than was written. It is empty.
};

/// The payload of a publication, stored once for all of its subscriptions.
struct Message {
    std::string event_type;
    std::string content_type;
    /// A separate object, so that requests can share it.
    std::shared_ptr<const std::string> payload;
    /// After this time it is not sent any more.
    std::optional<Time> expires_at = {};
    std::optional<TraceContext> trace = {};
    /// The user that it was published for; empty: for all, or read from a storage that does not
    /// encrypt it.
    std::string user_id = {};
    PayloadState state = PayloadState::readable;
    /// Used inside a storage: the data key that encrypts the payload. 0: it is in plain text.
    std::int64_t key_id = 0;
    /// As in Publication. Empty: its events do not wait for others.
    std::string ordering_key = {};
    /// When its publisher wants it to be delivered, if that is later than its publication.
    std::optional<Time> deliver_at = {};
};

/// Identifies repetitions of a publication.
struct IdempotencyKey {
    std::string scope;  ///< The caller's user id.
    std::string key;
    std::string digest;  ///< SHA-256 of the content, 32 bytes.
    /// Used inside a storage that has begun to encrypt payloads: the digest that it stored before.
    std::string former_digest = {};
};

/// One message for the subscriptions that it matched. Its events get consecutive ids.
struct Append {
    /// Whether the event for this subscription is only read from the feed.
    bool is_pulled(SubscriptionId subscription) const {
        return !pulled.empty() && std::ranges::binary_search(pulled, subscription);
    }

    std::shared_ptr<const Message> message;
    std::vector<SubscriptionId> subscriptions;  ///< May be empty; ascending.
    /// Those of `subscriptions` that have `Delivery::pull`, ascending. Their events have ended from
    /// the beginning: no worker holds them, they have no rows, and they are in no queue.
    std::vector<SubscriptionId> pulled = {};
    std::optional<IdempotencyKey> idempotency = {};
    /// If set, the worker does not take these events: they wait in storage until then, for any
    /// worker.
    std::optional<Time> due = {};
    /// It is written together with the previous append, or neither is. A batch collects the appends
    /// of independent callers; a run of joined appends is what one caller publishes as a unit.
    bool joins_previous = false;
    /// It is not written, and has no subscriptions: if it repeats an earlier publication with its
    /// key, it returns that one's result, otherwise `aborted`.
    bool is_only_repeated = false;
    /// Storage may make its events later: `Batch::continues_fan_outs`. Then it has `due`, and no
    /// ordering key.
    bool is_fanned_out = false;
    /// Used inside a storage: why it is not written.
    std::optional<Error> rejection = {};
};

/// The end of an attempt.
struct AttemptRecord {
    /// The common case: delivered, and the event had no row and needs none. Storage may write the
    /// attempt without reading the event: if the event has been deleted, its attempt is invisible.
    bool is_plain() const noexcept { return attempt.outcome == Outcome::delivered && !has_row; }

    EventId event{};
    SubscriptionId subscription{};
    std::string user_id = {};  ///< Whose subscription it is; may be empty if there is no response.
    /// A delivered one has a status of 200 - 299 and no error.
    Attempt attempt;
    std::optional<Time> due = {};     ///< With Outcome::retry: when the next attempt is due.
    int attempts_since_reopened = 0;  ///< As in HeldEvent, this attempt included.
    /// As in HeldEvent. Only the worker that appended an event without a row can hold it.
    bool has_row = false;
    bool is_ordered = false;  ///< Its message has an ordering key.
};

/// Who has an event that is not delivered.
enum class Custody : std::uint8_t {
    unclaimed,  ///< No worker: any worker can claim it once it is due.
    in_memory,  ///< A worker, in its memory; the row records what a dead worker had.
    reserved,   ///< A worker, but it waits in storage: `claim_reserved`.
};

/// An event that gets a row, or has its row changed, without an attempt.
struct CustodyChange {
    EventId event{};
    SubscriptionId subscription{};
    Time due{};
    int attempts = 0;
    int attempts_since_reopened = 0;
    Custody custody = Custody::unclaimed;
    bool is_ordered = false;  ///< Its message has an ordering key.
};

/// The state of a subscription's endpoint at one worker, stored so that it survives a restart. It
/// is merged with what other workers stored.
struct EndpointState {
    SubscriptionId subscription{};
    /// The `Subscription::revision` it refers to: if the subscription has changed since, it is
    /// ignored.
    Revision revision = 0;
    /// Since when it has only failed; the earliest is kept. Absent: a request succeeded.
    std::optional<Time> failing_since = {};
    /// Until when nothing is sent; the latest is kept. Absent: no pause starts.
    std::optional<Time> paused_until = {};
    /// Pauses up to this time are over, because a request during the pause succeeded.
    std::optional<Time> ended_pause = {};
    /// The endpoint itself requested the pause: other workers get a Notice.
    bool is_requested = false;
};

/// A subscription to be deactivated.
struct Deactivation {
    SubscriptionId subscription{};
    /// The `Subscription::revision` it refers to: if the subscription has changed since, it stays
    /// active.
    Revision revision = 0;
    /// If set, only if no attempt has been delivered since then, by any worker.
    std::optional<Time> failing_since = {};
    std::optional<LastAttempt> last_attempt = {};
};

/// An endpoint that has only failed for `ServiceOptions::failing_notice_after`: subscribers hear of
/// it, unless they have since its latest success.
struct FailingNotice {
    SubscriptionId subscription{};
    Revision revision = 0;  ///< As in Deactivation.
    /// Only if no attempt has been delivered since then, by any worker.
    Time failing_since{};
    std::optional<Time> deactivates_at = {};
    std::optional<LastAttempt> last_attempt = {};
};

/// Everything that a worker writes to the log in one transaction.
struct Batch {
    /// The worker's own number of the batch, increasing: `Heartbeat::last_batch`.
    std::int64_t number = 0;
    /// That of the subscriptions to which `appends` were matched.
    Revision revision = 0;
    std::vector<Append> appends = {};
    std::vector<AttemptRecord> attempts = {};
    std::vector<CustodyChange> custody_changes = {};
    std::vector<EndpointState> states = {};
    std::vector<Deactivation> deactivations = {};
    std::vector<FailingNotice> failing_notices = {};
    /// `ServiceOptions::exhausted_notice_window`.
    std::chrono::seconds exhausted_window{0};
    /// Added to what is counted already. A storage without `series` ignores them.
    std::vector<Rollup> rollups = {};
    /// Replaces the worker's earlier one. A storage without `overview` ignores it.
    std::optional<WorkerReport> report = {};
    /// The number of events that storage makes at a time of appends that are fanned out.
    std::size_t slice_size = 1000;
    /// Storage also makes that many events, or a few more, of appends that were fanned out before,
    /// by any worker: unclaimed, and due. The users that they were published for take turns. A
    /// subscription that was deleted gets none. Until then they are in no list, and the feeds of
    /// their subscriptions end before them.
    bool continues_fan_outs = false;
    /// Once this batch is written, every event of this worker up to this id is delivered or has a
    /// row (the events of `appends` have greater ids).
    EventId low_water{};
};

/// The result of one Append. The events are `first_event` .. `first_event + count - 1`.
struct Appended {
    EventId first_event{};
    std::uint32_t count = 0;
    bool is_replay = false;  ///< Of an earlier publication; nothing was written.

    bool operator==(const Appended&) const = default;
};

struct BatchReceipt {
    /// One for each append, in order. A conflict fails its own append, and the appends joined with
    /// it, which return `aborted`; no others. So does one that is only repeated.
    std::vector<Result<Appended>> appends = {};
    /// The events of `appends` that wait in storage, ascending: others with the same ordering key
    /// have to end before them, and they are not the worker's.
    std::vector<EventId> waiting = {};
    /// The events of `appends` that the worker holds behind another one with the same ordering key,
    /// ascending: their turn comes later.
    std::vector<EventId> behind = {};
    /// Of what the worker holds behind others: the events whose turn has come.
    std::vector<EventId> turns = {};
    /// The events that the worker held behind others and holds no longer: they wait in storage.
    std::vector<EventId> returned = {};
    /// The number of events with ordering keys that can be claimed because of this batch.
    std::size_t released = 0;
    /// The deactivations that took place; each has incremented the revision.
    std::vector<SubscriptionId> deactivated = {};
    /// The number of operational events that were appended: unclaimed and due.
    std::size_t operational = 0;
    /// The number of events that were made by `Batch::continues_fan_outs`.
    std::size_t fanned_out = 0;
    /// There may be events left to make.
    bool has_fan_outs = false;
};

}  // namespace webhooks
