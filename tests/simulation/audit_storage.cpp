#include "audit_storage.hpp"

#include <algorithm>

#include "checks.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

const Principal auditor = Principal::administrator("auditor");

}  // namespace

AuditStorage::AuditStorage(World& world, Process& process, std::shared_ptr<Storage> inner)
    : ForwardingStorage(std::move(inner)), world_(world), process_(process), model_(world.model) {}

// ---- Subscriptions.

void AuditStorage::changed(const Subscription& subscription, bool is_deleted) {
    model_.subscriptions[subscription.id].versions.push_back(
        {.subscription = subscription, .since = world_.now, .is_deleted = is_deleted});
    world_.notify_others(process_);
}

Result<Subscription> AuditStorage::insert_subscription(const Subscription& draft) {
    Result<Subscription> stored = ForwardingStorage::insert_subscription(draft);
    if (stored) changed(*stored);
    return stored;
}

Result<Subscription> AuditStorage::update_subscription(const Principal& principal,
                                                       SubscriptionId id,
                                                       const SubscriptionChange& change) {
    Result<Subscription> stored = ForwardingStorage::update_subscription(principal, id, change);
    if (stored) changed(*stored);
    return stored;
}

Result<Subscription> AuditStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                 const Secret& secret,
                                                 std::chrono::seconds overlap) {
    Result<Subscription> stored = ForwardingStorage::rotate_secret(principal, id, secret, overlap);
    if (stored) changed(*stored);
    return stored;
}

Result<> AuditStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    const Result<> deleted = ForwardingStorage::delete_subscription(principal, id);
    if (deleted) changed(model_.subscriptions.at(id).current().subscription, true);
    return deleted;
}

Result<> AuditStorage::upsert_event_type(const EventType& type) {
    const Result<> stored = ForwardingStorage::upsert_event_type(type);
    if (!stored) return stored;
    if (std::ranges::find(model_.event_types, type.name) == model_.event_types.end()) {
        model_.event_types.push_back(type.name);
    }
    world_.notify_others(process_);
    return stored;
}

// ---- What users do with events.

Result<> AuditStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    const Result<> deleted = ForwardingStorage::delete_event(principal, id, event);
    if (deleted) model_.events.at(event).deleted = world_.now;
    return deleted;
}

void AuditStorage::reopen(EventState& event) {
    if (model_.is_held(event) && !event.is_deferred)
        world_.fail("an event was reopened while a worker held it");
    event.is_reopened = true;
    event.reopened = world_.now;
    event.attempts_since_reopened = 0;
    event.due.reset();
    event.release();
}

Result<> AuditStorage::reopen_event(const Principal& principal, SubscriptionId id, EventId event) {
    const Result<> reopened = ForwardingStorage::reopen_event(principal, id, event);
    if (reopened) reopen(model_.events.at(event));
    return reopened;
}

/// Storage does not tell which ones: those that it shows as due.
Result<Reopened> AuditStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                  const CreationPeriod& period, EventId after,
                                                  std::size_t limit) {
    const Result<Reopened> reopened =
        ForwardingStorage::reopen_undelivered(principal, id, period, after, limit);
    if (!reopened) return reopened;
    std::size_t left = reopened->count;
    for (auto& [event_id, event] : model_.events) {
        if (left == 0) break;
        if (event.subscription != id || event_id <= after || event.attempts.empty()) continue;
        if (event.attempts.back().outcome == Outcome::delivered && !event.is_reopened) continue;
        if (event.deleted || (model_.is_held(event) && !event.is_deferred) ||
            !period.contains(event.created_at))
            continue;
        reopen(event);
        --left;
    }
    if (left > 0) world_.fail("recover reopened more events than there are");
    return reopened;
}

// ---- Workers.

Result<Worker> AuditStorage::register_worker(std::chrono::milliseconds lease) {
    const Result<Worker> worker = ForwardingStorage::register_worker(lease);
    if (!worker) return worker;
    if (world_.config.backend == Backend::sqlite) {
        for (auto& [id, identity] : model_.identities) {
            end_identity(id);
        }
    }
    model_.identities[worker->id] = {.process = process_.index,
                                     .tag = worker->tag,
                                     .lease = lease,
                                     .latest_heartbeat = world_.storage_time()};
    return worker;
}

void AuditStorage::end_identity(WorkerId worker) {
    std::optional<Micros>& ended = model_.identities.at(worker).ended;
    if (!ended) ended = world_.now;
}

void AuditStorage::require_alive(WorkerId worker, const char* call) const {
    if (model_.is_alive(worker)) return;
    world_.fail(std::string("storage accepted a ") + call + " of a worker that is dead");
}

Result<Heartbeat> AuditStorage::heartbeat(WorkerId worker) {
    const Result<Heartbeat> heartbeat = ForwardingStorage::heartbeat(worker);
    if (!heartbeat) return heartbeat;
    require_alive(worker, "heartbeat");
    model_.identities.at(worker).latest_heartbeat = world_.storage_time();
    return heartbeat;
}

Result<> AuditStorage::retire_worker(WorkerId worker) {
    const Result<> retired = ForwardingStorage::retire_worker(worker);
    if (retired) end_identity(worker);
    return retired;
}

Result<> AuditStorage::mark_expired(WorkerId worker) {
    const Result<> done = ForwardingStorage::mark_expired(worker);
    if (!done || world_.config.backend == Backend::sqlite) return done;
    for (auto& [id, identity] : model_.identities) {
        const bool has_expired = identity.latest_heartbeat + identity.lease < world_.storage_time();
        if (id != worker && has_expired) end_identity(id);
    }
    return done;
}

// ---- The log.

void AuditStorage::take(WorkerId worker, std::int64_t number,
                        const std::vector<HeldEvent>& events) {
    for (const HeldEvent& held : events) {
        const auto found = model_.events.find(held.id);
        if (found == model_.events.end()) world_.fail("a worker took an event that nobody wrote");
        EventState& event = found->second;
        check(Taken{.world = world_, .worker = worker, .held = held, .event = event});
        event.holder = worker;
        event.is_deferred = false;
        model_.identities.at(worker).claims[number].push_back(held.id);
    }
}

Result<Claim> AuditStorage::claim(WorkerId worker, std::size_t limit, std::int64_t number) {
    Result<Claim> claim = ForwardingStorage::claim(worker, limit, number);
    if (!claim) return claim;
    require_alive(worker, "claim");
    take(worker, number, claim->events);
    return claim;
}

Result<std::vector<HeldEvent>> AuditStorage::claim_reserved(WorkerId worker, SubscriptionId id,
                                                            std::size_t limit,
                                                            std::int64_t number) {
    Result<std::vector<HeldEvent>> events =
        ForwardingStorage::claim_reserved(worker, id, limit, number);
    if (!events) return events;
    require_alive(worker, "claim");
    take(worker, number, *events);
    return events;
}

Result<> AuditStorage::unclaim(WorkerId worker, std::int64_t number) {
    const Result<> done = ForwardingStorage::unclaim(worker, number);
    if (!done) return done;
    for (const EventId id : model_.identities.at(worker).claims[number]) {
        EventState& event = model_.events.at(id);
        if (event.holder == worker && !event.is_deferred) event.release();
    }
    return done;
}

Result<BatchReceipt> AuditStorage::write(WorkerId worker, const Batch& batch) {
    Result<BatchReceipt> receipt = ForwardingStorage::write(worker, batch);
    if (!receipt) return receipt;
    require_alive(worker, "write");
    for (const CustodyChange& custody_change : batch.custody_changes) {
        note_park(worker, custody_change);
    }
    for (const AttemptRecord& record : batch.attempts) {
        note_attempt(worker, record);
    }
    note_appends(worker, batch, *receipt);
    note_deactivations(*receipt);
    return receipt;
}

void AuditStorage::note_park(WorkerId worker, const CustodyChange& custody_change) {
    const auto found = model_.events.find(custody_change.event);
    if (found == model_.events.end() || found->second.deleted) return;
    EventState& event = found->second;
    if (event.holder != worker || !model_.is_held(event)) return;
    event.is_deferred = custody_change.custody == Custody::reserved;
    if (custody_change.custody != Custody::unclaimed) return;
    event.due = custody_change.due;
    event.release();
}

void AuditStorage::note_attempt(WorkerId worker, const AttemptRecord& record) {
    const auto found = model_.events.find(record.event);
    if (found == model_.events.end() || found->second.deleted) return;
    EventState& event = found->second;
    if (model_.subscriptions.at(event.subscription).current().is_deleted) return;
    if (event.holder == worker && !event.has_ended()) {
        check(Record{.world = world_, .record = record, .event = event});
        event.attempts.push_back(record.attempt);
        event.attempts_since_reopened = record.attempts_since_reopened;
        event.due = record.due;
        event.is_reopened = false;
        event.release();
    }
    const Result<EventHistory> stored =
        world_.database->reader().find_event(auditor, event.subscription, event.id);
    if (!stored) world_.fail("an event is gone from storage: " + stored.error().to_string());
    if (stored->attempts.size() != event.attempts.size()) {
        world_.fail("storage has another number of attempts than were recorded");
    }
}

void AuditStorage::note_appends(WorkerId worker, const Batch& batch, const BatchReceipt& receipt) {
    for (std::size_t i = 0; i < batch.appends.size(); ++i) {
        const Result<Appended>& appended = receipt.appends[i];
        const bool is_alone = !batch.appends[i].joins_previous;
        const bool follows = i > 0 && receipt.appends[i - 1].has_value();
        if (!is_alone && follows != appended.has_value()) {
            world_.fail("a batch was written in part");
        }
        if (appended && !appended->is_replay) note_append(worker, batch.appends[i], *appended);
    }
}

void AuditStorage::note_append(WorkerId worker, const Append& append, const Appended& appended) {
    const auto found = model_.by_payload.find(*append.message->payload);
    if (found == model_.by_payload.end())
        world_.fail("something was written that nobody published");
    PublicationState& publication = model_.publications.at(found->second);
    if (publication.is_written && publication.publication.idempotency_key.empty()) {
        world_.fail("a publication was written twice");
    }
    if (append.subscriptions != model_.matching(publication)) {
        world_.fail("a publication was matched to other subscriptions than there are");
    }
    publication.is_written = true;
    publication.events.clear();
    const std::uint64_t tag = model_.identities.at(worker).tag;
    for (std::size_t i = 0; i < append.subscriptions.size(); ++i) {
        const EventId id{appended.first_event.value + static_cast<std::int64_t>(i)};
        if (model_.events.contains(id)) world_.fail("an id was given twice");
        model_.events[id] = {.id = id,
                             .subscription = append.subscriptions[i],
                             .publication = found->second,
                             .tag = tag,
                             .appended = world_.now,
                             .created_at = world_.storage_clock.now(),
                             .due = append.due,
                             .holder = append.due ? WorkerId{} : worker,
                             .reopened = world_.now};
        publication.events.push_back(id);
        ++world_.statistics.events;
    }
}

void AuditStorage::note_deactivations(const BatchReceipt& receipt) {
    for (const SubscriptionId id : receipt.deactivated) {
        changed(world_.database->reader().find_subscription(auditor, id).value());
    }
}

}  // namespace webhooks::simulation
