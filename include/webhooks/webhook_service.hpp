#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// How long two secrets sign after a rotation: unless told otherwise, and at most.
inline constexpr std::chrono::seconds default_secret_overlap = std::chrono::hours(24);
inline constexpr std::chrono::seconds max_secret_overlap = std::chrono::hours(7 * 24);
/// Publications that `publish_batch` takes at most.
inline constexpr std::size_t max_publications_in_batch = 1000;

/// Sends webhooks: keeps subscriptions, publishes events to them, delivers and records.
///
/// A host either calls `start`, and two threads do the work (one for storage, one for delivery), or
/// calls `run_once` in a loop of its own and there are none. Either way every member may be called
/// from any thread at once, except that moving and destroying need the object to themselves.
///
/// **Errors.** Nothing is thrown: memory that is used up is `unavailable`, and what a host's own
/// part throws is caught and logged (each part says what follows). An object that was moved from
/// answers `invalid_state`.
///
/// **Blocking.** Every member blocks until storage has answered, but for `async_publish`,
/// `async_publish_batch`, `event_types`, `options`, `check_ready` and `start`, which wait for a
/// mutex at most.
///
/// **Callbacks.** Inside a completion, an Observer, a Transport or a Storage, on whichever thread,
/// the members that wait for the service's own work (`publish`, `publish_batch`, `send_test_event`,
/// `start`, `run_once`, `stop`) answer `invalid_state` at once; all others work. A callback may
/// also destroy the service: it ends, as if stopped without draining, when the callback has
/// returned, on a thread that ends then too.
///
/// **Fork.** A service belongs to the process that opened it. In a child every member answers
/// `invalid_state`, destroying does nothing, and the parent's locks are the parent's alone; a child
/// that wants a service opens storage and service itself (on a SQLite file of the parent's: after
/// `exec`, for SQLite does not survive a fork). One that ends without `exec` calls
/// `_exit`, for `exit` would run the destructors of the host's other objects.
class WebhookService {
public:
    struct Parts {
        std::shared_ptr<Storage> storage{};      ///< Required.
        std::shared_ptr<Transport> transport{};  ///< Required; the service's alone.
        std::shared_ptr<Clock> clock{};          ///< Absent: the machine's.
        std::shared_ptr<Observer> observer{};    ///< Absent: nobody is told.
    };

    /// Opens the service on its storage: reads subscriptions, registers as a worker, and takes over
    /// what an earlier process left.
    /// @return invalid_argument for bad options or a missing part; locked when another service runs
    /// on a storage that serves one at a time; else storage's error.
    static Result<WebhookService> open(Parts, ServiceOptions = {});

    WebhookService(WebhookService&&) noexcept;
    WebhookService& operator=(WebhookService&&) noexcept;
    /// Stops without draining, and blocks as `stop(0)` does. What is in flight is cut off and sent
    /// again by the next service.
    ~WebhookService();

    // ---- What the calls below would say of their input: nothing is stored, and storage not asked.

    /// @return invalid_argument with every member at fault.
    Result<> validate(const SubscriptionDraft&) const;
    /// Judges the members that are set. @return as above.
    Result<> validate(const SubscriptionChange&) const;
    /// @return as above.
    Result<> validate(const Publication&) const;

    // ---- Subscriptions. An absent one and one that the principal may not see are both not_found.

    /// @return invalid_argument with every member at fault.
    Result<Subscription> create_subscription(const Principal&, SubscriptionDraft);
    Result<Subscription> subscription(const Principal&, SubscriptionId) const;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId, SubscriptionChange);
    /// Its events disappear with it, and what is queued is not sent.
    Result<> delete_subscription(const Principal&, SubscriptionId);
    Result<Page<Subscription>> subscriptions(const Principal&, const ListQuery& = {}) const;
    /// Signs with a new secret from now on. The one before goes on signing beside it for `overlap`,
    /// so that receivers can change theirs at any time until then.
    /// @param secret as in `SubscriptionDraft`, and not the current one. Absent: one of the current
    /// one's kind is made.
    /// @param overlap 0 - `max_secret_overlap`; with 0 the new secret signs alone.
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId,
                                       std::optional<Secret> secret = {},
                                       std::chrono::seconds overlap = default_secret_overlap);
    /// How deliveries went in the last 24 hours, and how the endpoint is doing now.
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId) const;

    // ---- The event log of a subscription.

    Result<Page<Event>> events(const Principal&, SubscriptionId, const ListQuery& = {}) const;
    /// One event with its attempts.
    Result<EventHistory> event(const Principal&, SubscriptionId, EventId) const;
    /// An event that is still queued is thereby cancelled: here at once, at other workers within
    /// `ServiceOptions::heartbeat_interval`.
    Result<> delete_event(const Principal&, SubscriptionId, EventId);
    /// Sends one event of type `webhook.test`, once, also where the subscription is inactive.
    /// @param payload UTF-8 without U+0000; absent: a small JSON document.
    Result<EventId> send_test_event(const Principal&, SubscriptionId,
                                    std::optional<std::string> payload = {});

    // ---- Sending again, under the same `webhook-id`.

    /// Sends an event again at once, whatever became of it; its tries are counted anew.
    /// @return the event, which waits now; conflict while it is being delivered, and where the
    /// subscription is inactive (a test event is sent all the same).
    Result<Event> retry_event(const Principal&, SubscriptionId, EventId);
    /// Does so with all events published from `since` on that failed and are not delivered,
    /// whether they still wait for a retry or have ended.
    /// @return how many; conflict where the subscription is inactive. After any other error some
    /// may be on their way: to repeat the call does no harm.
    Result<std::size_t> recover(const Principal&, SubscriptionId, Time since);

    // ---- Event types.

    /// Adds a type, or replaces the description of the one of that name.
    Result<> register_event_type(EventType);
    /// In order of name.
    Result<std::vector<EventType>> event_types() const;

    // ---- Publishing.

    /// Returns once the events are durable; from then on each is delivered, cancelled, expired or
    /// exhausted, whatever crashes. Blocks for a commit (some 10-30 ms on a disk). Before `start`
    /// it commits in the calling thread.
    /// @return invalid_argument; forbidden for another user's `user_id`; conflict for an
    /// idempotency key used with other content; overloaded when the queue is full; unavailable when
    /// storage does not answer (the events may then exist: repeat with an idempotency key).
    Result<PublishReceipt> publish(const Principal&, Publication);
    /// As `publish`. `done` is called exactly once, from the storage thread (or inside `run_once`,
    /// `stop` or a `publish` that commits, or inside this call where it fails at once). It must be
    /// quick, for commits wait for it; what it throws is logged.
    void async_publish(const Principal&, Publication,
                       std::function<void(Result<PublishReceipt>)> done);
    /// As `publish`, for 1 - `max_publications_in_batch` publications at the cost of few: they
    /// become durable together, or none of them does.
    ///
    /// Each has its own idempotency key, if any, and those that repeat an earlier publication, be
    /// it one of the same batch, do not hold up the others. To make the batch repeatable as a
    /// whole, give each a key.
    /// @return the receipts, in their order. invalid_argument, forbidden or conflict name the
    /// publications at fault by their index from 0, as in `events[3].eventType`.
    Result<std::vector<PublishReceipt>> publish_batch(const Principal&, std::vector<Publication>);
    /// As `publish_batch`; `done` as in `async_publish`.
    void async_publish_batch(const Principal&, std::vector<Publication>,
                             std::function<void(Result<std::vector<PublishReceipt>>)> done);

    // ---- Life.

    /// Starts the two threads; does nothing where they run. @return stopped after `stop`; internal
    /// when the machine gives no thread, which stops the service.
    Result<> start();
    /// Starts the storage thread alone: commits, which take some 10-30 ms each on a disk, happen
    /// there, and `run_once` does what delivery can do, without blocking. Errors as of `start`.
    Result<> start_storage();
    /// Without `start`: does what can be done now, without waiting, in the calling thread.
    /// Without `start_storage` it blocks for the commits and claims that it makes.
    /// @return how many things it did (commits, claims, attempts begun, answers); 0: nothing to do.
    /// conflict after `start`. After an error of its own (unavailable, internal) the next call goes
    /// on: what was being delivered goes back to storage and is made again.
    Result<std::size_t> run_once();
    // For a host with a loop of its own, which then need not poll: it calls `run_once` when
    // `next_wake` has come, when `wait_handle` is readable, and after its wake callback was called.
    // `webhooks::run_on` of webhooks/asio.hpp does so.

    /// When `run_once` has something to do though nothing happens until then, by the service's
    /// steady clock: at once after one that did something; else a time before which it would do
    /// nothing. @return conflict after `start`.
    Result<SteadyTime> next_wake() const;
    /// A descriptor that is readable when the transport has something to do; the transport's to
    /// close. @return unsupported where there is none: `next_wake` is all there is then.
    Result<int> wait_handle() const;
    /// Sets what is called when `run_once` is to be called before `next_wake`: from any thread, but
    /// not inside `run_once` itself, and perhaps too often. It must not block; what it throws is
    /// logged. There is one at a time; an empty one ends it, but may return during a call.
    Result<> set_wake_callback(std::function<void()> callback);

    /// Takes no new work, gives attempts in flight up to `drain` to finish, cuts off the rest, and
    /// hands everything back to storage. Blocks for `drain`, an attempt's last step and a commit at
    /// most. May be called more than once; only `stop` follows it.
    Result<> stop(std::chrono::milliseconds drain);

    /// Whether the service takes and delivers events now: success, or what is missing. One that
    /// nothing drives (`start` was not called, nor `run_once` within `ServiceOptions::lease`) is
    /// unavailable.
    Result<> check_ready() const;

    /// What the service was opened with.
    const ServiceOptions& options() const noexcept;

private:
    class Impl;
    explicit WebhookService(std::shared_ptr<Impl>);
    void let_go() noexcept;

    std::shared_ptr<Impl> impl_;
};

}  // namespace webhooks
