#pragma once

/// @file
/// The seam to where subscriptions and the log are kept. It speaks in units of atomicity: each
/// call happens wholly or not at all, and is durable when it returns success.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks {

/// The payload of a publication, kept once however many subscriptions it goes to.
struct Message {
    std::string event_type;
    std::string content_type;
    /// Apart from the rest, so that requests can share it.
    std::shared_ptr<const std::string> payload;
};

/// A running service as storage knows it.
struct Worker {
    WorkerId id{};
    /// Random; names this identity in `webhook-id`, so that ids stay unique when a database is
    /// restored or cloned.
    std::uint64_t tag = 0;
};

/// An event that a worker holds in order to deliver it.
struct HeldEvent {
    EventId id{};
    SubscriptionId subscription{};
    std::uint64_t worker_tag = 0;  ///< Of the worker that appended it.
    std::shared_ptr<const Message> message;
    int attempts = 0;            ///< Attempts so far.
    bool has_retry_row = false;  ///< It waits, or waited until this claim, in storage.
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
    /// The worker has no room for these events: they wait in storage, due at once.
    bool is_parked = false;
};

/// The end of an attempt.
struct AttemptRecord {
    EventId event{};
    Attempt attempt;
    std::optional<Time> due = {};  ///< With Outcome::retry: when the next one is due.
    bool has_retry_row = false;    ///< As in HeldEvent.
};

/// An event that leaves its worker's memory without an attempt.
struct Park {
    EventId event{};
    SubscriptionId subscription{};
    Time due{};
    int attempts = 0;
};

/// All that a worker writes to the log in one transaction.
struct Batch {
    /// The revision that `appends` were matched at.
    Revision matched_at = 0;
    std::vector<Append> appends = {};
    std::vector<AttemptRecord> attempts = {};
    std::vector<Park> parks = {};
    /// Every event of this worker up to this id has a final attempt or a retry row once this batch
    /// is written (the events of `appends` come after it).
    EventId low_water{};
};

/// What became of one Append. The events are `first_event` .. `first_event + count - 1`.
struct Appended {
    EventId first_event{};
    std::uint32_t count = 0;
    bool is_replay = false;  ///< An earlier publication's; nothing was written.
};

struct BatchReceipt {
    /// As many as there were appends, in their order. A conflict fails its own append alone.
    std::vector<Result<Appended>> appends = {};
};

/// What a worker takes over from storage.
struct Claim {
    std::vector<HeldEvent> events = {};
    /// When the earliest event that is left in storage is due; absent when none waits.
    std::optional<Time> next_due = {};
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
};

/// An API key as it is stored: never the key itself.
struct ApiKeyRecord {
    ApiKeyId id{};
    std::string hash;  ///< SHA-256 of the key, 32 bytes.
    std::string user_id;
    bool is_administrator = false;
    Time created_at{};
};

/// Keeps everything. A class that implements it passes the contract suite of tests/contract.
///
/// Every member may be called from any thread at once, blocks until it is done, and never throws.
/// Storage has its own time, which all times it is given or answers are of; `pulse` tells it.
/// Any call may answer `unavailable`: nothing was done then, or (for `write`) it is not known
/// whether it was.
class Storage {
public:
    virtual ~Storage() = default;

    // ---- Subscriptions. Each change bumps the revision in its own transaction.

    /// Stores all but `id`, `created_at` and `updated_at`, which it assigns.
    virtual Result<Subscription> insert_subscription(const Subscription&) = 0;
    /// @return not_found also where the principal may not see it, here and below.
    virtual Result<Subscription> find_subscription(const Principal&, SubscriptionId) = 0;
    /// Applies the members that are set, atomically, and sets `updated_at`.
    virtual Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                                     const SubscriptionChange&) = 0;
    /// Hides it and its events at once. Their rows go later, by `maintain`.
    virtual Result<> delete_subscription(const Principal&, SubscriptionId) = 0;
    virtual Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) = 0;

    /// Adds or updates by name; bumps the revision if anything changed.
    virtual Result<> upsert_event_type(const EventType&) = 0;

    /// All that changed after `since`; 0 asks for everything (and gets nothing deleted).
    virtual Result<Configuration> configuration(Revision since) = 0;

    // ---- The log, as its readers see it.

    virtual Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) = 0;
    virtual Result<> delete_event(const Principal&, SubscriptionId, EventId) = 0;

    // ---- Workers and the log, as they write it. Each answers `fenced`, having done nothing, when
    // the worker was declared dead.

    /// Begins a worker's life. @param lease after this long without a pulse it counts as dead.
    /// @return locked where storage serves one running service at a time and has it already.
    virtual Result<Worker> register_worker(std::chrono::milliseconds lease) = 0;
    /// A sign of life.
    virtual Result<Pulse> pulse(WorkerId) = 0;
    /// Ends a worker's life: what it still holds is due at once, for whoever comes.
    virtual Result<> retire_worker(WorkerId) = 0;
    /// Declares dead the workers whose lease has lapsed, and makes what dead workers still held due
    /// at once, up to `limit` events.
    /// @return how many were moved; less than `limit` means that no more are left.
    virtual Result<std::size_t> take_over(WorkerId, std::size_t limit) = 0;

    /// Appends, records and parks in one transaction. Attempts and parks of events that are gone
    /// are passed over.
    /// @return stale_revision, having done nothing, if there are appends and `matched_at` is not
    /// the current revision.
    virtual Result<BatchReceipt> write(WorkerId, const Batch&) = 0;
    /// Takes what is due, the earliest first, up to `limit` events.
    virtual Result<Claim> claim(WorkerId, std::size_t limit) = 0;

    /// Deletes, in one short transaction, rows that nobody can see any more: of deleted
    /// subscriptions, of idempotency keys past 24 h. @return false when nothing is left to do.
    virtual Result<bool> maintain(std::size_t limit) = 0;

    // ---- API keys. A storage without them keeps these bodies.

    /// Stores all but `id` and `created_at`, which it assigns.
    virtual Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&);
    virtual Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash);
    virtual Result<std::vector<ApiKeyRecord>> list_api_keys();
    virtual Result<> delete_api_key(ApiKeyId);
};

}  // namespace webhooks
