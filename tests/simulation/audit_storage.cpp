#include "audit_storage.hpp"

#include <algorithm>

#include "checks.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

/// In what the simulation changes.
bool differ(const Subscription& before, const Subscription& after) {
    return before.url != after.url || before.event_type != after.event_type ||
           before.max_retry_count != after.max_retry_count || !(before.secret == after.secret) ||
           before.is_active != after.is_active || before.filter != after.filter;
}

}  // namespace

AuditStorage::AuditStorage(World& world, Process& process, std::shared_ptr<Storage> inner)
    : ForwardingStorage(std::move(inner)), world_(world), process_(process), model_(world.model) {
    // Of all processes, where they share the storage.
    ForwardingStorage::set_operational_listener(
        [&world](const OperationalEvent& event) { note_operational(world, event); });
}

// ---- Subscriptions.

void AuditStorage::changed(const Subscription& subscription, bool is_deleted) {
    SubscriptionState& state = model_.subscriptions[subscription.id];
    state.versions.push_back(
        {.subscription = subscription, .since = world_.now, .is_deleted = is_deleted});
    state.pause.reset();
    world_.notify_others(process_);
}

Result<Subscription> AuditStorage::insert_subscription(const Principal& by,
                                                       const Subscription& draft) {
    Result<Subscription> stored = ForwardingStorage::insert_subscription(by, draft);
    if (!stored) return stored;
    changed(*stored);
    if (model_.told[stored->id].created != 1) world_.fail("a creation was not told once");
    return stored;
}

Result<Subscription> AuditStorage::update_subscription(const Principal& principal,
                                                       SubscriptionId id,
                                                       const SubscriptionChange& change) {
    Result<Subscription> stored = ForwardingStorage::update_subscription(principal, id, change);
    if (!stored) return stored;
    SubscriptionState& state = model_.subscriptions.at(id);
    if (differ(state.current().subscription, *stored)) ++state.updates;
    if (model_.told[id].updated != state.updates) world_.fail("an update was not told once");
    changed(*stored);
    return stored;
}

Result<Subscription> AuditStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                 const Secret& secret,
                                                 std::chrono::seconds overlap) {
    Result<Subscription> stored = ForwardingStorage::rotate_secret(principal, id, secret, overlap);
    if (!stored) return stored;
    if (++model_.subscriptions.at(id).rotations != model_.told[id].rotated) {
        world_.fail("a rotation was not told once");
    }
    changed(*stored);
    return stored;
}

Result<> AuditStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    const Result<> deleted = ForwardingStorage::delete_subscription(principal, id);
    if (!deleted) return deleted;
    changed(model_.subscriptions.at(id).current().subscription, true);
    if (model_.told[id].deleted != 1) world_.fail("a deletion was not told once");
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
    event.claims = 0;
    event.is_only_in_memory = false;
    event.due.reset();
    event.release();
    // Of its queue, what is only reserved gives way.
    for (auto& [id, other] : model_.events) {
        if (other.is_deferred && model_.is_of_same_queue(event, other)) other.release();
    }
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
    for (auto place = model_.events.upper_bound(after); place != model_.events.end(); ++place) {
        EventState& event = place->second;
        if (!model_.is_recoverable(event, id, period)) continue;
        if (left > 0) {
            reopen(event);
            --left;
        } else if (reopened->count < limit && !model_.is_of_dead(event)) {
            world_.fail("recover left out an event that has failed");
        }
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
        // No call tells the tag of an event that storage appended itself.
        if (event.tag == 0) event.tag = held.worker_tag;
        check(Taken{.world = world_, .worker = worker, .held = held, .event = event});
        event.holder = worker;
        event.taken = world_.now;
        event.is_deferred = false;
        event.is_only_in_memory = false;
        ++event.claims;
        model_.identities.at(worker).claims[number].push_back(held.id);
    }
}

Result<Claim> AuditStorage::claim(WorkerId worker, ClaimLimit limit, std::int64_t number) {
    Result<Claim> claim = ForwardingStorage::claim(worker, limit, number);
    if (!claim) return claim;
    require_alive(worker, "claim");
    take(worker, number, claim->events);
    take(worker, number, claim->behind);
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
        if (event.holder != worker || event.is_deferred) continue;
        --event.claims;  // Its worker never had it.
        event.release();
        for (auto& [other_id, other] : model_.events) {
            if (other.holder == worker && model_.is_of_same_queue(event, other))
                move_to_storage(other);
        }
    }
    return done;
}

}  // namespace webhooks::simulation
