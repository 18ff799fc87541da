#pragma once

/// @file
/// The interface to where subscriptions and the log are stored. Its calls are units of atomicity:
/// each happens completely or not at all, and is durable when it returns success.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/operational.hpp>
#include <webhooks/overview.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/series.hpp>
#include <webhooks/subscription.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The payload of a publication, stored once for all of its subscriptions.
struct Message {
    std::string event_type;
    std::string content_type;
    /// A separate object, so that requests can share it.
    std::shared_ptr<const std::string> payload;
    /// After this time it is not sent any more.
    std::optional<Time> expires_at = {};
    std::optional<TraceContext> trace = {};
};

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
// unclaimed, or claimed by one worker.

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

/// Identifies repetitions of a publication.
struct IdempotencyKey {
    std::string scope;  ///< The caller's user id.
    std::string key;
    std::string digest;  ///< SHA-256 of the content, 32 bytes.
};

/// One message for the subscriptions that it matched. Its events get consecutive ids.
struct Append {
    std::shared_ptr<const Message> message;
    std::vector<SubscriptionId> subscriptions;  ///< May be empty; ascending.
    std::optional<IdempotencyKey> idempotency = {};
    /// If set, the worker does not take these events: they wait in storage until then, for any
    /// worker.
    std::optional<Time> due = {};
    /// It is written together with the previous append, or neither is. A batch collects the appends
    /// of independent callers; a run of joined appends is what one caller publishes as a unit.
    bool joins_previous = false;
};

/// The end of an attempt.
struct AttemptRecord {
    /// The common case: delivered, and the event had no row and needs none. Storage may write the
    /// attempt without reading the event: if the event has been deleted, its attempt is invisible.
    bool is_plain() const noexcept { return attempt.outcome == Outcome::delivered && !has_row; }

    EventId event{};
    SubscriptionId subscription{};
    /// A delivered one has a status of 200 - 299 and no error.
    Attempt attempt;
    std::optional<Time> due = {};     ///< With Outcome::retry: when the next attempt is due.
    int attempts_since_reopened = 0;  ///< As in HeldEvent, this attempt included.
    /// As in HeldEvent. Only the worker that appended an event without a row can hold it.
    bool has_row = false;
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
};

/// The state of a subscription's endpoint at one worker, stored so that it survives a restart. It
/// is merged with what other workers stored.
struct EndpointState {
    SubscriptionId subscription{};
    /// The `Subscription::revision` it refers to: if the subscription has changed since, it is
    /// ignored.
    Revision judged_at = 0;
    /// Since when it has only failed; the earliest is kept. Absent: a request succeeded.
    std::optional<Time> failing_since = {};
    /// Until when nothing is sent; the latest is kept. Absent: no pause starts.
    std::optional<Time> paused_until = {};
    /// Pauses up to this time are over, because a request during the pause succeeded.
    std::optional<Time> ended_pause = {};
    /// The endpoint itself requested the pause: other workers get a Notice.
    bool is_asked_for = false;
};

/// A message to all workers that changes no configuration: an event was deleted while a worker held
/// it, an endpoint requested a pause, such a pause ended early, or a FailingNotice was written.
struct Notice {
    std::int64_t number = 0;  ///< Ascending, in the order in which they become visible.
    SubscriptionId subscription{};
    std::optional<EventId> deleted_event = {};
    Revision judged_at = 0;  ///< As in EndpointState.
    /// `Subscription::notified_failing_since`. Absent, as `deleted_event`: it is about a pause.
    std::optional<Time> notified_failing_since = {};
    std::optional<Time> paused_until = {};  ///< Absent: the pause is over.
};

/// A subscription to be deactivated.
struct Deactivation {
    SubscriptionId subscription{};
    /// The `Subscription::revision` it refers to: if the subscription has changed since, it stays
    /// active.
    Revision judged_at = 0;
    /// If set, only if no attempt has been delivered since then, by any worker.
    std::optional<Time> failing_since = {};
    std::optional<LastAttempt> last_attempt = {};
};

/// An endpoint that has only failed for `ServiceOptions::failing_notice_after`: subscribers hear of
/// it, unless they have since its latest success.
struct FailingNotice {
    SubscriptionId subscription{};
    Revision judged_at = 0;  ///< As in Deactivation.
    /// Only if no attempt has been delivered since then, by any worker.
    Time failing_since{};
    std::optional<Time> deactivates_at = {};
    std::optional<LastAttempt> last_attempt = {};
};

/// Everything that a worker writes to the log in one transaction.
struct Batch {
    /// The worker's own number of the batch, increasing: `Heartbeat::last_batch`.
    std::int64_t number = 0;
    /// The revision that `appends` were matched at.
    Revision matched_at = 0;
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
    /// it, which return `aborted`; no others.
    std::vector<Result<Appended>> appends = {};
    /// The deactivations that took place; each has incremented the revision.
    std::vector<SubscriptionId> deactivated = {};
    /// The number of operational events that were appended: unclaimed and due.
    std::size_t operational = 0;
};

/// The events that a worker takes over from storage.
struct Claim {
    std::vector<HeldEvent> events = {};
    /// When the earliest event that remains in storage is due; absent if none waits.
    std::optional<Time> next_due = {};
    /// The revision of subscriptions when the events were claimed, or a later one: a worker whose
    /// index is older must refresh it before it handles the events.
    Revision revision = 0;
};

/// The changes since a revision.
struct Configuration {
    Revision revision = 0;
    /// New and changed subscriptions, active or not.
    std::vector<Subscription> subscriptions = {};
    std::vector<SubscriptionId> deleted = {};
    /// All event types, sorted by name.
    std::vector<EventType> event_types = {};
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
};

/// A period of creation times.
struct CreationPeriod {
    Time since{};
    std::optional<Time> until = {};  ///< Excluded. Absent: without an end.

    bool contains(Time time) const { return time >= since && (!until || time < *until); }
};

/// The result of reopening events.
struct Reopened {
    std::size_t count = 0;
    /// If set, there may be more; continue from here.
    std::optional<EventId> next = {};
};

/// Counts for metrics. Counts of events stop at `StorageSample::max_events`.
struct StorageSample {
    static constexpr std::size_t max_events = 100'000;

    // Events that wait in storage for an attempt, not in the memory of a worker.
    std::size_t due = 0;        ///< Due, and not claimed by a worker.
    std::size_t scheduled = 0;  ///< Due later.
    std::size_t deferred =
        0;  ///< Reserved for subscriptions that are paused or whose queue is full.
    std::optional<Time> oldest_due = {};  ///< The earliest due time among `due`.
    // Subscriptions. Each counts under the first of these that applies.
    std::size_t inactive = 0;
    std::size_t paused = 0;   ///< Nothing is sent before `Subscription::paused_until`.
    std::size_t failing = 0;  ///< No attempt has succeeded since one failed.
    std::size_t active = 0;
    // Workers.
    std::size_t live = 0;
    std::size_t expired = 0;  ///< Their lease has expired, and no worker has taken over yet.
};

/// The state of a whole installation.
struct Overview {
    Time now{};  ///< Storage's time.
    StorageSample sample = {};
    std::size_t users = 0;                  ///< Those that have subscriptions.
    std::vector<WorkerState> workers = {};  ///< By id, without those that have retired.
    StorageInfo storage = {};
};

/// Whose attempts a series counts. Without members: those of all that the principal may see.
struct SeriesScope {
    std::optional<SubscriptionId> subscription = {};
    /// All subscriptions of this user. Not together with `subscription`.
    std::optional<std::string> user_id = {};
};

/// Whole buckets of 5 minutes, an hour or a day.
struct SeriesRange {
    Time from{};
    Time to{};
    std::chrono::seconds step{};
};

struct SeriesRows {
    /// In order, those in which something was counted.
    std::vector<SeriesBucket> buckets = {};
    Time counted_since{};  ///< When this storage began to keep counts.
};

/// An API key as stored: never the key itself.
struct ApiKeyRecord {
    ApiKeyId id{};
    std::string hash;  ///< SHA-256 of the key, 32 bytes.
    std::string user_id;
    bool is_administrator = false;
    Time created_at{};
};

/// The work of one call of `maintain`.
struct Maintenance {
    /// The maximum number of rows of each kind to examine.
    std::size_t limit = 0;
    /// Events created longer ago than this are deleted; 0: none are. If many are deleted at once,
    /// an event may stay for up to a quarter of this time, or two hours, longer.
    std::chrono::seconds keep_events_for{0};
};

inline constexpr std::size_t max_retired_secrets = 4;
inline constexpr std::size_t max_events_in_statistics = 100'000;

/// Stores everything. An implementation must pass the contract suite of
/// webhooks/testing/storage_contract.hpp, which a host can run on its own storage.
///
/// All member functions may be called from any thread at once, and block until they are done. None
/// should throw; a service logs an exception and treats it as `unavailable`. Storage has its own
/// time, to which all times in arguments and results refer; `heartbeat` returns it. A limit is at
/// least 1. Any call may return `unavailable`: nothing was done then, or (for `write`) the outcome
/// is unknown.
class Storage {
public:
    virtual ~Storage() = default;

    // ---- Subscriptions. Each change increments the revision in its own transaction.

    /// Stores everything except `id`, `created_at`, `updated_at` and `revision`, which it assigns.
    /// @param by the caller
    virtual Result<Subscription> insert_subscription(const Principal& by, const Subscription&) = 0;
    /// @return not_found also if the principal may not see it (`Principal::may_see`, which also
    /// knows principals that are limited to one subscription), here and below. Only administrators
    /// see one with an operator's scope.
    virtual Result<Subscription> find_subscription(const Principal&, SubscriptionId) = 0;
    /// Applies the members that are set, atomically, and sets `updated_at`. This resets the stored
    /// state of the endpoint; a new secret also removes retired ones.
    virtual Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                                     const SubscriptionChange&) = 0;
    /// Replaces the secret. The previous one keeps signing for `overlap`, and earlier ones until
    /// their own time ends: the latest `max_retired_secrets` in total. With 0 only the new one
    /// signs.
    virtual Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                               std::chrono::seconds overlap) = 0;
    /// Hides it and its events at once. `maintain` deletes their rows later.
    virtual Result<> delete_subscription(const Principal&, SubscriptionId) = 0;
    virtual Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) = 0;

    /// Inserts or updates by name; increments the revision if anything changed.
    virtual Result<> upsert_event_type(const EventType&) = 0;

    /// Everything that changed after `since`; 0 requests everything (and returns no deletions).
    virtual Result<Configuration> configuration(Revision since) = 0;
    /// The notices after `after`, in order of their numbers, of the last 24 hours at least. The
    /// default implementation returns none: enough for a storage of one running service at a time.
    virtual Result<std::vector<Notice>> notices(std::int64_t after);

    // ---- The log, for readers.

    virtual Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) = 0;
    /// As above, for all subscriptions that the principal may see. The default implementation
    /// returns `unsupported`.
    virtual Result<Page<Event>> list_all_events(const Principal&, const ListQuery&);
    virtual Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) = 0;
    /// As above, whichever subscription it is of that the principal may see. The default
    /// implementation returns `unsupported`.
    /// @param worker_tag if set, only an event with this `HeldEvent::worker_tag`.
    virtual Result<EventHistory> find_any_event(const Principal&, EventId,
                                                std::optional<std::uint64_t> worker_tag);
    virtual Result<> delete_event(const Principal&, SubscriptionId, EventId) = 0;
    /// Of the attempts of the last 24 hours, considering the newest `max_events_in_statistics`
    /// events. As a list query, it ends with `timed_out` when `stop` is requested.
    virtual Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                                  std::stop_token stop) = 0;

    /// The sums of `Batch::rollups`. As they get older, `maintain` merges them into longer buckets
    /// and deletes them, as webhooks/series.hpp says; they are deleted with their subscription. A
    /// range has no shorter buckets than what is kept of it. The default implementation returns
    /// `unsupported`.
    virtual Result<SeriesRows> series(const Principal&, const SeriesScope&, const SeriesRange&);

    // ---- Resending, on request.

    /// Makes an event due now, with a full set of attempts. @return conflict while a worker has it
    /// in memory.
    virtual Result<> reopen_event(const Principal&, SubscriptionId, EventId) = 0;
    /// As `reopen_event`, for the events created in a period that have a history, are not delivered
    /// and in no worker's memory, in order of id, starting after `after`, up to `limit`.
    virtual Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId,
                                                const CreationPeriod&, EventId after,
                                                std::size_t limit) = 0;
    /// The number of events that `reopen_undelivered` would reopen now. The default implementation
    /// returns `unsupported`.
    virtual Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                                  const CreationPeriod&);

    // ---- The log, for workers. Each call returns `fenced`, having done nothing, if the worker's
    // lease has expired.

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
    /// @return stale_revision, having done nothing, if there are appends and `matched_at` is not
    /// the current revision.
    virtual Result<BatchReceipt> write(WorkerId, const Batch&) = 0;
    /// The events that this worker appended after `after` and that are neither delivered nor have a
    /// row, ascending, up to `limit`: the events of a batch whose receipt was lost.
    virtual Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                          std::size_t limit) = 0;
    /// Claims events that are unclaimed and due, earliest first, up to `limit`.
    /// @param number the worker's own number of the claim, for both kinds of claims: `unclaim`.
    virtual Result<Claim> claim(WorkerId, std::size_t limit, std::int64_t number = 0) = 0;
    /// Moves events of a subscription that were reserved for this worker back into its memory, in
    /// order of id, up to `limit` events; less than `limit` means that none are left.
    virtual Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId,
                                                          std::size_t limit,
                                                          std::int64_t number = 0) = 0;
    /// Releases what the claim with this number took, if anything: its result was lost.
    virtual Result<> unclaim(WorkerId, std::int64_t number) = 0;

    /// Sets the callback for changes: it is called, from any thread, soon after others have changed
    /// subscriptions or made events due. It only suggests a check, and may be called too often or
    /// not at all. A new callback replaces the old one; an empty one removes it, and returns when
    /// no call is running. A storage without notifications keeps this default.
    virtual void set_listener(std::function<void()> listener);

    /// Deletes, in one short transaction, what is no longer needed: rows of deleted subscriptions,
    /// idempotency keys older than 24 h, and old events with their messages and attempts. An event
    /// that waits stays until it has ended, as does one that may be in a worker's memory.
    /// @return false if nothing is left to do.
    virtual Result<bool> maintain(const Maintenance&) = 0;

    // ---- Operational events (docs/operational-events.md). A storage appends them in the
    // transaction that makes the change durable: of subscriptions, of what a batch writes, and of
    // workers that were lost. A storage without them keeps these defaults.

    /// Sets the callback for operational events: it is called after the commit, by the thread that
    /// made the change. A new callback replaces the old one; an empty one removes it, and returns
    /// when no call is running.
    virtual void set_operational_listener(std::function<void(const OperationalEvent&)> listener);
    /// Appends the events whose time has come: the rest of windows, and what exceeded the maximum
    /// of an earlier minute. Examines up to `limit`. Called at each heartbeat.
    /// @param exhausted_window as in Batch
    virtual Result<> append_due_operational(std::chrono::seconds exhausted_window,
                                            std::size_t limit);

    /// Counts for metrics; called about every 15 s. @return unsupported by default.
    virtual Result<StorageSample> sample();

    // ---- For operators. The default implementations return `unsupported`.

    virtual Result<Overview> overview();
    /// Users that have subscriptions, by the bytes of their ids, after `after`, up to `limit`.
    virtual Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit);

    // ---- API keys. A storage without them keeps these defaults.

    /// Stores everything except `id` and `created_at`, which it assigns.
    virtual Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&);
    virtual Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash);
    virtual Result<std::vector<ApiKeyRecord>> list_api_keys();
    virtual Result<> delete_api_key(ApiKeyId);
};

}  // namespace webhooks
