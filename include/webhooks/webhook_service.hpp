#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/api_keys.hpp>
#include <webhooks/audit.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_catalog.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/feed.hpp>
#include <webhooks/metrics.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/payload_filter.hpp>
#include <webhooks/portal_sessions.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/publication_validator.hpp>
#include <webhooks/query.hpp>
#include <webhooks/random.hpp>
#include <webhooks/series.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// How long the previous secret keeps signing after a rotation: the default and the maximum.
inline constexpr std::chrono::seconds default_secret_overlap = std::chrono::hours(24);
inline constexpr std::chrono::seconds max_secret_overlap = std::chrono::hours(7 * 24);
/// The maximum number of publications in one call of `publish_batch`.
inline constexpr std::size_t max_publications_in_batch = 1000;

/// Sends webhooks: manages subscriptions, publishes events to them, delivers the events and keeps a
/// log.
///
/// A host either calls `start`, which runs two threads (one for storage, one for delivery), or
/// calls `run_once` in its own loop without any threads. Either way, all member functions may be
/// called from several threads at once, except that moving and destroying the object require
/// exclusive access.
///
/// **Errors.** Nothing is thrown. Running out of memory is reported as `unavailable`. An exception
/// from a part that the host supplies is caught and logged; each part documents the consequences. A
/// moved-from object returns `invalid_state`.
///
/// **Blocking.** Every member function blocks until storage has responded, except `async_publish`,
/// `async_publish_batch`, `event_types`, `options`, `metrics`, `check_ready` and `start`, which
/// wait for a mutex at most. `async_read_feed` blocks to read, not to wait for events.
///
/// **Callbacks.** Inside a completion, an Observer, a Transport or a Storage, on any thread, the
/// functions that wait for the service's own work (`publish`, `publish_batch`, `send_test_event`,
/// `start`, `run_once`, `stop`) return `invalid_state` at once; all others work. A callback may
/// also destroy the service: the service then ends, as if stopped without draining, after the
/// callback has returned, on a thread that ends as well.
///
/// **Fork.** A service belongs to the process that opened it. In a child process every member
/// function returns `invalid_state`, the destructor does nothing, and the child does not own the
/// parent's locks. A child that needs a service opens its own storage and service; if the parent's
/// service uses SQLite, `make_sqlite_storage` returns `invalid_state` in the child until it calls
/// `exec`, because a thread of the parent may have been inside SQLite. A child that ends
/// without `exec` must call `_exit`, because `exit` would run the destructors of the host's other
/// objects.
class WebhookService {
public:
    struct Parts {
        std::shared_ptr<Storage> storage{};      ///< Required.
        std::shared_ptr<Transport> transport{};  ///< Required; used by this service only.
        std::shared_ptr<Clock> clock{};          ///< Absent: the system clocks.
        std::shared_ptr<Observer> observer{};    ///< Absent: nothing is reported.
        std::shared_ptr<Random> random{};        ///< Absent: the system's.
        /// Absent: payloads are not validated.
        std::shared_ptr<PublicationValidator> validator{};
    };

    /// Opens the service on its storage: reads subscriptions, registers as a worker, and takes over
    /// what an earlier process left.
    /// @return invalid_argument for bad options, a missing part, or a transport of another service
    /// of this process; locked if storage supports only one running service and another one is
    /// running; otherwise storage's error.
    static Result<WebhookService> open(Parts, ServiceOptions = {});

    WebhookService(WebhookService&&) noexcept;
    WebhookService& operator=(WebhookService&&) noexcept;
    /// Stops without draining, and blocks as `stop(0)` does. Attempts in flight are aborted, and
    /// repeated by the next service.
    ~WebhookService();

    // ---- Validation, as in the calls below: nothing is stored, and storage is not accessed.

    /// @return invalid_argument that lists every invalid member; forbidden, as
    /// `create_subscription`.
    Result<> validate(const Principal&, const SubscriptionDraft&) const;
    /// Validates only the members that are set. @return invalid_argument as above.
    Result<> validate(const Principal&, const SubscriptionChange&) const;
    /// @return invalid_argument as above.
    Result<> validate(const Publication&) const;
    Result<> validate(const EventType&) const;
    /// Reads the subscription that is to be changed. @return as `update_subscription`.
    Result<> validate(const Principal&, SubscriptionId, const SubscriptionChange&) const;

    // Every call with a Principal returns forbidden if they lack a permission that
    // webhooks/access.hpp requires for it; the error names it.

    // ---- Subscriptions. One that does not exist and one that the principal may not see are both
    // not_found. Without `secrets:read`, a subscription has `whsec_****` and the last 4 characters
    // in place of its secret, and `****` in place of each value of a header. In a change, such a
    // mask keeps what it stands for, for every principal.

    /// @return invalid_argument that lists every invalid member.
    Result<Subscription> create_subscription(const Principal&, SubscriptionDraft);
    Result<Subscription> subscription(const Principal&, SubscriptionId) const;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId, SubscriptionChange);
    /// Its events disappear with it, and queued events are not sent.
    Result<> delete_subscription(const Principal&, SubscriptionId);
    /// @return forbidden also for `include_events` without `events:read`.
    Result<Page<Subscription>> subscriptions(const Principal&, const ListQuery& = {}) const;
    /// Signs with a new secret from now on. The previous one also keeps signing for `overlap`, so
    /// that receivers can change theirs at any time until then.
    /// @param secret as in `SubscriptionDraft`; the current one is a conflict. Absent: a new
    /// one of the same kind is generated.
    /// @param overlap 0 - `max_secret_overlap`; with 0 only the new secret signs.
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId,
                                       std::optional<Secret> secret = {},
                                       std::chrono::seconds overlap = default_secret_overlap);
    /// The deliveries of the last 24 hours, and the current state of the endpoint.
    /// @param stop ends the query, with `timed_out`, when its result is no longer needed.
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token stop = {}) const;

    /// Counts of a subscription's attempts over time. They are counted when attempts end and
    /// written within 10 s, so that a crash may lose the last of them; the log has all.
    /// @return invalid_argument that names `from` or `step`.
    Result<DeliverySeries> series(const Principal&, SubscriptionId, const SeriesQuery& = {}) const;
    /// As above, of all subscriptions of the principal or, for an administrator, of everyone's;
    /// also deleted ones.
    /// @param user_id if set, only those of this user. @return forbidden for another user's, unless
    /// the principal is an administrator.
    Result<DeliverySeries> all_series(const Principal&, const SeriesQuery& = {},
                                      const std::optional<std::string>& user_id = {}) const;

    // ---- Trying payload filters (docs/payload-filters.md): nothing is published or stored.

    /// What a filter says of a payload, and each of its conditions. @return invalid_argument
    Result<FilterReport> test_filter(const Principal&, const std::string& filter,
                                     const FilterInput&) const;
    /// What a filter says of the newest `max_events_in_filter_test` events of a subscription, test
    /// events excepted. @param stop as in `statistics` @return timed_out if it looks at too much.
    Result<FilterSample> test_filter(const Principal&, const std::string& filter, SubscriptionId,
                                     std::stop_token stop = {}) const;
    /// Which subscriptions a publication would reach, and why it would not reach the others: the
    /// first 1,000, by id, that `publish` would consider. @param stop as in `statistics`
    /// @return as `publish`; timed_out if the filters look at too much.
    Result<Page<SubscriptionMatch>> match_event(const Principal&, const Publication&,
                                                std::stop_token stop = {}) const;

    // ---- The event log.

    /// The events of one subscription.
    Result<Page<Event>> events(const Principal&, SubscriptionId, const ListQuery& = {}) const;
    /// The events of all subscriptions that the principal may see; `isSuccess eq false` returns
    /// undelivered ones.
    Result<Page<Event>> all_events(const Principal&, const ListQuery& = {}) const;
    /// One event with its attempts.
    Result<EventHistory> event(const Principal&, SubscriptionId, EventId) const;
    /// As above, whichever subscription it is of that the principal may see.
    Result<EventHistory> event(const Principal&, EventId) const;
    /// The event whose requests carry this `webhook-id`; not_found also for text that is none.
    Result<EventHistory> event(const Principal&, std::string_view webhook_id) const;
    /// The events of a subscription in order of id, whatever happened to their delivery, each
    /// exactly once along a chain of cursors: docs/feed.md. An event that another transaction has
    /// yet to commit holds back those after it. Deleted events are left out, and those whose
    /// `expires_at` has passed.
    /// @return invalid_argument that names `cursor`, `since` or `take`.
    Result<FeedPage> read_feed(const Principal&, SubscriptionId, const FeedQuery& = {}) const;
    /// As `read_feed`, which it blocks for, but if there is no event, `done` is called later: with
    /// `FeedPage::has_more` and still no event once there is something to read, otherwise with the
    /// page after `wait` (at most `max_feed_wait`; by the service's clock), once `stop` is
    /// requested, or when the service stops. Called exactly once, as in `async_publish`; waiting
    /// holds neither a thread nor a connection to storage. What other processes publish is noticed
    /// within 2 s; on PostgreSQL, at once.
    /// @return also overloaded, if `max_feed_waits` readers wait for this feed already.
    void async_read_feed(const Principal&, SubscriptionId, const FeedQuery&,
                         std::chrono::milliseconds wait, std::function<void(Result<FeedPage>)> done,
                         std::stop_token stop = {});
    /// If the event is still queued, it is cancelled: here at once, at other workers within
    /// `ServiceOptions::heartbeat_interval`.
    Result<> delete_event(const Principal&, SubscriptionId, EventId);
    /// Sends one event of type `webhook.test`, once, even if the subscription is inactive.
    /// @param payload UTF-8 without U+0000; absent: a small JSON document.
    Result<EventId> send_test_event(const Principal&, SubscriptionId,
                                    std::optional<std::string> payload = {});

    // ---- Resending, with the same `webhook-id`.

    /// Sends an event again at once, whatever its state; it gets a full set of attempts again.
    /// @return the event, which is waiting now; conflict while it is being delivered, and if the
    /// subscription is inactive (except for a test event).
    Result<Event> retry_event(const Principal&, SubscriptionId, EventId);
    /// Resends all events published in a period that have failed and are not delivered, whether
    /// they still wait for a retry or have ended.
    /// @return their number; conflict if the subscription is inactive; invalid_argument for a
    /// period that ends before it begins. After any other error some events may already be
    /// scheduled; repeating the call is harmless.
    Result<std::size_t> recover(const Principal&, SubscriptionId, const CreationPeriod&);
    /// As above, for all events published since `since`.
    Result<std::size_t> recover(const Principal& principal, SubscriptionId id, Time since) {
        return recover(principal, id, CreationPeriod{.since = since});
    }
    /// The number of events that `recover` would resend now. Works for an inactive subscription,
    /// too.
    Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                          const CreationPeriod&) const;

    // ---- Access. API keys: the user's own; for an administrator, everyone's; for a principal that
    // is limited to one subscription, those that are limited to it as well.

    /// Creates a key that is valid at once. @return as `ApiKeys::create`; invalid_argument also for
    /// a subscription that is not the key's user's.
    Result<CreatedApiKey> create_api_key(const Principal& maker, const ApiKeyDraft&);
    /// Sorted by id.
    Result<std::vector<ApiKeyRecord>> api_keys(const Principal&) const;
    /// Revokes a key at once. @return not_found.
    Result<> delete_api_key(const Principal&, ApiKeyId);
    /// Who changed what: about objects that the principal may see, newest first; administrators see
    /// all. Records appear together with the change, and cannot be changed; they are kept for
    /// `ServiceOptions::audit_retention`. @return unsupported if storage keeps none.
    Result<Page<AuditRecord>> audit(const Principal&, const ListQuery& = {}) const;
    /// Sessions of the portal in this service's storage, by its clock.
    Result<PortalSessions> portal_sessions() const;

    // ---- For administrators.

    /// The state of the whole installation, at most 2 s old.
    Result<Overview> overview(const Principal&) const;
    /// The users that have subscriptions, by the bytes of their ids.
    /// @param after only those after this id. @param take 1 - `max_users_in_page`
    Result<std::vector<UserSummary>> users(const Principal&, const std::string& after = {},
                                           std::size_t take = 100) const;

    /// Encrypts the data keys of this service's storage with the current encryption key
    /// (docs/encryption.md). @return how many another key encrypted; unsupported if storage
    /// encrypts nothing; invalid_argument if it has no encryption keys.
    Result<std::size_t> rewrap_data_keys(const Principal&);
    /// Destroys the data keys of a user, so that the encrypted payloads of what was published for
    /// this user, and the encrypted responses of the user's endpoints, can no longer be read.
    /// Events that wait end with `cancelled: its payload was destroyed`: here at once, at other
    /// workers within `ServiceOptions::heartbeat_interval`. What is published for the user later
    /// has a new key; what is published meanwhile may be destroyed as well. The payloads of what an
    /// administrator published to all users stay (docs/encryption.md).
    /// @return how many data keys were destroyed: 0 if nothing of the user is encrypted;
    /// invalid_argument for an empty user id; unsupported if storage encrypts nothing.
    Result<std::size_t> shred_user(const Principal&, const std::string& user_id);

    // ---- Event types.

    /// Registers a type on behalf of the host, which may do so at each start: adds it, or replaces
    /// those members that are not empty here. One that an administrator retired stays retired,
    /// which is logged.
    Result<> register_event_type(EventType);
    /// Those that are not retired, sorted by name.
    Result<std::vector<EventType>> event_types() const;
    /// The same for a caller: administrators see types about workers, too. @return forbidden for
    /// retired ones unless the caller is an administrator.
    Result<std::vector<EventType>> event_types(const Principal&, const EventTypeQuery& = {}) const;
    /// @return not_found, with the successor if there is one, for a retired type; forbidden as
    /// above.
    Result<EventType> event_type(const Principal&, const std::string& name,
                                 bool include_retired = false) const;
    /// An OpenAPI document of the types that the caller sees, with `ServiceOptions::catalog`, from
    /// which typed receivers are generated (docs/event-types.md). Never null.
    Result<std::shared_ptr<const EventCatalog>> event_catalog(const Principal&) const;
    /// Registers a type on behalf of an administrator: adds it, or replaces all members of the type
    /// of that name, and revives it if it is retired.
    Result<EventType> register_event_type(const Principal&, EventType);
    /// Retires a type, on behalf of an administrator: it can neither be published nor newly
    /// subscribed to. Existing subscriptions and events stay. Other workers hear of it within
    /// `ServiceOptions::heartbeat_interval`. @param force even if active subscriptions have exactly
    /// this type. @return not_found also for a retired type; conflict, with the number of these
    /// subscriptions, unless forced, and for a type that begins with `webhook.`.
    Result<> retire_event_type(const Principal&, const std::string& name, bool force = false);

    // ---- Publishing.

    /// Returns once the events are durable. From then on each is delivered, cancelled, expired or
    /// exhausted, whatever crashes. Blocks for a commit (some 10-30 ms on a disk). Before `start`
    /// it commits in the calling thread.
    /// @return invalid_argument; forbidden for another user's `user_id`; conflict for an
    /// idempotency key used with other content; overloaded if the queue is full; unavailable if
    /// storage does not respond (the events may exist: repeat with an idempotency key).
    Result<PublishReceipt> publish(const Principal&, Publication);
    /// As `publish`. `done` is called exactly once, from the storage thread (or inside `run_once`,
    /// `stop` or a `publish` that commits, or inside this call if it fails at once). It must return
    /// quickly, because commits wait for it; exceptions from it are logged.
    void async_publish(const Principal&, Publication,
                       std::function<void(Result<PublishReceipt>)> done);
    /// As `publish`, for 1 - `max_publications_in_batch` publications, much cheaper than single
    /// calls: either all of them become durable, or none.
    ///
    /// Each may have its own idempotency key. One that repeats an earlier publication, in the same
    /// batch or before it, does not affect the others. To make the batch repeatable as a whole,
    /// give each publication a key.
    /// @return the receipts, in the order of the publications. invalid_argument, forbidden and
    /// conflict name the wrong publications by index, from 0, as in `events[3].eventType`.
    Result<std::vector<PublishReceipt>> publish_batch(const Principal&, std::vector<Publication>);
    /// As `publish_batch`; `done` as in `async_publish`.
    void async_publish_batch(const Principal&, std::vector<Publication>,
                             std::function<void(Result<std::vector<PublishReceipt>>)> done);

    // ---- Running.

    /// Starts the two threads; does nothing if they are running. @return stopped after `stop`;
    /// internal if a thread cannot be created, which stops the service.
    Result<> start();
    /// Starts only the storage thread, which makes the commits (some 10-30 ms each on a disk).
    /// `run_once` then does the work of delivery without blocking. Errors as for `start`.
    Result<> start_storage();
    /// Without `start`: does all work that is ready, in the calling thread, without waiting.
    /// Without `start_storage` it blocks for the commits and claims that it makes.
    /// @return the number of things done (commits, claims, attempts started, responses); 0: nothing
    /// to do. conflict after `start`. After an error (unavailable, internal) the next call
    /// continues: events in delivery go back to storage and are attempted again.
    Result<std::size_t> run_once();
    // For a host with its own event loop, which then does not need to poll: it calls `run_once`
    // when `next_wake` is reached, when `wait_handle` is readable, and after its wake callback was
    // called. `webhooks::run_on` of webhooks/asio.hpp does this.

    /// When to call `run_once` next if nothing else happens until then, by the service's steady
    /// clock. After a `run_once` that did something: now. @return conflict after `start`.
    Result<SteadyTime> next_wake() const;
    /// A descriptor that is readable when the transport has work to do. The transport closes it.
    /// @return unsupported if the transport has none: then only `next_wake` applies.
    Result<int> wait_handle() const;
    /// Sets the callback that asks for `run_once` before `next_wake`. It is called from any thread,
    /// but not inside `run_once` itself, and may be called more often than necessary. It must not
    /// block; exceptions are logged. A new callback replaces the old one; an empty one removes it,
    /// but this function may return while a call is still running. After `stop` only a thread that
    /// was publishing meanwhile may still call it.
    Result<> set_wake_callback(std::function<void()> callback);

    /// Accepts no new work, gives attempts in flight up to `drain` (by `Transport::steady_now`) to
    /// finish, aborts the rest, and returns everything to storage. Blocks for at most `drain`, the
    /// last step of an attempt and a commit. May be called more than once; no other call may follow
    /// it except `stop`.
    Result<> stop(std::chrono::milliseconds drain);

    /// Ends the service the way a crash of the process would, for tests of the recovery: aborts all
    /// attempts in flight, writes nothing and returns nothing to storage, so that its worker stays
    /// registered until its lease expires. Pending publications are answered with unavailable. A
    /// storage that serves one service at a time must be closed too. No other call may follow it
    /// except `stop`, which then does nothing.
    Result<> abandon();

    /// Whether the service accepts and delivers events now: success, or an error that says what is
    /// missing. If nothing runs the service (`start` was not called, nor `run_once` within
    /// `ServiceOptions::lease`), unavailable.
    Result<> check_ready() const;

    /// What the service and its transport have counted since it was opened; docs/operating.md lists
    /// the metrics. All series exist from the start, and their number does not depend on the number
    /// of subscriptions. Calls neither storage nor the network.
    Result<std::vector<MetricFamily>> metrics() const;
    /// As above, on behalf of a caller, who must be an administrator.
    Result<std::vector<MetricFamily>> metrics(const Principal&) const;

    /// The options that the service was opened with.
    const ServiceOptions& options() const noexcept;

private:
    class Impl;
    explicit WebhookService(std::shared_ptr<Impl>);
    void let_go() noexcept;

    std::shared_ptr<Impl> impl_;
};

}  // namespace webhooks
