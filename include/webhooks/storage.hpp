#pragma once

/// @file
/// The seam to where subscriptions and the log are kept. It speaks in units of atomicity: each
/// call happens wholly or not at all, and is durable when it returns success.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The payload of a publication, kept once however many subscriptions it goes to.
struct Message {
    std::string event_type;
    std::string content_type;
    /// Apart from the rest, so that requests can share it.
    std::shared_ptr<const std::string> payload;
    /// From then on nobody wants it any more.
    std::optional<Time> expires_at = {};
};

/// A running service as storage knows it.
struct Worker {
    WorkerId id{};
    /// What it appends is above this.
    EventId last_event{};
    /// Random; names this identity in `webhook-id`, so that ids stay unique when a database is
    /// restored or cloned.
    std::uint64_t tag = 0;
};

// What is not delivered has a row of its own, apart from the log: an event gets it when an attempt
// fails, or when it waits without one, and loses it when it is delivered. An event without a row is
// either delivered or in the memory of the worker that appended it. A row is free, or claimed by
// one worker.

/// An event that a worker holds in order to deliver it.
struct HeldEvent {
    EventId id{};
    SubscriptionId subscription{};
    /// Of the worker that appended it; random where no worker did (`publish_in_transaction`).
    std::uint64_t worker_tag = 0;
    std::shared_ptr<const Message> message;
    int attempts = 0;      ///< Rows of history so far; the next one's number follows.
    int tries = 0;         ///< Of these, since it was published or last reopened.
    bool has_row = false;  ///< It has a row among what is not delivered, claimed by this worker.
    /// Somebody asked to send it again, and no worker has had it in its memory since.
    bool is_requested = false;
};

/// What makes the repetition of a publication recognisable.
struct IdempotencyKey {
    std::string scope;  ///< The caller's user id.
    std::string key;
    std::string digest;  ///< SHA-256 of the content, 32 bytes.
};

/// One message for the subscriptions it matched. Its events get consecutive ids.
struct Append {
    std::shared_ptr<const Message> message;
    std::vector<SubscriptionId> subscriptions;  ///< May be empty; ascending.
    std::optional<IdempotencyKey> idempotency = {};
    /// Set: the worker does not take these events; they wait in storage until then, for anyone.
    std::optional<Time> due = {};
    /// It is written together with the append before it, or neither is: a batch gathers strangers,
    /// and a run of appends that are joined is what one caller wants to happen as a whole.
    bool joins_previous = false;
};

/// The end of an attempt.
struct AttemptRecord {
    /// Nearly all of them: delivered, and the event had no row and needs none. Storage may write it
    /// without looking at the event: should that have been deleted, nobody sees its attempt.
    bool is_plain() const noexcept { return attempt.outcome == Outcome::delivered && !has_row; }

    EventId event{};
    SubscriptionId subscription{};
    Attempt attempt;
    std::optional<Time> due = {};  ///< With Outcome::retry: when the next one is due.
    int tries = 0;                 ///< As in HeldEvent, this attempt included.
    /// As in HeldEvent. An event without a row is with nobody but the worker that appended it.
    bool has_row = false;
};

/// An event that gets a row, or has its row changed, without an attempt.
struct Park {
    enum class Place : std::uint8_t {
        free,      ///< It leaves the worker's memory; whoever claims it once it is due has it.
        held,      ///< It stays in the worker's memory; the row tells what a dead worker held.
        deferred,  ///< It leaves the worker's memory, but stays the worker's: `claim_deferred`.
    };
    EventId event{};
    SubscriptionId subscription{};
    Time due{};
    int attempts = 0;
    int tries = 0;
    Place place = Place::free;
};

/// How a subscription's endpoint is doing at one worker, kept so that a restart does not forget it.
/// It joins what other workers found out.
struct EndpointState {
    SubscriptionId subscription{};
    /// `Subscription::revision` of what was judged: of one that was changed since, nothing is kept.
    Revision judged_at = 0;
    /// Since when it has only failed; the earliest stays. Absent: it had success.
    std::optional<Time> failing_since = {};
    /// Until when nothing is sent; the latest stays. Absent: no pause begins.
    std::optional<Time> paused_until = {};
    /// Pauses until then or before are over, because a request that was made in them had success.
    std::optional<Time> ended_pause = {};
    /// The endpoint itself asked for the pause: other workers get a Notice.
    bool is_asked_for = false;
};

/// What every worker is to hear, though it changes no configuration: that an event was deleted
/// while a worker held it, or until when an endpoint asked for a pause, or that such a pause is
/// over.
struct Notice {
    std::int64_t number = 0;  ///< Ascending, in the order in which they become visible.
    SubscriptionId subscription{};
    std::optional<EventId> deleted_event = {};  ///< Absent: it is about a pause.
    Revision judged_at = 0;                     ///< As in EndpointState.
    std::optional<Time> paused_until = {};      ///< Absent: the pause is over.
};

/// A subscription whose endpoint wants, or gets, nothing more.
struct Deactivation {
    SubscriptionId subscription{};
    /// `Subscription::revision` of what was judged: one that was changed since stays as it is.
    Revision judged_at = 0;
    /// Set: only if no attempt was delivered since then, on any worker.
    std::optional<Time> failing_since = {};
};

/// All that a worker writes to the log in one transaction.
struct Batch {
    /// The worker's own count of its batches, above that of the one before: `Pulse::last_batch`.
    std::int64_t number = 0;
    /// The revision that `appends` were matched at.
    Revision matched_at = 0;
    std::vector<Append> appends = {};
    std::vector<AttemptRecord> attempts = {};
    std::vector<Park> parks = {};
    std::vector<EndpointState> states = {};
    std::vector<Deactivation> deactivations = {};
    /// Every event of this worker up to this id is delivered or has a row once this batch is
    /// written (the events of `appends` come after it).
    EventId low_water{};
};

/// What became of one Append. The events are `first_event` .. `first_event + count - 1`.
struct Appended {
    EventId first_event{};
    std::uint32_t count = 0;
    bool is_replay = false;  ///< An earlier publication's; nothing was written.

    bool operator==(const Appended&) const = default;
};

struct BatchReceipt {
    /// As many as there were appends, in their order. A conflict fails its own append, and those
    /// that are joined with it, which answer `withdrawn`; no others.
    std::vector<Result<Appended>> appends = {};
    /// Those of the deactivations that took place; each has bumped the revision.
    std::vector<SubscriptionId> deactivated = {};
};

/// What a worker takes over from storage.
struct Claim {
    std::vector<HeldEvent> events = {};
    /// When the earliest event that is left in storage is due; absent when none waits.
    std::optional<Time> next_due = {};
    /// The revision of subscriptions when the events were taken, or a later one: a worker that
    /// knows only an earlier one may not know what they are for.
    Revision revision = 0;
};

/// What changed since a revision.
struct Configuration {
    Revision revision = 0;
    /// New and changed subscriptions, active or not.
    std::vector<Subscription> subscriptions = {};
    std::vector<SubscriptionId> deleted = {};
    /// All event types, in order of name.
    std::vector<EventType> event_types = {};
};

/// What storage answers to a sign of life.
struct Pulse {
    Time now{};  ///< Storage's time.
    Revision revision = 0;
    /// `Batch::number` of the worker's latest batch that was written, 0 before the first: tells
    /// what became of one whose answer was lost.
    std::int64_t last_batch = 0;
    /// What this worker appends from now on is above this.
    EventId last_event{};
    std::int64_t last_notice = 0;  ///< `Notice::number` of the latest one; 0 before the first.
};

/// What a request to send again came to.
struct Reopened {
    std::size_t count = 0;
    /// Set: there may be more; go on from here.
    std::optional<EventId> next = {};
};

/// An API key as it is stored: never the key itself.
struct ApiKeyRecord {
    ApiKeyId id{};
    std::string hash;  ///< SHA-256 of the key, 32 bytes.
    std::string user_id;
    bool is_administrator = false;
    Time created_at{};
};

/// What one call of `maintain` is to do.
struct Maintenance {
    /// Of each kind, so many rows are looked at.
    std::size_t limit = 0;
    /// Events that were created longer ago than this go; 0: none does. Where many go at once, one
    /// may stay for up to a quarter of it, or two hours, more.
    std::chrono::seconds keep_events_for{0};
};

inline constexpr std::size_t max_retired_secrets = 4;
inline constexpr std::size_t max_events_in_statistics = 100'000;

/// Keeps everything. A class that implements it passes the contract suite of
/// webhooks/testing/storage_contract.hpp, which a host runs on a storage of its own.
///
/// Every member may be called from any thread at once, and blocks until it is done. None is to
/// throw; a service takes an exception for `unavailable` and logs it.
/// Storage has its own time, which all times it is given or answers are of; `pulse` tells it.
/// A limit is at least 1.
/// Any call may answer `unavailable`: nothing was done then, or (for `write`) it is not known
/// whether it was.
class Storage {
public:
    virtual ~Storage() = default;

    // ---- Subscriptions. Each change bumps the revision in its own transaction.

    /// Stores all but `id`, `created_at`, `updated_at` and `revision`, which it assigns.
    virtual Result<Subscription> insert_subscription(const Subscription&) = 0;
    /// @return not_found also where the principal may not see it, here and below.
    virtual Result<Subscription> find_subscription(const Principal&, SubscriptionId) = 0;
    /// Applies the members that are set, atomically, and sets `updated_at`. What was noted of the
    /// endpoint is void then; with a secret, so are retired ones.
    virtual Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                                     const SubscriptionChange&) = 0;
    /// Replaces the secret; the one before goes on signing for `overlap`, as do earlier ones until
    /// their own time comes: the latest `max_retired_secrets` in all. With 0 the new one signs
    /// alone.
    virtual Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                               std::chrono::seconds overlap) = 0;
    /// Hides it and its events at once. Their rows go later, by `maintain`.
    virtual Result<> delete_subscription(const Principal&, SubscriptionId) = 0;
    virtual Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) = 0;

    /// Adds or updates by name; bumps the revision if anything changed.
    virtual Result<> upsert_event_type(const EventType&) = 0;

    /// All that changed after `since`; 0 asks for everything (and gets nothing deleted).
    virtual Result<Configuration> configuration(Revision since) = 0;
    /// The notices behind `after`, in order of their numbers, of the last 24 hours at least. A
    /// storage that serves one running service at a time may keep this body: there are none.
    virtual Result<std::vector<Notice>> notices(std::int64_t after);

    // ---- The log, as its readers see it.

    virtual Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) = 0;
    virtual Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) = 0;
    virtual Result<> delete_event(const Principal&, SubscriptionId, EventId) = 0;
    /// Of the attempts of the last 24 hours, looking at the newest `max_events_in_statistics`
    /// events.
    virtual Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId) = 0;

    // ---- Sending again, on request.

    /// Makes an event due now, its tries counted anew. @return conflict while a worker has it in
    /// memory.
    virtual Result<> reopen_event(const Principal&, SubscriptionId, EventId) = 0;
    /// As `reopen_event`, for the events from `since` on (by `Event::created_at`) that have a row
    /// of history, are not delivered and in no worker's memory, in order of id from behind `after`,
    /// up to `limit`.
    virtual Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, Time since,
                                                EventId after, std::size_t limit) = 0;

    // ---- Workers and the log, as they write it. Each answers `fenced`, having done nothing, when
    // the worker was declared dead.

    /// Begins a worker's life. @param lease after this long without a pulse it counts as dead.
    /// @return locked where storage serves one running service at a time and has it already.
    virtual Result<Worker> register_worker(std::chrono::milliseconds lease) = 0;
    /// A sign of life. Waits for a batch of this worker that is still being written.
    virtual Result<Pulse> pulse(WorkerId) = 0;
    /// Ends a worker's life: what it still holds is due at once, for whoever comes.
    virtual Result<> retire_worker(WorkerId) = 0;
    /// Declares dead the workers whose lease has lapsed. A storage that serves one service at a
    /// time knows its dead when a worker registers, and has nothing to do.
    virtual Result<> declare_dead(WorkerId) = 0;
    /// Makes free what dead workers still held, up to `limit` events. What was in their memory is
    /// due at once; what they had deferred is due when it was to be.
    /// @return how many were moved; less than `limit` means that no more are left.
    virtual Result<std::size_t> take_over(WorkerId, std::size_t limit) = 0;

    /// Writes a batch in one transaction: parks, then attempts, for an event may be parked as held
    /// and its attempt end before the batch is written. Those of an event that this worker does not
    /// hold are passed over: it is gone, or delivered, or its row is free or another worker's.
    /// @return stale_revision, having done nothing, if there are appends and `matched_at` is not
    /// the current revision.
    virtual Result<BatchReceipt> write(WorkerId, const Batch&) = 0;
    /// What this worker appended above `after` and neither delivered nor gave a row, ascending, up
    /// to `limit` events: the events of a batch whose receipt was lost.
    virtual Result<std::vector<HeldEvent>> appended_after(WorkerId, EventId after,
                                                          std::size_t limit) = 0;
    /// Takes what is free and due, the earliest first, up to `limit` events.
    /// @param number the worker's own count of its claims, of both kinds: `unclaim`.
    virtual Result<Claim> claim(WorkerId, std::size_t limit, std::int64_t number = 0) = 0;
    /// Takes back into memory what this worker deferred of a subscription, in order of id, up to
    /// `limit` events; less than `limit` means that no more are left.
    virtual Result<std::vector<HeldEvent>> claim_deferred(WorkerId, SubscriptionId,
                                                          std::size_t limit,
                                                          std::int64_t number = 0) = 0;
    /// Sets free what the claim of this number took, if it took anything: its answer was lost.
    virtual Result<> unclaim(WorkerId, std::int64_t number) = 0;

    /// Sets what is called, from any thread, soon after others have changed subscriptions or made
    /// events due; it only says that looking pays, and may come too often or not at all. There is
    /// one at a time; an empty one ends it, and returns when no call is under way. A storage that
    /// does not hear of others keeps this body.
    virtual void set_listener(std::function<void()> listener);

    /// Deletes, in one short transaction, what nobody wants any more: rows of deleted
    /// subscriptions, idempotency keys past 24 h, and old events with their messages and attempts.
    /// An event that waits stays until it has ended, and so does one that may be in a worker's
    /// memory.
    /// @return false when nothing is left to do.
    virtual Result<bool> maintain(const Maintenance&) = 0;

    // ---- API keys. A storage without them keeps these bodies.

    /// Stores all but `id` and `created_at`, which it assigns.
    virtual Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&);
    virtual Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash);
    virtual Result<std::vector<ApiKeyRecord>> list_api_keys();
    virtual Result<> delete_api_key(ApiKeyId);
};

}  // namespace webhooks
